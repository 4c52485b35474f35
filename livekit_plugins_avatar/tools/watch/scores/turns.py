"""How soon the avatar answers another participant, and how soon it stops when interrupted."""

from __future__ import annotations

import numpy as np

from ..heard import merged
from .score import Moment, Score, Seen

LONGEST_S = 10.0
"""A speech that starts later is no answer to the one before."""

SAME_TURN_S = 0.7
"""Rests within a turn of speech are shorter."""

CUTS_IN_S = 0.2
"""An interruption begins so long before the avatar's speech ends, at least: less is a turn that
overlaps, as people's do (Levinson and Torreira 2015)."""

RESPONSE_MS, BARGE_IN_MS = 1500.0, 500.0
"""A first value: over 4 s spoils the exchange (CUI 2025), people take 200 ms."""


def score(seen: Seen) -> Score:
    """Response and barge-in times, where the other participant is known."""
    figures: dict[str, float | None] = {
        "response_median_ms": None,
        "responses": None,
        "barge_in_median_ms": None,
        "barge_ins": None,
    }
    if seen.recording.others is None:
        return Score("turns", figures, 0.0)
    others = merged(sorted(seen.recording.others), SAME_TURN_S)
    own = merged(seen.heard.speech, SAME_TURN_S)
    responses, barge_ins = [], []
    for start, end in others:
        spoken = next((own_end for a, own_end in own if a < start < own_end - CUTS_IN_S), None)
        if spoken is not None and spoken - start <= LONGEST_S:
            barge_ins.append((start, spoken))
        after = next((a for a, _ in own if a >= end - CUTS_IN_S), None)
        following = min((s for s, _ in others if s > start), default=np.inf)
        if after is not None and after - end <= LONGEST_S and after < following:
            responses.append((end, after))
    figures["responses"], figures["barge_ins"] = float(len(responses)), float(len(barge_ins))
    if responses:
        figures["response_median_ms"] = 1e3 * float(np.median([b - a for a, b in responses]))
    if barge_ins:
        figures["barge_in_median_ms"] = 1e3 * float(np.median([b - a for a, b in barge_ins]))
    moments = [_moment("answers late", *span, RESPONSE_MS) for span in responses]
    moments += [_moment("talks on when interrupted", *span, BARGE_IN_MS) for span in barge_ins]
    late = tuple(sorted((each for each in moments if each.severity > 1), key=lambda m: m.start_s))
    return Score("turns", figures, 1.0 if responses or barge_ins else 0.0, late)


def _moment(what: str, start_s: float, end_s: float, limit_ms: float) -> Moment:
    size = 1e3 * (end_s - start_s)
    return Moment(what, start_s, end_s, size, "ms", size / limit_ms)
