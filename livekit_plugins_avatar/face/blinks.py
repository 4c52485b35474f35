"""Blinks: when the lids close, and why.

In flow the recent situations of the face and the recent shifts of its gaze; out flows the closure
of the lids. Most blinks come by themselves, at the rate people blink at in that situation; some go
along with large gaze shifts, and some mark the end of a turn. No two come close together: what
comes too soon after a reason to blink is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random

from ..timeline import samples, seconds
from .easing import ease
from .random_events import EPOCH_S, RandomEvents, lognormal
from .situation import RECENT_SAMPLES, Situation
from .style import NATURAL, Style

BLINKS_PER_MIN = {
    "initializing": 17.0,
    "idle": 17.0,
    "listening": 24.0,
    "thinking": 17.0,
    "speaking": 23.0,
    "ending": 23.0,
    "interrupted": 17.0,
    "overhearing": 22.0,
    "override": 17.0,
    "aside": 17.0,
}
"""17 at rest, 26 in conversation (Bentivoglio et al. 1997), those at gaze shifts and turn ends
included, which are drawn apart and make up the rest. While thinking the rate at rest: attention
turned inwards holds blinks back."""

BLINK_SIGMA = 0.6
"""Deviation of the logarithm of the intervals, which are log-normal (Bentivoglio et al. 1997)."""

CLOSING_S = 0.09
CLOSED_S = 0.035
OPENING_S = 0.24
"""A blink closes in about 90 ms and opens in about 240 ms, fully and asymmetrically (Trutoiu et al.
2011). It stays closed for the length of one frame, so that some frame shows it closed."""

BLINK_SPREAD = 0.12
"""No two blinks are alike: each is that much faster or slower at most."""

BLINK_REST_S = 0.2
"""Between the end of a blink and the start of the next at least this."""

SHIFT_FROM_DEG, SHIFT_SURE_DEG = 8.0, 33.0
"""Gaze shifts from the first angle on may carry a blink, most beyond the second do (Evinger et al.
1994)."""

SHIFT_MOST = 0.8
"""Chance of a blink at the second angle; on the way there it rises evenly."""

TURN_END_CHANCE = 0.75
TURN_END_S = (0.05, 0.35)
"""Blinks cluster at the ends of turns (Cummins 2012; Nakano and Kitazawa 2010 for listeners who
blink along): how many turns end with one, and how soon after it comes."""

_LENGTH_S = (CLOSING_S + CLOSED_S + OPENING_S) * (1.0 + BLINK_SPREAD)
APART_S = _LENGTH_S + BLINK_REST_S
"""From the start of one blink to the start of the next, at least."""

_APART_SAMPLES = samples(APART_S)
_RUN_IN_S = 15.0
"""An epoch begins in the middle of things: it is drawn from this long before."""

Blink = tuple[int, float]
"""When it begins, and its length: 1 is the usual one."""


class Blinks:
    """The blinks of one face; the same seed blinks in the same way."""

    def __init__(self, seed: int, style: Style = NATURAL) -> None:
        def draw(
            chance: Random, situation: Situation, _entering: bool
        ) -> list[tuple[float, float]]:
            return _by_themselves(chance, BLINKS_PER_MIN[situation.state] * style.blink)

        self._seed = seed
        self._events: RandomEvents[Situation, float] = RandomEvents("blink", seed, draw)

    def closure(
        self,
        situations: Sequence[tuple[int, Situation]],
        shifts: Sequence[tuple[int, float]],
        sample: int,
    ) -> float:
        """How far blinking closes the lids at `sample`: 0 open, 1 shut.

        Args:
            situations: From `situation.recent`.
            shifts: From `Gaze.shifts`.
            sample: When, on the published timeline.
        """
        blinks = self._recent(situations, shifts, sample)
        return max(
            (_closure(seconds(sample - start) / length) for start, length in blinks), default=0.0
        )

    def _recent(
        self,
        situations: Sequence[tuple[int, Situation]],
        shifts: Sequence[tuple[int, float]],
        sample: int,
    ) -> list[Blink]:
        """The blinks that may still go on at `sample`.

        A reason to blink is left out when another one, heeded or not, came before it within
        `APART_S`: this needs no memory longer than that.
        """
        reasons = [
            *self._events.recent(situations, sample),
            *self._at_turn_ends(situations),
            *self._at_shifts(shifts),
        ]
        known = sorted(
            reason for reason in reasons if sample - RECENT_SAMPLES < reason[0] <= sample
        )
        return [
            blink
            for blink, before in zip(known, [None, *known], strict=False)
            if before is None or blink[0] - before[0] >= _APART_SAMPLES
        ]

    def _at_shifts(self, shifts: Sequence[tuple[int, float]]) -> list[Blink]:
        found = []
        for start, size_deg in shifts:
            part = (size_deg - SHIFT_FROM_DEG) / (SHIFT_SURE_DEG - SHIFT_FROM_DEG)
            if part <= 0.0:
                continue
            chance = Random(f"shift/{self._seed}/{start}")
            if chance.random() < SHIFT_MOST * min(1.0, part):
                found.append((start, _length(chance)))
        return found

    def _at_turn_ends(self, situations: Sequence[tuple[int, Situation]]) -> list[Blink]:
        found = []
        for (_, before), (since, after) in pairwise(situations):
            if before.agent != "speaking" or after.agent == "speaking":
                continue
            chance = Random(f"turn/{self._seed}/{since}")
            if chance.random() < TURN_END_CHANCE:
                found.append((since + samples(chance.uniform(*TURN_END_S)), _length(chance)))
        return found


def _length(chance: Random) -> float:
    return chance.uniform(1.0 - BLINK_SPREAD, 1.0 + BLINK_SPREAD)


def _by_themselves(chance: Random, per_min: float) -> list[tuple[float, float]]:
    """Blinks of one epoch and their lengths.

    None in its first `APART_S`, where a blink from before may still go on.
    """
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
    # The lid lets go quickly and comes to rest slowly.
    opened = min(1.0, (time_s - CLOSING_S - CLOSED_S) / OPENING_S)
    return 1.0 - ease(opened**0.75)
