"""An interruption or a pause closes the mouth, and the rest of the face lives on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.situation import CAMERA, Situation
from livekit_plugins_avatar.face.state import INDEX, FaceState
from livekit_plugins_avatar.render.frame_priority import CLOSED, opening
from livekit_plugins_avatar.speech.published import PublishedVisemes
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import Timeline, samples

TICK = samples(0.01)
FRAME = samples(1 / 30)
HELD = 2 * TICK
"""What cannot be taken back any more when a cut comes: a tick on its way, and the next."""
MOUTH = [column for name, column in INDEX.items() if name.startswith(("jaw", "mouth"))]


class Speaker:
    """A face that says one long vowel, or vowels and consonants by turns."""

    def __init__(self, *visemes: str) -> None:
        self.playout, schedule = Playout(), VisemeSchedule()
        situations = Timeline(Situation("speaking", "speaking", CAMERA))
        self.face = Face(PublishedVisemes(schedule, self.playout), situations, seed=4)
        self.playout.push_audio(np.full(samples(6.0), 9000, np.int16))
        self.playout.end_segment()
        for n in range(60):
            event = VisemeEvent(visemes[n % len(visemes)], n * samples(0.1), samples(0.1), 0.9)
            schedule.revise([event])

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.playout.pull(TICK)

    def seen(self, start: int, end: int, step: int = FRAME) -> list[FaceState]:
        return [self.face.at(sample) for sample in range(start, end, step)]


def values(faces: list[FaceState]) -> NDArray[np.float32]:
    return np.array([face.values for face in faces])


@pytest.mark.parametrize("visemes", [("aa",), ("E", "DD"), ("O", "kk", "I"), ("U", "FF")])
@pytest.mark.parametrize("ticks", [100, 103, 107])
@pytest.mark.parametrize("cut", ["clear", "pause"])
def test_a_cut_closes_the_mouth_within_150_ms(
    visemes: tuple[str, ...], ticks: int, cut: str
) -> None:
    """It closes no faster than it moves in speech."""
    speaker = Speaker(*visemes)
    speaker.run(ticks)
    asked = speaker.playout.published - HELD
    before = speaker.seen(asked - 10 * FRAME, asked + 1)
    getattr(speaker.playout, cut)()
    speaker.run(50)
    after = speaker.seen(asked + FRAME, asked + samples(0.5))
    openings = [opening(face) for face in after]
    closed = asked + samples(0.150)
    late = speaker.seen(closed, closed + samples(0.3))
    assert max(opening(face) for face in late) < CLOSED
    assert openings[-1] == 0.0
    # From frame to frame it moves no faster than it does in speech.
    moved = np.abs(np.diff(values([before[-1], *after])[:, MOUTH], axis=0))
    in_speech = np.abs(np.diff(values(speaker_of(visemes, 200))[:, MOUTH], axis=0))
    assert moved.max() <= max(0.25, 1.5 * float(in_speech.max()))


def speaker_of(visemes: tuple[str, ...], ticks: int) -> list[FaceState]:
    speaker = Speaker(*visemes)
    speaker.run(ticks)
    return speaker.seen(0, ticks * TICK)


def test_a_pause_stops_the_mouth_only() -> None:
    """During a pause the face blinks, sways and breathes; resuming moves the mouth again."""
    paused = Speaker("aa", "DD")
    paused.run(100)
    paused.playout.pause()
    paused.run(2000)
    still = values(paused.seen(150 * TICK, 2100 * TICK))
    assert np.ptp(still[:, INDEX["jawOpen"]]) == 0.0
    assert still[:, INDEX["eyeBlinkLeft"]].max() > 0.9, "it blinks"
    moved = np.abs(np.diff(still[:, [INDEX["headYaw"], INDEX["headY"]]], axis=0))
    assert (moved > 0).mean() > 0.95, "it sways and breathes"
    paused.playout.resume()
    paused.run(150)
    again = values(paused.seen(2100 * TICK, 2240 * TICK))
    assert np.ptp(again[:, INDEX["jawOpen"]]) > 0.1


def test_a_restored_face_blends_into_life() -> None:
    """A restored face is held until it is woken, and is alive 300 ms later."""
    speaker = Speaker("aa")
    remembered = FaceState.of(headYaw=0.2, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    speaker.face.restore(remembered)
    assert (values(speaker.seen(0, samples(2.0))) == remembered.values).all()
    speaker.face.wake(samples(2.0))
    blend = values(speaker.seen(samples(2.0), samples(2.4), step=TICK))
    assert (blend[0] == remembered.values).all()
    yaw = blend[:, INDEX["headYaw"]]
    assert (np.diff(yaw[:30]) < 0.001).all() and np.abs(np.diff(yaw)).max() < 0.02
    fresh = Speaker("aa")
    assert (blend[31:] == values(fresh.seen(samples(2.31), samples(2.4), step=TICK))).all()
