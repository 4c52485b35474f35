"""Whether the face moves smoothly: glitches of the head, and the jerk of the lips."""

from __future__ import annotations

import numpy as np

from .jolts import jolts, peaks
from .score import Floats, Moment, Score, Seen, minutes

GLITCH = 0.14
"""A head that jolts by this many eye distances, times how much the picture of the face stands out
from the frames beside it: a jump of 0.03 (2 mm) that changes the face five times as much as usual.
Blinks, closures and the nets' own wavering stay below 0.12."""

ENOUGH_S = 5.0


def score(seen: Seen) -> Score:
    """Glitches a minute, how regular they are, and the jerk of the lips."""
    figures: dict[str, float | None] = {
        "glitches_per_min": None,
        "glitch_interval_median_s": None,
        "mouth_jerk_rms_per_s3": None,
    }
    found = jolts(seen)
    if len(found.times_s) < 4:
        return Score("smoothness", figures, 0.0)
    size = found.head * found.stands_out
    at = peaks(size, GLITCH)
    figures["glitches_per_min"] = len(at) / minutes(seen)
    if len(at) > 2:
        figures["glitch_interval_median_s"] = float(np.median(np.diff(found.times_s[at])))
    figures["mouth_jerk_rms_per_s3"] = _jerk(seen)
    moments = tuple(
        Moment(
            "glitch",
            float(found.times_s[max(0, each - 1)]),
            float(found.times_s[each]),
            float(found.head[each]),
            "eye distances",
            float(size[each] / GLITCH),
        )
        for each in at
    )
    sure = min(1.0, seen.recording.seconds / ENOUGH_S) * seen.signals.face_share
    return Score("smoothness", figures, sure, moments, found.times_s, size)


def _jerk(seen: Seen) -> float | None:
    """Root mean square of the third derivative of the lips' opening while there is speech."""
    signals = seen.signals
    talking = signals.seen & seen.heard.speaking(signals.times_s)
    if talking.sum() < 8:
        return None
    times_s = np.arange(signals.times_s[0], signals.times_s[-1], 1 / 25)
    known = signals.seen
    opening = np.interp(times_s, signals.times_s[known], signals.aperture[known])
    third: Floats = np.diff(opening, 3) * 25**3
    inside = seen.heard.speaking(times_s[1:-2])
    return float(np.sqrt(np.mean(third[inside] ** 2))) if inside.any() else None
