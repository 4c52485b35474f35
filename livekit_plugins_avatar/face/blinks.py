"""When the lids blink: spontaneously, and at large gaze shifts and the ends of turns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from ..timeline import samples, seconds
from .easing import ease
from .random_events import EPOCH_S, RandomEvents, draws, lognormal
from .situation import RECENT_SAMPLES, Situation, Situations
from .style import NATURAL, Style

AT_REST_PER_MIN = 17.0
BLINKS_PER_MIN = {"listening": 24.0, "speaking": 23.0, "ending": 23.0, "overhearing": 22.0}
"""Spontaneous blinks. People blink 17 times a minute at rest and 26 in conversation (Bentivoglio et
al. 1997); gaze shifts and turn ends add the difference. Attention turned inwards adds none."""

BLINK_SIGMA = 0.6
"""Deviation of the logarithm of the intervals, which are log-normal (Bentivoglio et al. 1997)."""

CLOSING_S = 0.09
CLOSED_S = 0.035
OPENING_S = 0.24
"""A blink closes fully in about 90 ms and opens in about 240 ms (Trutoiu et al. 2011). It stays
closed for the length of one frame, so that some frame shows it closed."""

BLINK_SPREAD = 0.12
"""Each blink is faster or slower by up to this share."""

BLINK_REST_S = 0.2
"""Least time between the end of a blink and the start of the next."""

SHIFT_FROM_DEG, SHIFT_SURE_DEG = 8.0, 33.0
"""Gaze shifts larger than the first angle may carry a blink, and most of those beyond the second do
(Evinger et al. 1994)."""

SHIFT_MOST = 0.8
"""Chance of a blink at the second angle and beyond; between the angles it rises linearly."""

TURN_END_CHANCE = 0.75
TURN_END_S = (0.05, 0.35)
"""The share of turns that end with a blink, and how soon it follows: blinks cluster at the ends of
turns (Cummins 2012; Nakano and Kitazawa 2010 for listeners, who blink along)."""

APART_S = (CLOSING_S + CLOSED_S + OPENING_S) * (1.0 + BLINK_SPREAD) + BLINK_REST_S
"""Least time from the start of one blink to the start of the next."""

_APART_SAMPLES = samples(APART_S)
_RUN_IN_S = 15.0
"""An epoch is drawn from this long before its start, so that it begins in midstream."""

Blink = tuple[int, float]
"""When it begins, and its length relative to the usual one."""


class Blinks:
    """The blinks of one face; the same seed blinks in the same way."""

    def __init__(self, seed: int, style: Style = NATURAL) -> None:
        def draw(chance: Random, situation: Situation, _: bool) -> list[tuple[float, float]]:
            per_min = BLINKS_PER_MIN.get(situation.state, AT_REST_PER_MIN)
            return _spontaneous(chance, per_min * style.blink)

        self._events: RandomEvents[Situation, float] = RandomEvents("blink", seed, draw)
        self._at_shift = draws("shift", seed, lambda chance: (chance.random(), _length(chance)))
        self._at_turn_end = draws("turn", seed, _after_turn)

    def closure(
        self, situations: Situations, shifts: Sequence[tuple[int, float]], sample: int
    ) -> float:
        """How far a blink closes the lids at `sample`, from 0 to 1, given recent gaze shifts.

        A cause that follows another within `APART_S` makes no blink, whether or not that one did:
        so no longer memory is needed.
        """
        causes = [
            *self._events.recent(situations, sample),
            *self._at_turn_ends(situations),
            *self._at_shifts(shifts),
        ]
        known = sorted(cause for cause in causes if sample - RECENT_SAMPLES < cause[0] <= sample)
        starts = [sample - 2 * RECENT_SAMPLES, *(start for start, _ in known)]
        return max(
            (
                _closure(seconds(sample - start) / length)
                for before, (start, length) in zip(starts, known, strict=False)
                if start - before >= _APART_SAMPLES
            ),
            default=0.0,
        )

    def _at_shifts(self, shifts: Sequence[tuple[int, float]]) -> list[Blink]:
        found = []
        for start, size_deg in shifts:
            part = (size_deg - SHIFT_FROM_DEG) / (SHIFT_SURE_DEG - SHIFT_FROM_DEG)
            if part > 0.0:
                drawn, length = self._at_shift(start)
                if drawn < SHIFT_MOST * min(1.0, part):
                    found.append((start, length))
        return found

    def _at_turn_ends(self, situations: Situations) -> list[Blink]:
        found = []
        for (_, before), (since, after) in pairwise(situations):
            if before.agent == "speaking" and after.agent != "speaking":
                drawn, delay, length = self._at_turn_end(since)
                if drawn < TURN_END_CHANCE:
                    found.append((since + delay, length))
        return found


def _after_turn(chance: Random) -> tuple[float, int, float]:
    return chance.random(), samples(chance.uniform(*TURN_END_S)), _length(chance)


def _length(chance: Random) -> float:
    return chance.uniform(1.0 - BLINK_SPREAD, 1.0 + BLINK_SPREAD)


def _spontaneous(chance: Random, per_min: float) -> list[tuple[float, float]]:
    """The blinks of an epoch; one from before may be under way in its first `APART_S`."""
    mean_s = 60.0 / per_min - APART_S
    blinks: list[tuple[float, float]] = []
    onset_s = -_RUN_IN_S
    while onset_s < EPOCH_S:
        if onset_s >= APART_S:
            blinks.append((onset_s, _length(chance)))
        onset_s += APART_S + lognormal(chance, mean_s, BLINK_SIGMA)
    return blinks


def _closure(time_s: float) -> float:
    """How far a blink of the usual length closes the lids `time_s` after it began."""
    if time_s < CLOSING_S + CLOSED_S:
        return ease(time_s / CLOSING_S)
    # The lid opens quickly and comes to rest slowly.
    opened = min(1.0, (time_s - CLOSING_S - CLOSED_S) / OPENING_S)
    return 1.0 - ease(opened**0.75)
