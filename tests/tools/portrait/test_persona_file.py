"""A persona from one picture shows that picture at rest, and does what it is told."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")

FACES = {
    "rest": FaceState.of(),
    "open": FaceState.of(jawOpen=0.5),
    "pressed": FaceState.of(
        jawOpen=0.06, mouthClose=0.06, mouthPressLeft=0.35, mouthPressRight=0.35
    ),
    "blink": FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0),
    "right": FaceState.of(gazeYaw=0.35),
    "turned": FaceState.of(headYaw=0.14),
    "nodding": FaceState.of(headPitch=0.1),
    "far": FaceState.of(headYaw=2.0, headPitch=-2.0, headRoll=2.0, headZ=1.0),
}


@cache
def _pictures(path: Path) -> dict[str, NDArray[np.uint8]]:
    return dict(zip(FACES, drawn(Persona.load(path), list(FACES.values())), strict=True))


@cache
def _points(path: Path, name: str) -> NDArray[np.float64]:
    picture = _pictures(path)[name]
    found: NDArray[np.float64] = landmarks.landmarks(picture, landmarks.faces(picture)[0]).points
    return found


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
    assert 10 * np.log10(255**2 / error) > 38


def test_a_jaw_opens_the_mouth(made: Made) -> None:
    """Lips part by a sixth of the eyes' distance or more, and pressed lips stay shut."""
    assert _apart(_points(made.path, "open"), 13, 14) > 0.16
    assert _apart(_points(made.path, "pressed"), 13, 14) < 0.03


def test_a_blink_shuts_the_eyes(made: Made) -> None:
    """Lids that were apart meet."""
    for upper, lower in ((159, 145), (386, 374)):
        assert _apart(_points(made.path, "rest"), upper, lower) > 0.08
        assert _apart(_points(made.path, "blink"), upper, lower) < 0.05


def test_a_gaze_to_the_right_moves_the_irises_right(made: Made) -> None:
    """Both irises move to the picture's right, the corners of the eyes stay."""
    rest, right = _points(made.path, "rest"), _points(made.path, "right")
    assert np.all(right[[468, 473], 0] - rest[[468, 473], 0] > 2)
    assert np.abs(right[[33, 263], 0] - rest[[33, 263], 0]).max() < 2


def test_a_head_turns_and_nods(made: Made) -> None:
    """The tip of the nose goes to the picture's right, and up, further than the face's middle."""
    rest = _points(made.path, "rest")
    for name, axis, way in (("turned", 0, 1), ("nodding", 1, -1)):
        moved = (_points(made.path, name) - rest)[:, axis] * way
        assert moved[1] > 4
        assert moved[1] > np.median(moved[[234, 454]]) + 2


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
