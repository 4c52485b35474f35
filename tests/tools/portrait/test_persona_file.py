"""A persona from one picture shows that picture at rest, and does what it is told."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.background import with_background
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.cli import main

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
judges = import_module("livekit_plugins_avatar.tools.portrait.judge")

SWEEP = 13
"""Pictures of a parameter's range."""

FACES = {
    "rest": FaceState.of(),
    "open": FaceState.of(jawOpen=0.5),
    "pressed": FaceState.of(
        jawOpen=0.06, mouthClose=0.06, mouthPressLeft=0.35, mouthPressRight=0.35
    ),
    "blink": FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0),
    "half a blink": FaceState.of(eyeBlinkLeft=0.5, eyeBlinkRight=0.5),
    "right": FaceState.of(gazeYaw=float(np.radians(20))),
    "down": FaceState.of(gazePitch=-0.3),
    "up": FaceState.of(gazePitch=0.3),
    "turned": FaceState.of(headYaw=float(np.radians(8))),
    "nodding": FaceState.of(headPitch=float(np.radians(6))),
    "far": FaceState.of(headYaw=2.0, headPitch=-2.0, headRoll=2.0, headZ=1.0),
}


MOUTH = np.s_[280:330, 200:320]
"""Rows and columns of the man's mouth."""


@cache
def _pictures(path: Path) -> dict[str, NDArray[np.uint8]]:
    return dict(zip(FACES, drawn(Persona.load(path), list(FACES.values())), strict=True))


@cache
def _points(path: Path, name: str) -> NDArray[np.float64]:
    picture = _pictures(path)[name]
    found: NDArray[np.float64] = landmarks.landmarks(picture, landmarks.faces(picture)[0]).points
    return found


@cache
def _seen(path: Path, name: str) -> Any:
    return judges.look(_pictures(path)[name])


@cache
def _judge(path: Path) -> Any:
    return judges.Judge(_seen(path, "rest"), (512, 512))


def _apart(points: NDArray[np.float64], first: int, second: int) -> float:
    """A distance as a share of that of the eyes."""
    eyes = np.linalg.norm(points[473, :2] - points[468, :2])
    return float(np.linalg.norm(points[first, :2] - points[second, :2]) / eyes)


def test_at_rest_it_is_the_picture(made: Made) -> None:
    """The face at rest differs from the picture by little more than video's chroma."""
    from livekit_plugins_avatar.tools.portrait.canvas import framed

    face = landmarks.landmarks(made.picture, landmarks.faces(made.picture)[0])
    window = np.s_[100:420, 120:390]
    before, after = framed(made.picture, face)[window], _pictures(made.path)["rest"][window]
    error = np.mean((before.astype(float) - after) ** 2)
    assert 10 * np.log10(255**2 / error) > 40


def test_a_jaw_opens_the_mouth(made: Made) -> None:
    """Lips part by a sixth of the eyes' distance or more, and pressed lips stay shut."""
    assert _apart(_points(made.path, "open"), 13, 14) > 0.16
    assert _apart(_points(made.path, "pressed"), 13, 14) < 0.03


def test_a_blink_shuts_the_eyes(made: Made) -> None:
    """Lids that were apart meet; half a blink leaves half the eye open."""
    rest, half, shut = (_seen(made.path, name).lids for name in ("rest", "half a blink", "blink"))
    assert shut < 0.03
    assert 0.3 < half / rest < 0.7


def test_a_gaze_goes_as_far_as_told(made: Made) -> None:
    """A gaze of 20 degrees is seen as 14 to 26, and the corners of the eyes stay."""
    assert 14 < _judge(made.path).gaze_deg(_seen(made.path, "right"))[0] < 26
    rest, right = _points(made.path, "rest"), _points(made.path, "right")
    assert np.abs(right[[33, 263], 0] - rest[[33, 263], 0]).max() < 2


def test_lids_follow_the_gaze(made: Made) -> None:
    """Eyes that look down are less open, eyes that look up are more so."""
    down, rest, up = (_seen(made.path, name).lids for name in ("down", "rest", "up"))
    assert down < 0.9 * rest < rest < 1.02 * up


def test_a_head_turns_as_far_as_told(made: Made) -> None:
    """A yaw of 8 degrees is seen as 6.5 to 9.5, a pitch of 6 as 4.5 to 7.5."""
    judge = _judge(made.path)
    assert 6.5 < judge.turn_deg(_seen(made.path, "turned"))[1] < 9.5
    assert 4.5 < judge.turn_deg(_seen(made.path, "nodding"))[0] < 7.5


def test_the_outline_stays_behind_in_a_turn(made: Made) -> None:
    """Ears turn about the neck, the tip of the nose far before it: twice as far."""
    moved = (_points(made.path, "turned") - _points(made.path, "rest"))[:, 0]
    assert moved[1] > 2 * moved[[234, 454]].mean() > 0


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("eyeBlinkLeft", 0, 1), ("jawOpen", 0, 1), ("mouthSmileLeft", 0, 1), ("gazeYaw", -0.35, 0.35),
     ("gazePitch", -0.3, 0.3), ("headYaw", -0.2, 0.2), ("headPitch", -0.15, 0.15)],
)  # fmt: skip
def test_nothing_jumps(made: Made, name: str, least: float, most: float) -> None:
    """A parameter that moves evenly changes the picture by even steps."""
    faces = [FaceState.of(**{name: value}) for value in np.linspace(least, most, SWEEP).tolist()]
    pictures = [picture.astype(int) for picture in drawn(Persona.load(made.path), faces)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(pictures)]
    assert max(steps) < 3 * np.median(steps)


def test_a_pose_out_of_range_stays_a_face(made: Made) -> None:
    """The head stops where the picture would break."""
    assert landmarks.faces(_pictures(made.path)["far"])


def test_the_file_says_what_it_is_made_of(made: Made) -> None:
    """Metadata has the hash of the picture, and what the user said of their right to use it."""
    said = {entry.key: entry.value for entry in onnx.load(str(made.path)).metadata_props}
    picture = made.path.with_name("man.png").read_bytes()
    assert said["picture_sha256"] == hashlib.sha256(picture).hexdigest()
    assert "Yes" in said["consent"]
    assert said["made_at"].startswith("20")


def test_the_file_is_small(made: Made) -> None:
    """A persona from a picture has at most 4.5 MB."""
    assert made.path.stat().st_size < 4_500_000


def test_progress_is_told(made: Made) -> None:
    """The command says on stderr what it does, step by step."""
    assert "looking for a face" in made.said
    assert "wrote" in made.said


def test_a_film_shows_it(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --film the new persona speaks in a film with sound."""
    av = pytest.importorskip("av", reason="the extra `eval` is not installed")
    pytest.importorskip("piper", reason="the extra `demo` is not installed")
    command = import_module("livekit_plugins_avatar.tools.persona")
    monkeypatch.setattr(command, "SPOKEN", "Hi.")
    monkeypatch.setattr(command, "LISTENING_S", 0)
    words = ["persona", str(made.path.with_name("man.png")), "-o", str(tmp_path / "me.onnx")]
    assert main([*words, "--film", str(tmp_path / "me.mp4"), command.FLAG]) == 0
    with av.open(str(tmp_path / "me.mp4")) as film:
        assert film.streams.video[0].width == 512
        assert film.streams.audio[0].rate == 48_000


def test_teeth_of_another_picture(made: Made, tmp_path: Path) -> None:
    """Teeth of a second picture show when the mouth opens, and not at rest."""
    from PIL import Image

    portrait = import_module("livekit_plugins_avatar.tools.portrait")
    broad = FaceState.of(
        jawOpen=0.35, mouthSmileLeft=0.6, mouthSmileRight=0.6, mouthUpperUpLeft=0.6,
        mouthUpperUpRight=0.6,
    )  # fmt: skip
    [smile] = drawn(Persona.load("man"), [broad])
    mouth = smile[MOUTH]
    mouth[mouth.min(axis=2) > 150] = [60, 200, 60]
    Image.fromarray(smile).save(tmp_path / "smile.png")
    new = portrait.make(
        made.path.with_name("man.png"), right="drawn by a test", teeth=tmp_path / "smile.png"
    )
    rest, parted = drawn(Persona.load(new.save(tmp_path / "me.onnx")), [FaceState.of(), broad])

    def green(picture: NDArray[np.uint8]) -> int:
        seen = picture[MOUTH].astype(int)
        return int((seen[..., 1] - seen[..., ::2].max(axis=2) > 20).sum())

    assert green(parted) > 50 > green(rest)


def test_it_stands_before_another_background(made: Made) -> None:
    """The wall is the colour, whichever way the head is turned, and the face is the same."""
    persona = Persona.load(made.path)
    faces = [FaceState.of(), FaceState.of(headYaw=0.2), FaceState.of(headPitch=-0.15)]
    colour = np.array([0x20, 0xC0, 0x40])
    before = drawn(with_background(persona, "#20c040"), faces)
    for own, picture in zip(drawn(persona, faces), before, strict=True):
        corners = np.concatenate([picture[:120, :60], picture[:120, -60:]]).reshape(-1, 3)
        assert np.abs(corners.astype(int) - colour).max() <= 3
        face = np.s_[200:340, 200:310]
        assert np.abs(own[face].astype(int) - picture[face]).max() <= 3
