"""Tells from the loudness of other participants when one of them speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..eval.viewer import reached_at_ms

LOUD_RMS = 0.006
"""-44 dBFS: below quiet speech into a headset, above a room and the noise of a microphone."""

PAUSE_S = 0.4
"""A silence inside a sentence is shorter; Silero's default for the end of speech is 0.55 s."""

SHORTEST_S = 0.15
"""A click of a key or of a microphone that is switched is shorter; a "yes" is longer."""


def speaking(rows: Sequence[Sequence[float]], zero_s: float) -> list[tuple[float, float]]:
    """When another participant speaks: (start_s, end_s), in order, apart.

    Args:
        rows: As viewer.ts's `OtherRow`: arrival and stamp in ms, samples, rate, track, RMS.
        zero_s: The page's time that is 0 s.
    """
    if not rows:
        return []
    arrived_ms, stamp_ms, length, rate, track, rms = np.array(rows, float).T
    start_s = reached_at_ms(arrived_ms, stamp_ms, track) / 1e3 - zero_s
    loud = rms > LOUD_RMS
    stretches: list[tuple[float, float]] = []
    for begin, end in sorted(zip(start_s[loud], (start_s + length / rate)[loud], strict=True)):
        if stretches and begin - stretches[-1][1] < PAUSE_S:
            stretches[-1] = stretches[-1][0], max(float(end), stretches[-1][1])
        else:
            stretches.append((float(begin), float(end)))
    return [(begin, end) for begin, end in stretches if end - begin >= SHORTEST_S]
