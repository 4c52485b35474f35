"""What the agent is doing, as the face sees it.

In flow changes of the agent's state, each at a sample of the published audio; out flow the recent
changes before any sample, and how far the face has passed from one state into the next. A blend
starts from wherever the one before had got to, so changes may follow each other as fast as they
like and nothing pops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..timeline import Timeline, samples
from .easing import ease

AGENT_STATES = ("initializing", "idle", "listening", "thinking", "speaking")
"""LiveKit's names for what an agent does."""

FEATURES_SAMPLES = samples(0.4)
"""How long the features take from one state to the next. Spontaneous expressions reach their height
in about half a second; below a quarter of a second a change looks like a twitch."""

POSTURE_SAMPLES = samples(0.9)
"""How long the head takes into the posture of the next state: weight moves slower than skin, and a
head that arrived together with the features would look pulled by one string."""

RECENT_SAMPLES = samples(1.25)
"""How far back the past can still be seen: longer than any blend, blink or turn of the head."""

_KEPT_CHANGES = 64
"""A state that lasted less than `RECENT_SAMPLES` / 64 is no state; no agent changes as fast."""


T = TypeVar("T")


class Change(NamedTuple):
    """The agent is in `state` from the sample `since` on."""

    since: int
    state: str


class AgentStates:
    """The agent's states over time; one thread sets, any thread reads."""

    def __init__(self) -> None:
        self._timeline: Timeline[str] = Timeline("initializing", limit=_KEPT_CHANGES)

    def set(self, sample: int, state: str) -> None:
        """Let the agent be in `state` from `sample` on; a state nobody knows is "idle".

        Being told again what is known changes nothing.
        """
        known = state if state in AGENT_STATES else "idle"
        *_, (since, last) = self._timeline
        if known != last or sample < since:
            self._timeline.set(sample, known)

    def recent(self, sample: int) -> tuple[Change, ...]:
        """The changes that the face at `sample` can still show, oldest first.

        The first is the one that held `RECENT_SAMPLES` earlier (or the oldest that is known), the
        last the one that holds at `sample`. There is always at least one.
        """
        return tuple(Change(*entry) for entry in recent(self._timeline, sample))


def recent(timeline: Timeline[T], sample: int) -> tuple[tuple[int, T], ...]:
    """The entries of a timeline that still matter at `sample`, as `AgentStates.recent` has them."""
    entries = list(timeline)
    past = [entry for entry in entries if entry[0] <= sample] or entries[:1]
    held = [entry for entry in past if entry[0] <= sample - RECENT_SAMPLES]
    return tuple(past[max(0, len(held) - 1) :])


def mix(changes: Sequence[Change], sample: int, blend_samples: int) -> NDArray[np.float64]:
    """How much of each state is in the face at `sample`.

    Args:
        changes: From `AgentStates.recent`.
        sample: When, on the published timeline.
        blend_samples: How long passing from one state to the next takes, at most `RECENT_SAMPLES`.

    Returns:
        float64 [5], one weight per name in `AGENT_STATES`, in [0, 1], summing to 1.
    """
    weights = np.zeros(len(AGENT_STATES))
    weights[AGENT_STATES.index(changes[0].state)] = 1.0
    for since, state in changes[1:]:
        arrived = ease((sample - since) / blend_samples)
        weights *= 1.0 - arrived
        weights[AGENT_STATES.index(state)] += arrived
    return weights
