"""GazeController: events in the room and of the agent, seen in where the eyes go."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.situation import CAMERA
from livekit_plugins_avatar.face.status import AT_TARGET_DEG
from livekit_plugins_avatar.gaze.attention import Attention
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
        self.redrawn: list[int] = []
        attention = Attention(on_change=self.redrawn.append)
        self.face = Face(silence, attention.situations, seed=seed)
        self.gaze = GazeController(attention, seed=seed)
        for identity in people:
            self.gaze.participant_joined(0, identity)
        self.gaze.agent_state(0, "listening")

    def look_deg(self, sample: int) -> tuple[float, float]:
        face = self.face.at(sample)
        yaw, pitch = face["headYaw"] + face["gazeYaw"], face["headPitch"] + face["gazePitch"]
        return float(np.degrees(yaw)), float(np.degrees(pitch))

    def off_camera_deg(self, sample: int) -> float:
        return float(np.hypot(*self.look_deg(sample)))


def test_the_eyes_follow_the_speaker() -> None:
    """Each speaker in turn is looked at, in the speaker's seat."""
    people = ("anna", "ben", "cleo")
    seen = Seen(*people)
    for index, (who, yaw_deg) in enumerate(list(zip(people, SEATS_DEG, strict=False)) * 2):
        start = (1 + 3 * index) * SECOND
        seen.gaze.active_speakers(start, [who])
        assert seen.look_deg(start + samples(0.6))[0] == pytest.approx(yaw_deg, abs=2.0)
        assert seen.face.status(start + samples(0.6)).looking_at == who


def test_the_eyes_are_back_for_the_answer() -> None:
    """A slow tool draws the eyes away until speech is expected."""
    seen = Seen("anna")
    seen.gaze.agent_state(2 * SECOND, "thinking")
    seen.gaze.tool_started(3 * SECOND, "call")
    seen.gaze.agent_state(3 * SECOND + 9, "listening")
    away = [seen.off_camera_deg(s) > 5 for s in range(4 * SECOND, 7 * SECOND, 1_600)]
    assert np.mean(away) > 0.5
    seen.gaze.tool_ended(7 * SECOND, "call")
    seen.gaze.tool_ended(7 * SECOND, "call")
    seen.gaze.speech_expected(7 * SECOND)
    assert seen.off_camera_deg(7 * SECOND + samples(0.1)) < 3.0


@pytest.mark.parametrize("seed", range(6))
def test_an_interruption_draws_the_eyes(seed: int) -> None:
    """The eyes stay on a user who interrupts."""
    seen = Seen("anna", seed=seed)
    seen.gaze.agent_state(SECOND, "speaking")
    seen.gaze.user_speaking(9 * SECOND, "anna", True)
    assert seen.face.status(9 * SECOND).state == "interrupted"
    for sample in range(9 * SECOND + samples(0.1), 10 * SECOND, 1_600):
        assert seen.off_camera_deg(sample) < 3.0


@pytest.mark.parametrize("seed", range(6))
def test_the_last_words_meet_the_eyes(seed: int) -> None:
    """The eyes are on the user while a turn ends."""
    seen = Seen("anna", seed=seed)
    seen.gaze.agent_state(SECOND, "speaking")
    seen.gaze.turn_end_planned(2 * SECOND, 12 * SECOND)
    for sample in range(12 * SECOND - samples(0.7), 12 * SECOND, 1_600):
        assert seen.off_camera_deg(sample) < 3.0


def test_only_changes_are_notified() -> None:
    """Events that leave the face as it is notify no one."""
    seen = Seen("anna")
    seen.redrawn.clear()
    seen.gaze.active_speakers(SECOND, ["anna"])
    seen.gaze.active_speakers(2 * SECOND, [])
    seen.gaze.agent_state(3 * SECOND, "listening")
    assert seen.redrawn == []
    seen.gaze.agent_state(4 * SECOND, "thinking")
    assert set(seen.redrawn) == {4 * SECOND}


def test_participants_and_directions_can_be_looked_at() -> None:
    """`look_at` goes to a seat, the camera or a direction."""
    seen = Seen("anna", "ben")
    for identity in ("anna", "ben"):
        target = seen.gaze.target_of(identity, None, None)
        assert target.name == identity
        seen.gaze.look_at(SECOND, target)
        assert seen.look_deg(2 * SECOND)[0] == pytest.approx(np.degrees(target.yaw_rad), abs=2.0)
    assert seen.gaze.target_of("camera", None, None) == CAMERA
    point = seen.gaze.target_of(None, 0.2, None)
    assert (point.yaw_rad, point.pitch_rad) == (0.2, 0.0)


def test_an_impossible_look_is_refused() -> None:
    """The error names the participant, the range, or what is missing."""
    seen = Seen("anna", "ben")
    with pytest.raises(
        ValueError, match="no participant 'cleo' to look at; in the room: 'anna', 'ben'"
    ):
        seen.gaze.target_of("cleo", None, None)
    with pytest.raises(ValueError, match="either at a participant or in a direction"):
        seen.gaze.target_of("anna", 0.1, None)
    with pytest.raises(ValueError, match="either at a participant or in a direction"):
        seen.gaze.target_of(None, None, None)
    with pytest.raises(ValueError, match="yaw_rad lies between"):
        seen.gaze.target_of(None, 1.0, None)
    with pytest.raises(ValueError, match="pitch_rad lies between"):
        seen.gaze.set_seat(0, "anna", 0.1, 1.0)


def test_a_single_participant_is_at_the_camera() -> None:
    """Unless a seat is set, the only participant is where the camera is."""
    seen = Seen("anna")
    assert seen.gaze.target_of("anna", None, None) == CAMERA
    seen.gaze.set_seat(SECOND, "anna", -0.3)
    assert seen.look_deg(2 * SECOND)[0] == pytest.approx(np.degrees(-0.3), abs=2.0)
    seen.gaze.set_seat(3 * SECOND, "anna", None)
    assert seen.off_camera_deg(4 * SECOND) < 3.0


@pytest.mark.parametrize("seed", range(2))
def test_an_aside_lasts_until_released(seed: int) -> None:
    """The eyes meet no one, move now and then, and come back when released."""
    seen = Seen("anna", seed=seed)
    seen.gaze.look_away(2 * SECOND)
    seen.gaze.agent_state(20 * SECOND, "speaking")
    frames = range(2 * SECOND + samples(0.1), 32 * SECOND, 1_600)
    assert min(seen.off_camera_deg(sample) for sample in frames) > 2 * AT_TARGET_DEG
    assert {seen.face.status(sample).looking_at for sample in frames[::30]} == {"away"}
    looks = np.array([seen.look_deg(sample) for sample in frames])
    assert (np.hypot(*np.diff(looks, axis=0).T) > 1.5).sum() > 5
    seen.gaze.release(32 * SECOND)
    assert seen.off_camera_deg(32 * SECOND + samples(0.1)) < AT_TARGET_DEG
