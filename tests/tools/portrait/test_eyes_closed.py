"""Lids of a second picture, with the eyes shut, show in a blink, in the first picture's light."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
portrait = import_module("livekit_plugins_avatar.tools.portrait")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")

BLINK = FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
HALF = FaceState.of(eyeBlinkLeft=0.5, eyeBlinkRight=0.5)

LID_PX = 7
"""Rows of the man's lids above their lashes."""

Pixels = NDArray[np.uint8]


def encoded(picture: Pixels) -> bytes:
    """A picture as the bytes of a PNG."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def eyes_of(picture: Pixels) -> tuple[slice, slice]:
    """Rows and columns of both eyes, from the brows down to the lower lids."""
    points = landmarks.landmarks(picture, landmarks.faces(picture)[0]).points
    both = [*landmarks.EYES["Right"][1], *landmarks.EYES["Left"][1]]
    brows = [*landmarks.BROWS["Right"], *landmarks.BROWS["Left"]]
    left, right = points[both, 0].min(), points[both, 0].max()
    top, bottom = points[brows, 1].max(), points[both, 1].max()
    return slice(int(top), int(bottom)), slice(int(left), int(right))


@pytest.fixture(scope="module")
def shut() -> Pixels:
    """The man with his eyes shut."""
    return drawn(Persona.load("man"), [BLINK])[0]


@pytest.fixture(scope="module")
def painted(
    man: Pixels, shut: Pixels, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, list[Pixels]]:
    """A persona whose lids come from a darker picture with green lids, and what it draws: at rest,
    in half a blink and in a whole one."""
    other = shut.astype(float)
    rows, columns = eyes_of(shut)
    other[rows.stop - LID_PX : rows.stop, columns] *= [0.7, 1.1, 0.7]
    picture = (other * 0.7).clip(0, 255).astype(np.uint8)
    made = portrait.make(encoded(man), right="drawn by a test", eyes_closed=encoded(picture))
    path = made.save(tmp_path_factory.mktemp("lids") / "me.onnx")
    return made, drawn(Persona.load(path), [FaceState.of(), HALF, BLINK])


def green(picture: Pixels, where: tuple[slice, slice]) -> int:
    """Pixels that are more green than red."""
    seen = picture[where].astype(int)
    return int((seen[..., 1] > seen[..., 0] + 5).sum())


def test_its_lids_show_in_a_blink(man: Pixels, painted: tuple[Any, list[Pixels]]) -> None:
    """They come with the lid, and are not seen at rest."""
    where = eyes_of(man)
    rest, half, blink = (green(each, where) for each in painted[1])
    assert rest < 20
    assert half > rest + 50
    assert blink > 150


def test_it_rests_as_without(made: Made, painted: tuple[Any, list[Pixels]]) -> None:
    """At rest no pixel differs, and elsewhere none in a blink, though the picture is darker."""
    rest, blink = drawn(Persona.load(made.path), [FaceState.of(), BLINK])
    assert np.array_equal(rest, painted[1][0])
    rows, columns = eyes_of(made.picture)
    other = np.ones(rest.shape[:2], bool)
    other[rows.start - 30 : rows.stop + 30, columns.start - 30 : columns.stop + 30] = False
    assert np.array_equal(blink[other], painted[1][2][other])


def test_it_has_the_first_light(man: Pixels, shut: Pixels, tmp_path: Path) -> None:
    """Lids of a picture with two thirds of the light look as those of the picture itself."""
    seen = []
    for light in (1.0, 0.65):
        other = encoded((shut * light).astype(np.uint8))
        made = portrait.make(encoded(man), right="drawn by a test", eyes_closed=other)
        seen += drawn(Persona.load(made.save(tmp_path / "me.onnx")), [BLINK])
    bright, dark = (picture[eyes_of(man)].astype(int) for picture in seen)
    assert np.abs(bright - dark).mean() < 2


def test_the_file_names_the_picture(painted: tuple[Any, list[Pixels]]) -> None:
    """The hash of the second picture is in the metadata."""
    model = onnx.load_from_string(painted[0].content)
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert len(said["eyes_closed_sha256"]) == 64


def test_open_eyes_are_refused(man: Pixels) -> None:
    """A picture with open eyes is none of shut ones; half shut ones are not shut either."""
    [half] = drawn(Persona.load("man"), [HALF])
    for picture in (man, half):
        with pytest.raises(portrait.PictureError, match="closed eyes shows them open"):
            portrait.make(encoded(man), right="a test", eyes_closed=encoded(picture))


def test_another_face_is_refused(man: Pixels) -> None:
    """Another person's lids, and those of a head that is held otherwise, do not fit."""
    [other] = drawn(Persona.load("filmed-man"), [FaceState.of()])
    [woman] = drawn(Persona.load("woman"), [BLINK])
    turned = FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0, headYaw=0.2)
    pairs = [(other, woman), (man, drawn(Persona.load("man"), [turned])[0])]
    for first, second in pairs:
        with pytest.raises(portrait.PictureError, match="closed eyes does not fit"):
            portrait.make(encoded(first), right="a test", eyes_closed=encoded(second))


def test_no_face_is_refused(man: Pixels) -> None:
    """The sentence says which picture it is about."""
    with pytest.raises(portrait.PictureError, match="the picture of the closed eyes: no face"):
        portrait.make(encoded(man), right="a test", eyes_closed=encoded(man * 0 + 128))
