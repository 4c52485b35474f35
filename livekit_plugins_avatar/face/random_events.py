"""Random events, such as glances and blinks, that need no memory of the past.

Time since a change of state is cut into epochs. Each is drawn from the face's seed, the change and
its number, so any moment of a call of any length can be asked for at the same small cost.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from math import log
from operator import itemgetter
from random import Random
from typing import Generic, TypeVar

from ..timeline import samples
from .situation import RECENT_SAMPLES

EPOCH_S = 30.0
"""Length of an epoch: a few holds of the gaze, so that its edges are rare."""

_EPOCH_SAMPLES = samples(EPOCH_S)
_KEPT_EPOCHS = 16
"""Enough for all epochs that a renderer can ask about at once."""

S = TypeVar("S", bound=Hashable)
T = TypeVar("T")

Draw = Callable[[Random, S, bool], Iterable[tuple[float, T]]]
"""Called with a random generator, the state, and whether the state begins with this epoch; returns
events as (seconds from the start of the epoch, in [0, `EPOCH_S`), value), in order."""


class RandomEvents(Generic[S, T]):
    """Random events that `draw` makes epoch by epoch; kinds are independent of each other."""

    def __init__(self, kind: str, seed: int, draw: Draw[S, T]) -> None:
        @lru_cache(maxsize=_KEPT_EPOCHS)
        def epoch(state: S, since: int, number: int) -> tuple[tuple[int, T], ...]:
            chance = Random(f"{kind}/{seed}/{since}/{number}")
            begins = since + number * _EPOCH_SAMPLES
            drawn = draw(chance, state, number == 0)
            return tuple((begins + samples(onset_s), value) for onset_s, value in drawn)

        self._epoch = epoch

    def recent(self, changes: Sequence[tuple[int, S]], sample: int) -> list[tuple[int, T]]:
        """Events that began within `RECENT_SAMPLES` up to `sample`, and the one before, if any.

        As (sample, value), in order. A state begins no events after it has ended.
        """
        sample = max(sample, changes[0][0])
        found: list[tuple[int, T]] = []
        ends = [since - 1 for since, _ in changes[1:]]
        for (since, state), last in zip(changes, [*ends, sample], strict=True):
            first = max(sample - RECENT_SAMPLES, since)
            numbers = range((first - since) // _EPOCH_SAMPLES, (last - since) // _EPOCH_SAMPLES + 1)
            for number in numbers:
                epoch = self._epoch(state, since, number)
                found += epoch[: bisect_right(epoch, last, key=itemgetter(0))]
        before = bisect_right(found, sample - RECENT_SAMPLES, key=itemgetter(0)) - 1
        return found[max(0, before) :]


def draws(kind: str, seed: int, draw: Callable[[Random], T]) -> Callable[[int], T]:
    """What `draw` makes of the seed and a sample, drawn once for each sample asked about."""

    @lru_cache(maxsize=64)
    def at(sample: int) -> T:
        return draw(Random(f"{kind}/{seed}/{sample}"))

    return at


def lognormal(chance: Random, mean: float, sigma: float) -> float:
    """A log-normal draw with the given mean; `sigma` is the deviation of its logarithm."""
    return chance.lognormvariate(log(mean) - sigma * sigma / 2.0, sigma)
