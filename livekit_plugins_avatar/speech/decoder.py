"""Decides from how likely each viseme is what the mouth does.

A mouth does not flicker: another viseme takes over once it is clearly likelier than the one that is
held, and that one has been held as long as lips need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .features import HOP_SAMPLES
from .visemes import VISEMES, VisemeEvent

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

INTENSITY_DB = (-24.0, 2.0)
"""Loudness against the voice's own that maps to intensity 0 and 1."""

LOUDER = 0.5
"""Share of the way that the voice's loudness goes up in one hop: a vowel is enough."""

SOFTER_DB = 0.06
"""How fast the voice's loudness goes down, per hop, while it goes on more softly."""

CLOSING_DB = 0.6
"""How fast the envelope falls, per hop: a closure is silent, but as strong as what it is in."""


@dataclass(frozen=True, slots=True)
class Hops:
    """What a recogniser knows of some hops that follow one another; the decoder's input.

    Args:
        start: First sample, on the timeline of the stream; a multiple of `HOP_SAMPLES`.
        end: The sample after the last; the last hop of a stream may be cut short by it.
        log_probabilities: float32 [n, 15], in the order of `VISEMES`: how likely each viseme is.
        levels_db: float32 [n]: loudness in dBFS, a sine of full scale being 0.
    """

    start: int
    end: int
    log_probabilities: NDArray[np.float32]
    levels_db: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.levels_db)


@dataclass(frozen=True, slots=True)
class Habit:
    """How long a viseme is held at least, and what is added to its log-probability because to miss
    it is worse than to show it too often."""

    reason: str
    shortest_hops: int
    favour: float = 0.0


HABITS = {
    "sil": Habit("A shorter rest is a closure, or a glitch; a pause for breath takes 200 ms.", 4),
    "PP": Habit("A closure that is missed is seen at once; one too many is a mumble.", 2, 0.6),
    "FF": Habit("v between vowels is as short as 30 ms.", 2),
    "TH": Habit("In small words (the, that) hardly there.", 2),
    "DD": Habit("A tap, as in butter, takes 20 ms.", 2),
    "kk": Habit("The gap of an unstressed k takes 30 ms.", 2),
    "CH": Habit("Hiss of less than 30 ms is the burst of a t.", 3),
    "SS": Habit("As above.", 3),
    "nn": Habit("A nasal tap, as in winter, takes 20 ms.", 2),
    "RR": Habit("After a stop (try) it is over in 30 ms.", 2),
    "aa": Habit("The jaw cannot open and close in less than 30 ms.", 3),
    "E": Habit("Unstressed vowels shrink to 30 ms.", 2),
    "I": Habit("As above, and the glide y.", 2),
    "O": Habit("Never unstressed, so never so short.", 3),
    "U": Habit("The glide w takes 30 ms.", 2),
}
"""Durations of fluent speech (Klatt 1976; Crystal & House 1988), less what a recogniser misses at
the edges."""

SWITCH_COST = 0.1
"""How much likelier, as a difference of logarithms, another viseme must be to take over, so that
two that are as likely do not alternate."""

_FAVOUR = np.array([HABITS[viseme].favour for viseme in VISEMES], np.float32)
_SHORTEST_HOPS = [HABITS[viseme].shortest_hops for viseme in VISEMES]


class Decoder:
    """Decides one stream: a pure function of the hops so far."""

    def __init__(self) -> None:
        self._voice_db: float | None = None
        self._envelope_db = -np.inf
        # A stream begins in silence, which may end at once.
        self._held, self._held_hops = 0, _SHORTEST_HOPS[0]

    def push(self, hops: Hops) -> list[VisemeEvent]:
        """Decide the hops that follow; returns events that cover them without gaps."""
        return events_of(hops, *self.decide(hops))

    def decide(self, hops: Hops) -> tuple[Ints, Floats]:
        """The viseme of each hop that follows, and how strongly it is spoken, [hops] each."""
        likely = hops.log_probabilities + _FAVOUR
        visemes, intensities = np.zeros(len(hops), np.int64), np.zeros(len(hops))
        for hop, level_db in enumerate(hops.levels_db.tolist()):
            best = int(likely[hop].argmax())
            self._held_hops += 1
            may_change = self._held_hops >= _SHORTEST_HOPS[self._held]
            if may_change and likely[hop, best] - likely[hop, self._held] > SWITCH_COST:
                self._held, self._held_hops = best, 0
            visemes[hop], intensities[hop] = self._held, self._intensity(level_db)
        return visemes, intensities

    def _intensity(self, level_db: float) -> float:
        """How strongly a hop is spoken, against the loudness of the voice so far."""
        self._envelope_db = max(level_db, self._envelope_db - CLOSING_DB)
        if self._held == 0:
            return 0.0
        if self._voice_db is None:
            self._voice_db = self._envelope_db
        above_db = self._envelope_db - self._voice_db
        self._voice_db += LOUDER * above_db if above_db > 0 else -SOFTER_DB
        low, high = INTENSITY_DB
        return max(0.0, min(1.0, (self._envelope_db - self._voice_db - low) / (high - low)))


def events_of(hops: Hops, visemes: Ints, intensities: Floats) -> list[VisemeEvent]:
    """Events that cover `hops`: one for hops with the same viseme, as intense as the loudest."""
    return [
        VisemeEvent(
            VISEMES[visemes[first]],
            start := hops.start + first * HOP_SAMPLES,
            min(hops.start + last * HOP_SAMPLES, hops.end) - start,
            float(intensities[first:last].max()),
        )
        for first, last in stretches(visemes)
        if last > first
    ]


def stretches(values: Ints) -> Iterable[tuple[int, int]]:
    """Where each stretch of equal values begins, and where it ends."""
    edges = np.flatnonzero(np.diff(values)) + 1
    return pairwise([0, *edges.tolist(), len(values)])
