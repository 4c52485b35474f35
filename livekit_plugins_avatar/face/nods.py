"""A listener's nods, which say "go on, I hear you".

A nod is one small dip of the head or two, drawn from the seed and the moment.
"""

from __future__ import annotations

from math import radians
from random import Random

from ..timeline import samples
from .easing import bump

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
        self._seed = seed
        # Replaced whole: a reader never sees a change half made.
        self._starts: tuple[int, ...] = ()

    def add(self, sample: int) -> None:
        """Nod at `sample`, unless a nod is under way then."""
        if not any(abs(sample - start) < APART_SAMPLES for start in self._starts):
            self._starts = (*self._starts, sample)[-_KEPT:]

    def pitch_rad(self, sample: int) -> float:
        """The pitch that nodding adds at `sample`: 0 or below, which is down."""
        return -sum(
            self._dip(start, sample - start)
            for start in self._starts
            if 0 < sample - start < APART_SAMPLES
        )

    def _dip(self, start: int, age: int) -> float:
        chance = Random(f"nod/{self._seed}/{start}")
        length = samples(chance.uniform(*DIP_S))
        depth = chance.uniform(*DIP_RAD)
        if age >= length:
            if chance.random() >= TWICE_SHARE:
                return 0.0
            age, depth = age - length, depth * SECOND_DIP
        return depth * bump(age, DOWN_SHARE * length, (1.0 - DOWN_SHARE) * length)
