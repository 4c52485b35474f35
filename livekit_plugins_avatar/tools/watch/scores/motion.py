"""Whether head and body are alive while the mouth moves, and what the background does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..signals import CHANGE_S
from .score import Floats, Moment, Score, Seen, minutes

WHAT = "body frozen under a moving mouth"

MOVING_MOUTH = 0.8
"""Levels of 255 a frame: a mouth that speaks changes by 2 to 5, one at rest by 0.3."""

WINDOW_S = 0.5
"""Over which the mouth is seen to move."""

FROZEN_LEVELS = 1.2
"""A face that changes by less above the mouth within `CHANGE_S` stands still: what an encoder at
300 kbit/s leaves of a still picture is 0.5 to 1, a head that is held still changes by 2 to 6."""

FROZEN_S = 0.25
"""And for so long, which makes 0.65 s in which it stands still."""


def score(seen: Seen) -> Score:
    """Spans in which all but the mouth stands still, and how much each part moves."""
    signals = seen.signals
    figures: dict[str, float | None] = {
        "frozen_body_per_min": None,
        "frozen_body_longest_ms": None,
        "face_motion_median": _median(signals.face_motion),
        "body_motion_median": _median(signals.body_motion),
        "background_motion_median": _median(signals.background_motion),
    }
    still = _still(seen)
    if still is None:
        return Score("motion", figures, 0.0)
    times_s, frozen = signals.times_s, still
    edges = np.flatnonzero(np.diff(frozen.astype(np.int8), prepend=0, append=0))
    found = [
        (float(times_s[a]) - CHANGE_S, float(times_s[b - 1]))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if times_s[b - 1] - times_s[a] >= FROZEN_S
    ]
    figures["frozen_body_per_min"] = len(found) / minutes(seen)
    figures["frozen_body_longest_ms"] = 1e3 * max((b - a for a, b in found), default=0.0)
    moments = tuple(
        Moment(
            "body frozen under a moving mouth",
            a,
            b,
            1e3 * (b - a),
            "ms",
            (b - a) / (FROZEN_S + CHANGE_S),
        )
        for a, b in found
    )
    return Score("motion", figures, signals.face_share, moments, times_s, signals.face_motion)


def _still(seen: Seen) -> NDArray[np.bool_] | None:
    """Frames in which the face above the mouth stands still while the mouth moves, [F]."""
    signals = seen.signals
    if len(signals) < 4 or signals.face_share < 0.5:
        return None
    moving = _running(np.nan_to_num(signals.mouth_motion), signals.times_s) > MOVING_MOUTH
    return np.asarray((np.nan_to_num(signals.face_change, nan=np.inf) < FROZEN_LEVELS) & moving)


def _running(values: Floats, times_s: Floats) -> Floats:
    """The mean within `WINDOW_S` around each frame."""
    first = np.searchsorted(times_s, times_s - WINDOW_S / 2)
    last = np.searchsorted(times_s, times_s + WINDOW_S / 2, side="right")
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[last] - sums[first]) / (last - first))


def _median(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None
