"""Blends the face from one agent state into the next.

A blend starts from wherever the one before it had got to, so that changes may follow each other
closely and nothing pops.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..timeline import samples
from .easing import ease
from .situation import AGENT_STATES, Situations

FEATURES_SAMPLES = samples(0.4)
"""How long the features take from one state to the next. Spontaneous expressions reach their height
in about half a second; below a quarter of a second a change looks like a twitch."""

POSTURE_SAMPLES = samples(0.9)
"""How long the head takes into the posture of the next state: the head is heavier than skin, and
looks pulled by a string if it arrives together with the features."""


def agent_states(situations: Situations) -> list[tuple[int, str]]:
    """The changes of the agent's state in recent situations: (since which sample, state)."""
    changes: list[tuple[int, str]] = []
    for since, situation in situations:
        if not changes or changes[-1][1] != situation.agent:
            changes.append((since, situation.agent))
    return changes


def mix(changes: Sequence[tuple[int, str]], sample: int, blend_samples: int) -> list[float]:
    """How much of each of `AGENT_STATES` is in the face at `sample`: five weights, summing to 1.

    `changes` are from `agent_states`; each takes `blend_samples`, at most `RECENT_SAMPLES`.
    """
    weights = [0.0] * len(AGENT_STATES)
    weights[AGENT_STATES.index(changes[0][1])] = 1.0
    for since, state in changes[1:]:
        arrived = ease((sample - since) / blend_samples)
        weights = [weight * (1.0 - arrived) for weight in weights]
        weights[AGENT_STATES.index(state)] += arrived
    return weights
