"""Idle: breath and sway, so that the body never freezes.

In flows how much of each state of the agent is in the posture; out flow the small movements of head
and body that never stop. Breath and sway are sums of slow waves whose lengths share no common
measure: smooth, bounded, without a seam and, over a call, without a repeat. What moves the head's
place moves the shoulders too: a persona's translation is that of head and upper body.
"""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from ..timeline import seconds
from .situation import AGENT_STATES
from .style import NATURAL, Style

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

BREATH_WANDER = ((0.021, 0.7), (0.053, 0.5))
"""Slow waves (Hz, radians) by which a breath comes early or late: up to a tenth faster or slower,
for nobody breathes to a metronome."""

BREATH = np.array([0.0, np.radians(0.25), 0.0, 0.0, 0.0014, 0.0006])
"""How far a breath moves head and shoulders: they rise with the chest, the head tips back a little,
and both come nearer."""


class Idle:
    """The restlessness of one face; the same seed is restless in the same way."""

    def __init__(self, seed: int, style: Style = NATURAL) -> None:
        chance = np.random.default_rng([seed, len(HEAD_AXES)])
        shape = (len(HEAD_AXES), len(SWAY_HZ))
        spread = chance.uniform(1.0 - SWAY_HZ_SPREAD, 1.0 + SWAY_HZ_SPREAD, shape)
        self._omega = 2.0 * pi * np.array(SWAY_HZ) * spread
        self._phase = chance.uniform(0.0, 2.0 * pi, shape)
        size = self._omega**-SWAY_SLOPE
        # A sine has 1 / sqrt(2) of its height as root mean square.
        size *= np.sqrt(2.0) / np.linalg.norm(size, axis=1, keepdims=True)
        self._size = size * SWAY_RMS[:, None]
        self._size *= style.sway
        self._breath = style.breath * BREATH
        self._breath_phase, *self._wander_phase = chance.uniform(
            0.0, 2.0 * pi, 1 + len(BREATH_WANDER)
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
        breath = self._breath * _lean(self._breath_angle(time_s))
        moved: NDArray[np.float64] = sway * float(posture @ SWAY_GAIN) + breath
        return moved

    def _breath_angle(self, time_s: float) -> float:
        angle: float = 2.0 * pi * BREATH_HZ * time_s + self._breath_phase
        for (hz, size), phase in zip(BREATH_WANDER, self._wander_phase, strict=True):
            angle += size * sin(2.0 * pi * hz * time_s + phase)
        return angle


def _lean(angle: float) -> float:
    return sin(angle + BREATH_LEAN * cos(angle))
