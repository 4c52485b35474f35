"""A listener's nods, which say "go on, I hear you": one small dip of the head or two."""

from __future__ import annotations

from math import radians
from random import Random

from ..timeline import samples
from .easing import bump
from .random_events import draws

DIP_S = (0.42, 0.58)
"""Shortest and longest time down and up again: affirming nods come at about two a second, the calm
end of the ordinary movements of listeners' heads (1.8 to 3.7 Hz, Hadar et al. 1985)."""

DIP_RAD = (radians(2.0), radians(3.2))
"""Least and greatest depth: listeners nod by a few degrees, less than speakers."""

TWICE_SHARE = 0.45
SECOND_DIP = 0.55
"""The share of nods that dip twice, and the depth of the second dip relative to the first."""

DOWN_SHARE = 0.45
"""The share of a dip's time on the way down: heads fall faster than they are lifted."""

APART_SAMPLES = samples(2 * DIP_S[1])
"""Least time from the start of one nod to the next: the longest nod."""

_KEPT = 4


class Nods:
    """The nods of one face; one thread adds, any thread reads."""

    def __init__(self, seed: int) -> None:
        self._drawn = draws("nod", seed, _draw)
        # Replaced whole: a reader never sees a change half made.
        self._starts: tuple[int, ...] = ()

    def add(self, sample: int) -> None:
        """Nod at `sample`, unless a nod is under way then."""
        if not any(abs(sample - start) < APART_SAMPLES for start in self._starts):
            self._starts = (*self._starts, sample)[-_KEPT:]

    def pitch_rad(self, sample: int) -> float:
        """The pitch that nodding adds at `sample`: 0 or below, which is down."""
        return -sum(
            self._depth(start, sample - start)
            for start in self._starts
            if 0 < sample - start < APART_SAMPLES
        )

    def _depth(self, start: int, age: int) -> float:
        length, depth, twice = self._drawn(start)
        if age >= length:
            age, depth = age - length, depth * SECOND_DIP * twice
        return depth * bump(age, DOWN_SHARE * length, (1.0 - DOWN_SHARE) * length)


def _draw(chance: Random) -> tuple[int, float, bool]:
    """The length of each dip of a nod, the depth of the first, and whether there are two."""
    length, depth = samples(chance.uniform(*DIP_S)), chance.uniform(*DIP_RAD)
    return length, depth, chance.random() < TWICE_SHARE
