"""Idle: blinks, breath and sway, so that the body never freezes.

In flow the recent states of the agent; out flow the closure of the lids and the small movements of
the head that never stop. Blinks are drawn at the rate people blink at in that state. Breath and
sway are sums of slow waves whose lengths share no common measure: smooth, bounded, without a seam
and, over a call, without a repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from random import Random

import numpy as np
from numpy.typing import NDArray

from ..timeline import seconds
from .agent import AGENT_STATES, Change
from .bouts import EPOCH_S, Bouts, lognormal
from .motion import ease

BLINKS_PER_MIN = {
    "initializing": 17.0,
    "idle": 17.0,
    "listening": 26.0,
    "thinking": 17.0,
    "speaking": 26.0,
}
"""17 at rest, 26 in conversation (Bentivoglio et al. 1997). While thinking the rate at rest:
attention turned inwards holds blinks back."""

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

_BLINK_APART_S = (CLOSING_S + CLOSED_S + OPENING_S) * (1.0 + BLINK_SPREAD) + BLINK_REST_S
_BLINK_RUN_IN_S = 15.0
"""An epoch begins in the middle of things: it is drawn from this long before."""

HEAD_AXES = ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")
"""The axes that sway and breath move, in the order of FaceState's parameters."""

SWAY_RMS = np.array([*np.radians([0.8, 0.5, 0.5]), 0.0025, 0.0008, 0.002])
"""How far the head strays, root mean square, in radians and metres: half a degree to one and two
millimetres, as in people who sit and attend. More is fidgeting, less is a photograph."""

SWAY_HZ = (0.04, 0.07, 0.12, 0.20, 0.33)
"""The waves of the sway, before each axis shifts them: from slow settling to small corrections.
Above half a hertz movement reads as a tremble."""

SWAY_SLOPE = 0.6
"""The amplitude of a wave falls with this power of its frequency: slow waves are the large ones."""

SWAY_HZ_SPREAD = 0.15
"""Each wave of each axis lies that much higher or lower at most: no two keep step."""

SWAY_GAIN = np.array(
    [
        {
            "initializing": 1.0,
            "idle": 1.0,
            "listening": 0.8,  # it attends, and an attentive head is quieter
            "thinking": 0.9,
            "speaking": 1.4,  # speakers' heads move with what they say
        }[state]
        for state in AGENT_STATES
    ]
)
"""How much of the sway each state shows."""

BREATH_HZ = 0.23
"""14 breaths a minute; adults at rest take 12 to 20."""

BREATH_LEAN = 0.4
"""Breathing in is quicker than breathing out: how far the wave leans forward, in radians."""

BREATH = np.array([0.0, np.radians(0.25), 0.0, 0.0, 0.0012, 0.0005])
"""How far a breath moves the head: it rises with the chest, tips back a little and comes nearer."""


class Idle:
    """The restlessness of one face; the same seed is restless in the same way."""

    def __init__(self, seed: int) -> None:
        self._blinks: Bouts[float] = Bouts("blink", seed, _draw)
        chance = np.random.default_rng([seed, len(HEAD_AXES)])
        shape = (len(HEAD_AXES), len(SWAY_HZ))
        spread = chance.uniform(1.0 - SWAY_HZ_SPREAD, 1.0 + SWAY_HZ_SPREAD, shape)
        self._omega = 2.0 * pi * np.array(SWAY_HZ) * spread
        self._phase = chance.uniform(0.0, 2.0 * pi, shape)
        size = self._omega**-SWAY_SLOPE
        # A sine has 1 / sqrt(2) of its height as root mean square.
        size *= np.sqrt(2.0) / np.linalg.norm(size, axis=1, keepdims=True)
        self._size = size * SWAY_RMS[:, None]
        self._breath_phase = chance.uniform(0.0, 2.0 * pi)

    def closure(self, changes: Sequence[Change], sample: int) -> float:
        """How far blinking closes the lids at `sample`: 0 open, 1 shut."""
        blinks = self._blinks.recent(changes, sample)
        return max(
            (_closure(seconds(sample - start) / length) for start, length in blinks), default=0.0
        )

    def head(self, posture: NDArray[np.float64], sample: int) -> NDArray[np.float64]:
        """What sway and breath do to the head at `sample`.

        Args:
            posture: How much of each agent state is in the head's posture (`agent.mix`).
            sample: When, on the published timeline.

        Returns:
            float64 [6], one per name in `HEAD_AXES`, radians and metres.
        """
        time_s = seconds(sample)
        waves = np.sin(self._omega * time_s + self._phase)
        sway = (self._size * waves).sum(axis=1)
        phase = 2.0 * pi * BREATH_HZ * time_s + self._breath_phase
        breath = np.sin(phase + BREATH_LEAN * np.cos(phase))
        moved: NDArray[np.float64] = sway * float(posture @ SWAY_GAIN) + BREATH * breath
        return moved


def _draw(chance: Random, state: str, _entering: bool) -> list[tuple[float, float]]:
    """Blinks and their lengths (1 is the usual one).

    None in the first `_BLINK_APART_S` of the epoch, where a blink from before may still go on.
    """
    mean_s = 60.0 / BLINKS_PER_MIN[state] - _BLINK_APART_S
    blinks: list[tuple[float, float]] = []
    onset_s = -_BLINK_RUN_IN_S
    while onset_s < EPOCH_S:
        if onset_s >= _BLINK_APART_S:
            blinks.append((onset_s, chance.uniform(1.0 - BLINK_SPREAD, 1.0 + BLINK_SPREAD)))
        onset_s += _BLINK_APART_S + lognormal(chance, mean_s, BLINK_SIGMA)
    return blinks


def _closure(time_s: float) -> float:
    """How far a blink of the usual length closes the lids `time_s` after it began."""
    if time_s < CLOSING_S + CLOSED_S:
        return ease(time_s / CLOSING_S)
    # The lid lets go quickly and comes to rest slowly.
    opened = min(1.0, (time_s - CLOSING_S - CLOSED_S) / OPENING_S)
    return 1.0 - ease(opened**0.75)
