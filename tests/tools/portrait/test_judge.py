"""The judge reads openings, gaze and turns off pictures of faces."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona

from .conftest import drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
judges = import_module("livekit_plugins_avatar.tools.portrait.judge")

FACES = {
    "rest": FaceState.of(),
    "open": FaceState.of(jawOpen=0.5),
    "blink": FaceState.of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0),
    "right": FaceState.of(gazeYaw=0.35),
    "turned": FaceState.of(headYaw=float(np.radians(8))),
    "nodding": FaceState.of(headPitch=float(np.radians(6))),
    "tilted": FaceState.of(headRoll=float(np.radians(5))),
}


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What is seen of the built-in man."""
    pictures = drawn(Persona.load("man"), list(FACES.values()))
    return {name: judges.look(picture) for name, picture in zip(FACES, pictures, strict=True)}


@pytest.fixture(scope="module")
def judge(seen: dict[str, Any]) -> Any:
    return judges.Judge(seen["rest"], (512, 512))


def test_a_picture_without_a_face_shows_nothing() -> None:
    assert judges.look(np.zeros((256, 256, 3), np.uint8)) is None


def test_lips_and_lids_are_measured_by_the_eyes_distance(seen: dict[str, Any]) -> None:
    """An open jaw parts the lips, a blink closes the lids; the other pair stays."""
    assert seen["rest"].lips < 0.03 < 0.15 < seen["open"].lips
    assert seen["blink"].lids < 0.03 < 0.12 < seen["rest"].lids
    assert seen["open"].lids == pytest.approx(seen["rest"].lids, abs=0.02)


def test_a_gaze_is_read_in_degrees(seen: dict[str, Any], judge: Any) -> None:
    assert judge.gaze_deg(seen["right"])[0] == pytest.approx(20, abs=6)
    assert judge.gaze_deg(seen["rest"]) == pytest.approx([0, 0])


@pytest.mark.parametrize(
    ("name", "axis", "angle", "within"),
    [("nodding", 0, 6, 1.5), ("turned", 1, 8, 1.5), ("tilted", 2, 5, 0.5)],
)
def test_a_turn_is_read_in_degrees(
    seen: dict[str, Any], judge: Any, name: str, axis: int, angle: float, within: float
) -> None:
    """Pitch up, yaw to the picture's right, roll clockwise; the other axes stay within 2."""
    read = judge.turn_deg(seen[name])
    assert read[axis] == pytest.approx(angle, abs=within)
    assert np.abs(np.delete(read, axis)).max() < 2


def test_speech_keeps_the_identity_and_another_nose_does_not(
    seen: dict[str, Any], judge: Any
) -> None:
    def longer(face: Any) -> Any:
        points = face.points.copy()
        points[[1, 4, 5], 1] += 6
        return judges.Landmarks(points, 1.0, {})

    rest = seen["rest"]
    other = judges.Seen(longer(rest.face), longer(rest.mirrored))
    assert judge.identity_moved(rest) == pytest.approx(0, abs=1e-6)
    assert judge.identity_moved(other) > 0.02 > judge.identity_moved(seen["open"])


def test_no_side_is_favoured(seen: dict[str, Any], judge: Any) -> None:
    """A picture and its mirror image are read alike, with sides exchanged."""
    pictures = drawn(Persona.load("man"), [FACES["rest"], FACES["turned"]])
    rest, turned = (judges.look(np.ascontiguousarray(picture[:, ::-1])) for picture in pictures)
    mirrored = judges.Judge(rest, (512, 512))
    expected = judge.turn_deg(seen["turned"]) * [1, -1, -1]
    assert mirrored.turn_deg(turned) == pytest.approx(expected, abs=0.3)
    assert turned.lids == pytest.approx(seen["turned"].lids, abs=0.002)
