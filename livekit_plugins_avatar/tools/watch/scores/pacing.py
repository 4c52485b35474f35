"""Whether frames come evenly, and how long the picture stands still."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .score import Floats, Moment, Score, Seen, minutes

FREEZE_S = 0.2
"""A picture that stays for so long has frozen: WebRTC's own count starts at three frames or the
mean interval + 150 ms (W3C webrtc-stats, freezeCount)."""

SAME_LEVELS = 0.004
"""A frame that differs less from the one before, in levels of 255 in the mean, is the same one: an
encoder repeats it without a change."""


def score(seen: Seen) -> Score:
    """Rate, evenness and freezes."""
    times_s = seen.recording.times_s
    fresh_s = times_s[fresh(seen)]
    apart_s = np.diff(times_s)
    figures: dict[str, float | None] = {
        "frames_per_s": seen.recording.frames_per_s,
        "frame_interval_median_ms": 1e3 * float(np.median(apart_s)),
        "frame_interval_p95_ms": 1e3 * float(np.percentile(apart_s, 95)),
        "frame_repeated_share": float(1 - len(fresh_s) / len(times_s)),
    }
    moments = tuple(_freezes(fresh_s, float(times_s[-1])))
    longest = max((each.size for each in moments), default=0.0)
    figures |= {
        "freezes_per_min": len(moments) / minutes(seen),
        "freeze_longest_ms": longest,
        "freeze_share": sum(each.size for each in moments) / 1e3 / max(1.0, seen.recording.seconds),
    }
    return Score("pacing", figures, 1.0, moments, times_s[1:], 1e3 * apart_s)


def fresh(seen: Seen) -> NDArray[np.bool_]:
    """Which frames differ from the one before, [F]; the first counts."""
    motion = seen.signals.picture_motion
    return np.asarray(~(motion[: len(seen.recording.times_s)] < SAME_LEVELS))


def _freezes(fresh_s: Floats, end_s: float) -> list[Moment]:
    edges_s = np.append(fresh_s, end_s)
    return [
        Moment("freeze", a, b, 1e3 * (b - a), "ms", (b - a) / FREEZE_S)
        for a, b in pairwise(edges_s.tolist())
        if b - a >= FREEZE_S
    ]
