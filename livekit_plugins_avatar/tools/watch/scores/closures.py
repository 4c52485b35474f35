"""Whether the lips close where p, b or m is heard."""

from __future__ import annotations

import numpy as np

from .score import Floats, Moment, Score, Seen
from .sync import opening_seen

REST_PERCENT = 2
"""Of all openings: closed lips. A face whose lips never meet, not even at rest, cannot be told."""

WIDE_PERCENT = 95
"""Of the openings while there is speech: wide open."""

CLOSED_SHARE = 0.2
"""Lips are closed below this share of the way from closed to wide open. The nets see a closed mouth
to within 5 % of it."""

REACH_S = 0.06
"""A closure may be seen so long before or after it is heard, once the offset is taken out: two
frames at 30 a second."""

ENOUGH = 8
"""So many closures make the share sure."""

NOTICED = 0.8
"""Share of closures below which a mumble is noticed: a first value, without a source."""


def score(seen: Seen, sync_ms: float | None) -> Score:
    """Share of the heard closures in which the lips closed; `sync_ms` is the picture's offset."""
    figures: dict[str, float | None] = {"closures_heard": None, "closures_hit_share": None}
    lips, heard = opening_seen(seen), seen.heard
    known = np.isfinite(lips) & heard.speaking(heard.times_s)
    if not known.any():
        return Score("closures", figures, 0.0)
    closed = np.percentile(lips[np.isfinite(lips)], REST_PERCENT)
    wide = np.percentile(lips[known], WIDE_PERCENT)
    limit = closed + CLOSED_SHARE * (wide - closed)
    late_s = (sync_ms or 0.0) / 1e3
    missed, hit = [], 0
    for start, end in heard.closures:
        narrowest = _narrowest(seen, start + late_s - REACH_S, end + late_s + REACH_S)
        if narrowest is None:
            continue
        if narrowest <= limit:
            hit += 1
        else:
            size = 100 * (narrowest - closed) / (wide - closed)
            severity = (narrowest - closed) / (limit - closed)
            moment = Moment("lips stay open", start, end, float(size), "% open", float(severity))
            missed.append(moment)
    judged = hit + len(missed)
    figures["closures_heard"] = float(judged)
    if judged:
        figures["closures_hit_share"] = hit / judged
    sure = min(1.0, judged / ENOUGH) if sync_ms is not None else 0.0
    return Score("closures", figures, sure, tuple(missed))


def _narrowest(seen: Seen, start_s: float, end_s: float) -> Floats | None:
    """The smallest opening in the frames of a span; None where no frame shows a face."""
    signals = seen.signals
    within = (signals.times_s >= start_s) & (signals.times_s <= end_s)
    openings = signals.aperture[within & signals.seen]
    return np.asarray(openings.min()) if len(openings) else None
