"""Costs of the search for a text in a sound, in nats.

A hop costs as much as the recogniser holds against the viseme that the text asks for. Texts that
are spoken cost 0.25 a hop on average and hardly ever 0.7, other texts 0.95.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...timeline import SAMPLE_RATE
from ..features import HOP_SAMPLES
from ..visemes import VISEME_INDEX, VISEMES

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

ACOUSTIC = -1
"""Instead of a viseme: the text says nothing here, the recogniser's own answer holds."""

SILENCE = VISEME_INDEX["sil"]

ANY_SOUND = len(VISEMES)
ACOUSTIC_HOP = len(VISEMES) + 1
"""Columns behind the visemes' own in `hop_costs`: a sound without a shape, and a hop in which the
text is not followed."""

ACOUSTIC_COST = 1.1
"""Of each hop in which the text is not followed: between speech that follows the text and speech
that does not."""

ACOUSTIC_ENTRY_COST = 12.0
"""Of leaving the text: one word that is recognised badly does not suffice."""

WORST_COST = 5.0
"""The most that a hop may speak against a viseme: one that is surely misheard decides nothing."""

CLOSED_FAVOUR = 1.5
"""Added to the log-probability of closed lips: a closure is as silent as the stop beside it, and
the one that viewers miss. So 99 of 100 are shown, and one hop in ten of those is too many."""

ANY_SOUND_COST = 1.6
"""Of a hop of a sound without a shape: more than `ACOUSTIC_COST`, or a text with many an h would
fit everything."""

PAUSE_COST = 1.0
GAP_COST = 5.0
"""Of silence between words, with and without punctuation that invites it."""

LEFT_OUT_COST = 14.0
"""Of a word that is not spoken."""

RARE_WAY_COST = 0.5
"""Of each way to say a word that comes before another in the dictionary."""

DROPPED_COST = 5.0
"""Of a phone that is swallowed."""

TIMED_S = 0.15
TIMING_COST_PER_S = 10.0
TIMING_WORST_COST = 4.0
"""How far off its time a word may begin for nothing, what each further second costs, and how much
at most: less than a word is worth, so that wrong times cannot move one."""

HOPS_PER_S = SAMPLE_RATE // HOP_SAMPLES

_FAVOUR = np.zeros(len(VISEMES), np.float32)
_FAVOUR[VISEME_INDEX["PP"]] = CLOSED_FAVOUR


def hop_costs(log_probabilities: Floats) -> Floats:
    """What hops cost for each viseme, any sound, and where the text is not followed, [hops, 17],
    given the log-probability of each viseme, [hops, 15]."""
    likely = log_probabilities + _FAVOUR
    costs = np.empty((len(likely), len(VISEMES) + 2), np.float32)
    costs[:, :ANY_SOUND] = np.minimum(likely.max(axis=1, keepdims=True) - likely, WORST_COST)
    costs[:, ANY_SOUND], costs[:, ACOUSTIC_HOP] = ANY_SOUND_COST, ACOUSTIC_COST
    return costs


def timing_costs(expected_hops: Floats, hop: int) -> Floats:
    """What it costs to enter states at `hop`; 0 where no hop is expected (NaN)."""
    late_s = np.abs(expected_hops - hop) / HOPS_PER_S - TIMED_S
    return np.nan_to_num(np.clip(late_s * TIMING_COST_PER_S, 0, TIMING_WORST_COST))
