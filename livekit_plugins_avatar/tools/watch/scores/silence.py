"""Whether the mouth is closed and still where there is no speech."""

from __future__ import annotations

import numpy as np

from ..heard import between
from .score import Floats, Moment, Score, Seen, running_median

SETTLED_S = 0.5
"""After speech the mouth may take so long to close, and after a sound that is late."""

AHEAD_S = 0.3
"""Before speech the mouth may open so early: 60-120 ms by nature, and what the sound is late."""

SHORTEST_S = 0.5
STILL = 0.03
"""Lips whose opening moves by less, as a share of the eyes' distance (2 mm), are still: the nets'
own noise is 0.01, a smile that comes or goes 0.02."""

ALONE = 1.8
"""And where the picture around the mouth changes so many times as much as that of the face above
it, the mouth moves by itself; a head that moves takes it along, at 0.4 to 1.1."""

ALONE_LEVELS = 1.0
"""If it changes by so much a frame, in levels of 255."""

FRAMES = 9
"""Of a running median of both."""

SINGLE = 3
"""Values of a running median: one frame that an encoder has spoiled is no movement."""

SPAN_S = 0.5
"""Over which a movement is measured."""

ENOUGH_S = 2.0


def score(seen: Seen) -> Score:
    """Share of the silence in which the mouth moves."""
    figures: dict[str, float | None] = {
        "silence_s": 0.0,
        "silence_mouth_moving_share": None,
        "silence_mouth_range_p95": None,
    }
    spans = quiet(seen)
    parts = [part for start, end in spans if (part := _moving(seen, start, end)) is not None]
    if not parts:
        return Score("silence", figures, 0.0)
    times_s, swing, much = (np.concatenate(rows) for rows in zip(*parts, strict=True))
    silence_s = sum(end - start for start, end in spans)
    figures |= {
        "silence_s": silence_s,
        "silence_mouth_moving_share": float((much > 1).mean()),
        "silence_mouth_range_p95": float(np.percentile(swing, 95)),
    }
    moments = tuple(moment for part in parts for moment in _moments(*part))
    sure = min(1.0, silence_s / ENOUGH_S) * seen.signals.face_share
    return Score("silence", figures, sure, moments, times_s, swing)


def quiet(seen: Seen) -> list[tuple[float, float]]:
    """The spans in which the mouth has no reason to move."""
    times_s = seen.recording.times_s
    gaps = between(seen.heard.speech, float(times_s[0]) - SETTLED_S, float(times_s[-1]) + AHEAD_S)
    cut = [(start + SETTLED_S, end - AHEAD_S) for start, end in gaps]
    return [(start, end) for start, end in cut if end - start >= SHORTEST_S]


def _moving(seen: Seen, start_s: float, end_s: float) -> tuple[Floats, Floats, Floats] | None:
    """Times, how far the opening swings within `SPAN_S` around each, and how much the mouth moves;
    from 1 on it does."""
    signals = seen.signals
    within = (signals.times_s >= start_s) & (signals.times_s <= end_s) & signals.seen
    times_s, opening = signals.times_s[within], running_median(signals.aperture[within], SINGLE)
    if len(times_s) < SINGLE:
        return None
    first = np.searchsorted(times_s, times_s - SPAN_S / 2)
    last = np.searchsorted(times_s, times_s + SPAN_S / 2, side="right")
    swing = np.array([np.ptp(opening[a:b]) for a, b in zip(first, last, strict=True)])
    mouth = running_median(np.nan_to_num(signals.mouth_motion[within]), FRAMES)
    face = running_median(np.nan_to_num(signals.face_motion[within]), FRAMES)
    alone = np.where(mouth > ALONE_LEVELS, mouth / (0.1 + face), 0.0)
    return times_s, swing, np.maximum(swing / STILL, alone / ALONE)


def _moments(times_s: Floats, swing: Floats, much: Floats) -> list[Moment]:
    """Where the mouth moves."""
    edges = np.flatnonzero(np.diff((much > 1).astype(np.int8), prepend=0, append=0))
    return [
        Moment(
            "mouth moves in silence",
            float(times_s[a]),
            float(times_s[b - 1]),
            float(swing[a:b].max()),
            "eye distances",
            float(much[a:b].max()),
        )
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
