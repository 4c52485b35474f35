"""Persona files whose end was written anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

from livekit_plugins_avatar.face.limits import HEAD_LIMITS
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.parted_model import PartedModel
from livekit_plugins_avatar.render.persona import Persona
from models.personas.quick import RESOURCES, quick

from ...render.whole import drawn_whole

PEOPLE = ["man", "woman"]


@pytest.mark.parametrize("name", PEOPLE)
def test_the_card_tells_the_file(name: str) -> None:
    """A person's card has the size and the hash of the file."""
    content = (RESOURCES / f"{name}.onnx").read_bytes()
    card = (Path(__file__).parents[3] / "models" / "personas" / name / "CARD.md").read_text()
    assert f"{len(content):,} bytes" in card
    assert hashlib.sha256(content).hexdigest() in card


def test_a_file_is_written_anew_once() -> None:
    """A file that has been written anew is refused."""
    with pytest.raises(ValueError, match="has been written anew"):
        quick((RESOURCES / "man.onnx").read_bytes())


def test_a_pose_beyond_what_was_learnt_stops_at_its_limit() -> None:
    """A head asked to turn too far is drawn as at the limit, mouth and eyes with it."""
    limit = float(HEAD_LIMITS[0])
    faces = [FaceState.of(headYaw=yaw, jawOpen=0.5).values for yaw in (limit, 3 * limit)]
    man = Persona.load("man")
    for drawn in (
        drawn_whole(man, "i420", np.stack(faces)),
        PartedModel(man, 1).draw("i420", np.stack(faces)),
    ):
        assert np.abs(drawn[0].astype(int) - drawn[1]).max() <= 1
