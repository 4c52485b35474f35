"""GazeController: what happens to agent and room, seen in where the eyes go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.target import CAMERA
from livekit_plugins_avatar.gaze.controller import GazeController
from livekit_plugins_avatar.gaze.seats import SEATS_DEG
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import samples

SECOND = samples(1.0)


def silence(start: int, end: int) -> Sequence[VisemeEvent]:
    return [VisemeEvent("sil", start, end - start, 0.0)]


class Seen:
    """A face, what is told to it, and what it shows."""

    def __init__(self, *people: str, seed: int = 3) -> None:
        self.face = Face(silence, seed=seed)
        self.redrawn: list[int] = []
        self.presence = GazeController(self.face, seed=seed, on_change=self.redrawn.append)
        for identity in people:
            self.presence.enter(0, identity)
        self.presence.agent_state(0, "listening")

    def look_deg(self, sample: int) -> tuple[float, float]:
        face = self.face.at(sample)
        yaw, pitch = face["headYaw"] + face["gazeYaw"], face["headPitch"] + face["gazePitch"]
        return float(np.degrees(yaw)), float(np.degrees(pitch))

    def off_camera_deg(self, sample: int) -> float:
        return float(np.hypot(*self.look_deg(sample)))


def test_the_eyes_follow_who_speaks_around_the_table() -> None:
    people = ("anna", "ben", "cleo")
    seen = Seen(*people)
    for index, (who, yaw_deg) in enumerate(list(zip(people, SEATS_DEG, strict=False)) * 2):
        start = (1 + 3 * index) * SECOND
        seen.presence.speakers(start, [who])
        assert seen.look_deg(start + samples(0.6))[0] == pytest.approx(yaw_deg, abs=2.0)
        assert seen.face.status(start + samples(0.6)).looking_at == who


def test_a_slow_tool_is_thought_about_and_the_eyes_come_back_for_the_answer() -> None:
    seen = Seen("anna")
    seen.presence.agent_state(2 * SECOND, "thinking")
    seen.presence.tool_started(3 * SECOND, "call")
    seen.presence.agent_state(3 * SECOND + 9, "listening")
    away = [seen.off_camera_deg(s) > 5 for s in range(4 * SECOND, 7 * SECOND, 1_600)]
    assert np.mean(away) > 0.5
    seen.presence.tool_ended(7 * SECOND, "call")
    seen.presence.tool_ended(7 * SECOND, "call")
    seen.presence.speech_comes(7 * SECOND)
    assert seen.off_camera_deg(7 * SECOND + samples(0.1)) < 3.0


@pytest.mark.parametrize("seed", range(6))
def test_an_interruption_brings_the_eyes_to_the_one_who_speaks(seed: int) -> None:
    seen = Seen("anna", seed=seed)
    seen.presence.agent_state(SECOND, "speaking")
    seen.presence.user_speaks(9 * SECOND, "anna", True)
    assert seen.face.status(9 * SECOND).state == "interrupted"
    for sample in range(9 * SECOND + samples(0.1), 10 * SECOND, 1_600):
        assert seen.off_camera_deg(sample) < 3.0


@pytest.mark.parametrize("seed", range(6))
def test_the_last_words_of_a_turn_meet_the_eyes(seed: int) -> None:
    seen = Seen("anna", seed=seed)
    seen.presence.agent_state(SECOND, "speaking")
    seen.presence.turn_ends(2 * SECOND, 12 * SECOND)
    for sample in range(12 * SECOND - samples(0.7), 12 * SECOND, 1_600):
        assert seen.off_camera_deg(sample) < 3.0


def test_only_what_changes_the_face_is_drawn_again() -> None:
    seen = Seen("anna")
    seen.redrawn.clear()
    seen.presence.speakers(SECOND, ["anna"])
    seen.presence.speakers(2 * SECOND, [])
    seen.presence.agent_state(3 * SECOND, "listening")
    assert seen.redrawn == []
    seen.presence.agent_state(4 * SECOND, "thinking")
    assert set(seen.redrawn) == {4 * SECOND}


def test_somebody_or_somewhere_is_looked_at_on_request() -> None:
    seen = Seen("anna", "ben")
    for identity in ("anna", "ben"):
        target = seen.presence.target(identity, None, None)
        assert target is not None and target.name == identity
        seen.presence.look_at(SECOND, target)
        assert seen.look_deg(2 * SECOND)[0] == pytest.approx(np.degrees(target.yaw_rad), abs=2.0)
    assert seen.presence.target("camera", None, None) == CAMERA
    assert seen.presence.target(None, None, None) is None
    point = seen.presence.target(None, 0.2, None)
    assert point is not None and (point.yaw_rad, point.pitch_rad) == (0.2, 0.0)


def test_a_look_that_cannot_be_says_why() -> None:
    seen = Seen("anna", "ben")
    with pytest.raises(ValueError, match="no 'cleo' in the room to look at; here: 'anna', 'ben'"):
        seen.presence.target("cleo", None, None)
    with pytest.raises(ValueError, match="not both"):
        seen.presence.target("anna", 0.1, None)
    with pytest.raises(ValueError, match="yaw_rad lies between"):
        seen.presence.target(None, 1.0, None)
    with pytest.raises(ValueError, match="pitch_rad lies between"):
        seen.presence.place(0, "anna", 0.1, 1.0)


def test_a_person_alone_is_at_the_camera_unless_placed_elsewhere() -> None:
    seen = Seen("anna")
    assert seen.presence.target("anna", None, None) == CAMERA
    seen.presence.place(SECOND, "anna", -0.3)
    assert seen.look_deg(2 * SECOND)[0] == pytest.approx(np.degrees(-0.3), abs=2.0)
    seen.presence.place(3 * SECOND, "anna", None)
    assert seen.off_camera_deg(4 * SECOND) < 3.0
