"""Each score finds its own fault in a face that exists only as numbers, and nothing without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from livekit_plugins_avatar.tools.watch.scores import (
    blinks,
    closures,
    continuity,
    gaze,
    motion,
    pacing,
    silence,
    smoothness,
    sync,
    turns,
)
from livekit_plugins_avatar.tools.watch.scores.score import Seen

from .synthetic import FPS, heard, seen

LONG = heard(90.0, speech=[(0.5, 85.0)], seed=1)
SOUND = heard(16.0, speech=[(0.5, 11.0)])


@pytest.mark.parametrize("late_ms", [-200, -40, 0, 40, 200])
def test_an_offset_is_recovered_with_its_sign(late_ms: int) -> None:
    """Positive where the picture is late."""
    found = sync.score(seen(SOUND, late_s=late_ms / 1e3))
    assert found.figures["sync_median_ms"] == pytest.approx(late_ms, abs=8)
    assert found.confidence > 0.9


def test_a_drift_is_recovered() -> None:
    """The picture falls behind by 30 ms a minute."""
    still = seen(LONG)
    times_s = still.signals.times_s * (1 + 0.030 / 60)
    found = sync.score(Seen(still.recording, replace(still.signals, times_s=times_s), LONG))
    assert found.figures["sync_drift_ms_per_min"] == pytest.approx(30, abs=6)
    assert sync.score(still).figures["sync_drift_ms_per_min"] == pytest.approx(0, abs=3)


def test_lips_that_say_something_else_give_no_offset() -> None:
    """A face that moves without regard to the sound is not given a number."""
    other = seen(heard(16.0, speech=[(0.5, 11.0)], seed=9))
    found = sync.score(Seen(other.recording, other.signals, SOUND))
    assert found.figures["sync_median_ms"] is None
    assert found.confidence == 0


def test_missing_closures_are_counted() -> None:
    """Lips that never close hit none."""
    shown = seen(SOUND)
    assert closures.score(shown, 0.0).figures["closures_hit_share"] == 1
    mumbled = seen(SOUND, aperture=shown.signals.aperture.clip(min=0.08))
    mumbled.signals.aperture[-40:] = 0.0
    share = closures.score(mumbled, 0.0).figures["closures_hit_share"]
    assert share is not None and share < 0.3


def test_a_mouth_that_moves_in_silence_is_found() -> None:
    """And one that speaks only where there is speech is not."""
    shown = seen(SOUND)
    assert silence.score(shown).figures["silence_mouth_moving_share"] == 0
    times_s = shown.signals.times_s
    noise = np.where(times_s > 12.5, 0.08 * (np.sin(25 * times_s) > 0), 0.0)
    found = silence.score(seen(SOUND, aperture=shown.signals.aperture + noise))
    assert (found.figures["silence_mouth_moving_share"] or 0) > 0.3
    assert found.moments[0].what == "mouth moves in silence"


def test_a_jump_of_the_head_is_a_glitch_and_a_jump() -> None:
    """Told of where it is, at an event of the connection too."""
    shown = seen(SOUND)
    assert not smoothness.score(shown).moments
    assert not continuity.score(shown).moments
    place, moved = shown.signals.place.copy(), shown.signals.face_motion.copy()
    place[150:] += 0.06
    moved[150] = 6.0
    at_s = float(shown.signals.times_s[150])
    events = [(at_s, "reconnecting")]
    jumped = seen(SOUND, place=place, face_motion=moved, events=events)
    (glitch,) = smoothness.score(jumped).moments
    assert glitch.end_s == pytest.approx(at_s)
    (jump,) = continuity.score(jumped).moments
    assert jump.what == "jump at a reconnection"


def test_a_blink_is_no_glitch() -> None:
    """The face changes, but stays where it is."""
    moved = seen(SOUND).signals.face_motion.copy()
    moved[150] = 6.0
    assert not smoothness.score(seen(SOUND, face_motion=moved)).moments


def test_eyes_that_wander_are_told_from_eyes_that_jump() -> None:
    """Saccades between rests are people's; drift is not."""
    times_s = seen(SOUND).signals.times_s
    jumps = np.stack([8.0 * (times_s % 3 > 1.5), 0 * times_s], axis=1)
    assert not gaze.score(seen(SOUND, gaze_deg=jumps)).moments
    drift = np.stack([8 * np.sin(2 * np.pi * times_s / 3), 0 * times_s], axis=1)
    found = gaze.score(seen(SOUND, gaze_deg=drift))
    assert found.moments[0].what == "eyes wander"
    assert (found.figures["gaze_drift_deg_per_s"] or 0) == pytest.approx(10, abs=4)


def test_blinks_are_counted() -> None:
    """One every four seconds, 200 ms long."""
    figures = blinks.score(seen(LONG)).figures
    assert figures["blinks_per_min"] == pytest.approx(15, abs=1)
    assert figures["blink_median_ms"] == pytest.approx(200, abs=40)


def test_a_body_that_freezes_under_a_moving_mouth_is_found() -> None:
    """Not one that rests while the mouth rests."""
    change = seen(SOUND).signals.face_change.copy()
    resting = change.copy()
    change[5 * FPS : 6 * FPS] = 0.1
    resting[13 * FPS : 14 * FPS] = 0.1
    (found,) = motion.score(seen(SOUND, face_change=change)).moments
    assert found.start_s < 5.5 < found.end_s
    assert not motion.score(seen(SOUND, face_change=resting)).moments


def test_freezes_and_repeated_frames_are_told() -> None:
    """Half a second of the same picture, and a gap without any."""
    shown = seen(SOUND)
    same = shown.signals.picture_motion.copy()
    same[60 : 60 + FPS // 2] = 0.0
    figures = pacing.score(seen(SOUND, picture_motion=same)).figures
    assert figures["freeze_longest_ms"] == pytest.approx(533, abs=40)
    assert pacing.score(shown).figures["freezes_per_min"] == 0


def test_response_and_barge_in_are_measured() -> None:
    """The other speaks from 0 to 1 s and is answered; speaks again at 4 s and is heard."""
    sound = heard(10.0, speech=[(1.8, 4.4), (7.0, 9.0)])
    figures = turns.score(seen(sound, others=[(0.0, 1.0), (4.0, 6.0)])).figures
    assert figures["response_median_ms"] == pytest.approx(900, abs=20)
    assert figures["barge_in_median_ms"] == pytest.approx(400, abs=20)
    assert turns.score(seen(sound)).figures["responses"] is None
