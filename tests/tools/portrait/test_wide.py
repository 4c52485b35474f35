"""A persona from a picture that is wide enough, and from one whose wall is known."""

from __future__ import annotations

import io
from contextlib import closing
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.background import with_background
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Aspect, Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools import i420

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
portrait = import_module("livekit_plugins_avatar.tools.portrait")

MIDDLE = np.s_[:, 200:712]
TURNED = FaceState.of(headYaw=0.2)


def drawn(persona: Persona, face: FaceState, aspect: Aspect = "wide") -> NDArray[np.int64]:
    """A face as RGB, [512, W, 3]."""
    with closing(OnnxRenderer(persona, device="cpu", aspect=aspect)) as renderer:
        [frame] = renderer.render([Timed(0, 1, face)])
        return i420.rgb(np.array(frame)).astype(int)


def png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def picture(man: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The man between two sides with stripes, of which none is like another."""
    stripes = np.random.default_rng(0).integers(60, 200, (1, 240, 1), np.uint8)
    stripes = np.broadcast_to(stripes, (512, 240, 3))
    return np.concatenate([stripes, man, stripes[:, ::-1]], axis=1)


@pytest.fixture(scope="module")
def made(picture: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Persona:
    """A wide persona, before a wall that is said to be green where he covers it."""
    wall, cover = picture.copy(), np.zeros(picture.shape[:2], np.uint8)
    covered = np.s_[60:, 300:690]
    wall[covered], cover[covered] = (40, 190, 60), 255
    cover[410:, 200:300] = 255
    behind = portrait.Behind(wall, cover)
    file = portrait.make(png(picture), right="drawn by a test", behind=behind, wide=True)
    return Persona.load(file.save(tmp_path_factory.mktemp("wide") / "me.onnx"))


def test_the_wide_picture_has_the_square_one_in_its_middle(made: Persona) -> None:
    assert made.sizes["wide"] == (912, 512)
    for face in (FaceState.of(), TURNED):
        wide, square = (drawn(made, face, aspect) for aspect in ("wide", "square"))
        assert np.array_equal(wide[:, 204:708], square[:, 4:-4])


def test_the_sides_are_those_of_the_picture(made: Persona, picture: NDArray[np.uint8]) -> None:
    """Whichever way the head is turned: the square is about the face, and they are beside it."""
    wide = drawn(made, TURNED)
    left = drawn(made, FaceState.of())
    for side in (np.s_[:, :196], np.s_[:, 716:]):
        assert np.array_equal(wide[side], left[side])
    rows = np.abs(np.diff(wide[:, :196].mean(axis=2), axis=0))
    assert rows.mean() < 2 < np.abs(np.diff(wide[:, :196].mean(axis=2), axis=1)).mean()


def test_a_turn_uncovers_the_wall_that_is_known(made: Persona) -> None:
    """Green comes out from behind him, and none of it is seen at rest."""

    def green(shown: NDArray[np.int64]) -> int:
        return int((shown[..., 1] - shown[..., ::2].max(axis=2) > 60).sum())

    assert green(drawn(made, FaceState.of())) == 0
    assert green(drawn(made, TURNED)) > 200


def test_both_sides_get_another_background(made: Persona) -> None:
    """And an arm that reaches into one of them stays."""
    shown, own = (drawn(each, TURNED) for each in (with_background(made, "#2040c0", "wide"), made))
    for part in (shown[:440, :190], shown[:, -190:]):
        assert np.abs(part.reshape(-1, 3) - np.array([0x20, 0x40, 0xC0])).max() <= 3
    arm = np.s_[480:, 176:196]
    assert np.abs(shown[arm] - own[arm]).max() <= 1


def test_a_picture_that_ends_beside_the_face_is_refused(
    man: NDArray[np.uint8], tmp_path: Path
) -> None:
    with pytest.raises(portrait.PictureError, match="ends beside the face: for a wide persona"):
        portrait.make(png(man), right="drawn by a test", wide=True)
