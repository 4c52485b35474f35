"""Signals of a face that exists only as numbers, and what is heard with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES
from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.watch.heard import HOP_S, Heard, expected_opening, merged, spans
from livekit_plugins_avatar.tools.watch.recording import Recording
from livekit_plugins_avatar.tools.watch.scores.score import Seen
from livekit_plugins_avatar.tools.watch.signals import Signals

FPS = 30
Floats = NDArray[np.float64]


def heard(seconds: float, *, speech: Sequence[tuple[float, float]], seed: int = 0) -> Heard:
    """Visemes of chance in the spans of speech, silence elsewhere."""
    chance = np.random.default_rng(seed)
    times_s: Floats = np.arange(0.5, round(seconds / HOP_S), dtype=np.float64)
    times_s = times_s * HOP_S
    likely = np.zeros((len(times_s), len(VISEMES)))
    likely[:, 0] = 1.0
    for start, end in speech:
        at_s = start
        while at_s < end:
            long_s = chance.uniform(0.05, 0.15)
            within = (times_s >= at_s) & (times_s < min(at_s + long_s, end))
            likely[within] = np.eye(len(VISEMES))[chance.integers(1, len(VISEMES))]
            at_s += long_s
    spoken = likely[:, 0] < 0.5
    return Heard(
        times_s,
        likely,
        expected_opening(likely),
        np.where(spoken, -20.0, -90.0),
        tuple(merged(spans(times_s, spoken), 0.25)),
        tuple(spans(times_s, likely[:, VISEME_INDEX["PP"]] > 0.5)),
    )


def seen(
    sound: Heard,
    *,
    late_s: float = 0.0,
    others: Sequence[tuple[float, float]] | None = None,
    events: Sequence[tuple[float, str]] = (),
    **changed: Floats,
) -> Seen:
    """A face that says what is heard, so much later, and is alive; some signals may be changed."""
    seconds = float(sound.times_s[-1])
    times_s: Floats = np.arange(0, seconds, 1 / FPS)
    count = len(times_s)
    wave = np.sin(2 * np.pi * times_s / 7)
    aperture = 0.25 * np.interp(times_s - late_s, sound.times_s, sound.opening)
    moving = np.abs(np.gradient(aperture)) * 60
    values: dict[str, Floats] = {
        "times_s": times_s,
        "presence": np.ones(count),
        "aperture": aperture,
        "width": np.full(count, 0.9),
        "lids": np.where(times_s % 4 < 0.2, 0.01, 0.15),
        "gaze_deg": np.zeros((count, 2)),
        "turn_deg": np.stack([wave, wave, wave], axis=1),
        "place": np.stack([3 + 0.02 * wave, np.full(count, 3.0)], axis=1),
        "box": np.tile([100.0, 100.0, 300.0, 350.0], (count, 1)),
        "mouth_motion": 0.3 + 4 * moving,
        "face_motion": np.full(count, 0.6),
        "body_motion": np.full(count, 0.1),
        "background_motion": np.zeros(count),
        "picture_motion": np.full(count, 0.3),
        "face_change": np.full(count, 5.0),
        "body_change": np.full(count, 1.0),
    }
    signals = Signals(**(values | changed))
    silence = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    recording = Recording(
        "synthetic", silence, 0.0, signals.times_s, lambda: iter(()), others, events
    )
    return Seen(recording, signals, sound)
