"""Judges whether the sound bears a text out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .costs import SILENCE, Ints

TRUSTED_COST = 0.66
"""The most that a hop of speech may cost on average, words that were left out included."""

JUDGED_HOPS = 250
JUDGED_FROM_HOPS = 30
"""Judged over so many hops to either side, and from so many hops of speech on: one word fits many a
sound, ten do not."""


def borne_out(shown: Ints, spent: NDArray[np.float64]) -> NDArray[np.bool_]:
    """In which hops the text is to be believed.

    Args:
        shown: What the text asks for in each hop.
        spent: What the best path spends on each.
    """
    spoken = shown != SILENCE
    count = np.concatenate(([0], np.cumsum(spoken)))
    cost = np.concatenate(([0.0], np.cumsum(np.where(spoken, spent, 0.0))))
    hops = np.arange(len(shown))
    first = np.maximum(hops - JUDGED_HOPS, 0)
    last = np.minimum(hops + JUDGED_HOPS + 1, len(shown))
    judged = count[last] - count[first]
    return (judged >= JUDGED_FROM_HOPS) & (cost[last] - cost[first] <= TRUSTED_COST * judged)
