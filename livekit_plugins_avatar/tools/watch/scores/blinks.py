"""How often and how long the eyes blink."""

from __future__ import annotations

import numpy as np

from .score import Floats, Moment, Score, Seen, minutes

OPEN_PERCENT = 80
CLOSED_SHARE = 0.5
"""Lids that are less apart than this share of open eyes are in a blink."""

LONGEST_S = 0.8
"""Eyes that are shut for longer do not blink, they are closed."""

FEWEST_PER_MIN, MOST_PER_MIN = 4.5, 45.0
"""Reading, the rarest that is usual (Bentivoglio 1997), and above what conversation has (95 % of
intervals give 10.5-32.5 a minute, Doughty 2001)."""

ENOUGH_S = 20.0


def score(seen: Seen) -> Score:
    """Blinks a minute, and how long they last."""
    figures: dict[str, float | None] = {"blinks_per_min": None, "blink_median_ms": None}
    lids, times_s = seen.signals.lids, seen.signals.times_s
    known = np.isfinite(lids)
    if known.sum() < 2:
        return Score("blinks", figures, 0.0)
    open_ = float(np.percentile(lids[known], OPEN_PERCENT))
    shut = known & (np.nan_to_num(lids, nan=open_) < CLOSED_SHARE * open_)
    edges = np.flatnonzero(np.diff(shut.astype(np.int8), prepend=0, append=0))
    found = [
        (float(times_s[a]), float(times_s[min(b, len(times_s) - 1)]))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    lasts = np.array([end - start for start, end in found])
    blinks = lasts <= LONGEST_S
    rate = float(blinks.sum()) / minutes(seen)
    figures["blinks_per_min"] = rate
    if blinks.any():
        figures["blink_median_ms"] = 1e3 * float(np.median(lasts[blinks]))
    sure = min(1.0, seen.recording.seconds / ENOUGH_S) * seen.signals.face_share
    return Score("blinks", figures, sure, _moments(seen, rate, sure), _starts(found))


def _starts(found: list[tuple[float, float]]) -> Floats:
    return np.array([start for start, _ in found])


def _moments(seen: Seen, rate: float, sure: float) -> tuple[Moment, ...]:
    """The whole recording, where the eyes blink too seldom or too often to be told by chance."""
    if sure < 1 or FEWEST_PER_MIN <= rate <= MOST_PER_MIN:
        return ()
    times_s = seen.recording.times_s
    bad = MOST_PER_MIN / rate if rate > MOST_PER_MIN else rate / FEWEST_PER_MIN
    what = "blinks too often" if rate > MOST_PER_MIN else "blinks too seldom"
    span = float(times_s[0]), float(times_s[-1])
    return (Moment(what, *span, rate, "a minute", float(1 / max(bad, 0.1))),)
