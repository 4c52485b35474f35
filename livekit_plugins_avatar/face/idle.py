"""Breath and sway: small movements of head and body that never stop.

Both are sums of slow waves whose lengths share no common measure: smooth, bounded and, within a
call, never repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from operator import mul

import numpy as np
from numpy.typing import NDArray

from ..timeline import seconds
from .situation import AGENT_STATES
from .style import NATURAL, Style

HEAD_AXES = ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")
"""The axes that sway and breath move, in the order of FaceState's parameters."""

SWAY_RMS = np.array([*np.radians([0.8, 0.5, 0.5]), 0.0025, 0.0008, 0.002])
"""Root mean square of the sway in radians and metres, as in people who sit and attend. More looks
like fidgeting, less like a photograph."""

SWAY_HZ = (0.04, 0.07, 0.12, 0.20, 0.33)
"""The waves of the sway, before each axis varies them; above half a hertz they are a tremble."""

SWAY_SLOPE = 0.6
"""The amplitude of a wave falls with this power of its frequency: slow waves are large."""

SWAY_HZ_SPREAD = 0.15
"""The frequency of each wave of each axis varies by up to this share: no two keep step."""

SWAY_GAIN = {"listening": 0.8, "thinking": 0.9, "speaking": 1.4}
"""Factor of the sway: an attentive head is quieter than at rest, and speakers move theirs."""

BREATH_HZ = 0.23
"""14 breaths a minute; adults at rest take 12 to 20."""

BREATH_LEAN = 0.4
"""How far the wave leans forward, in radians: breathing in is quicker than breathing out."""

BREATH_WANDER = ((0.021, 0.7), (0.053, 0.5))
"""Slow waves (Hz, radians) that make breaths up to a tenth faster or slower: no metronome."""

BREATH = np.array([0.0, np.radians(0.25), 0.0, 0.0, 0.0014, 0.0006])
"""How far a breath moves head and shoulders: up and nearer with the chest; the head tips back."""


class Idle:
    """The idle movements of one face; the same seed moves in the same way."""

    def __init__(self, seed: int, style: Style = NATURAL) -> None:
        chance = np.random.default_rng([seed, len(HEAD_AXES)])
        shape = (len(HEAD_AXES), len(SWAY_HZ))
        spread = chance.uniform(1.0 - SWAY_HZ_SPREAD, 1.0 + SWAY_HZ_SPREAD, shape)
        self._omega = 2.0 * pi * np.array(SWAY_HZ) * spread
        self._phase = chance.uniform(0.0, 2.0 * pi, shape)
        size = self._omega**-SWAY_SLOPE
        # A sine has 1 / sqrt(2) of its height as root mean square.
        size *= np.sqrt(2.0) / np.linalg.norm(size, axis=1, keepdims=True)
        self._size = size * SWAY_RMS[:, None] * style.sway
        self._gain = [SWAY_GAIN.get(state, 1.0) for state in AGENT_STATES]
        self._breath = style.breath * BREATH
        self._breath_phase, *self._wander_phase = chance.uniform(
            0.0, 2.0 * pi, 1 + len(BREATH_WANDER)
        )

    def head(self, posture: Sequence[float], sample: int) -> NDArray[np.float64]:
        """How far sway and breath move the head at `sample`: float64 [6], as `HEAD_AXES`.

        `posture` has the weights of the agent states in the posture, from `agent_state.mix`.
        """
        time_s = seconds(sample)
        waves = np.sin(self._omega * time_s + self._phase)
        sway = np.einsum("ij,ij->i", self._size, waves)
        gain = sum(map(mul, posture, self._gain))
        angle = 2.0 * pi * BREATH_HZ * time_s + self._breath_phase
        for (hz, size), phase in zip(BREATH_WANDER, self._wander_phase, strict=True):
            angle += size * sin(2.0 * pi * hz * time_s + phase)
        breath = self._breath * sin(angle + BREATH_LEAN * cos(angle))
        moved: NDArray[np.float64] = sway * gain + breath
        return moved
