"""The agent's state as the face sees it: blends that chain, and a short memory."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.agent_state import (
    AGENT_STATES,
    FEATURES_SAMPLES,
    POSTURE_SAMPLES,
    RECENT_SAMPLES,
    AgentStates,
    Change,
    mix,
)

BLEND = FEATURES_SAMPLES


def weight(states: AgentStates, sample: int, state: str) -> float:
    return float(mix(states.recent(sample), sample, BLEND)[AGENT_STATES.index(state)])


def test_a_face_begins_as_initializing() -> None:
    assert AgentStates().recent(0) == (Change(0, "initializing"),)
    assert AgentStates().recent(-5) == (Change(0, "initializing"),)


def test_one_state_passes_into_the_next_over_the_blend() -> None:
    states = AgentStates()
    states.set(100_000, "listening")
    assert weight(states, 100_000, "initializing") == 1.0
    assert weight(states, 100_000 + BLEND // 2, "listening") == pytest.approx(0.5)
    assert weight(states, 100_000 + BLEND, "listening") == 1.0


def test_changes_in_quick_succession_blend_from_wherever_the_face_was() -> None:
    states = AgentStates()
    rng = np.random.default_rng(3)
    sample = 0
    for _ in range(40):
        sample += int(rng.integers(500, 12_000))
        states.set(sample, str(rng.choice(AGENT_STATES)))
    weights = np.array([mix(states.recent(t), t, BLEND) for t in range(0, sample + 48_000, 240)])
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert weights.min() >= 0.0
    # The steepest part of one blend moves 1.875 / 80 of the way in 5 ms; two may overlap.
    assert np.abs(np.diff(weights, axis=0)).max() < 2 * 1.875 * 240 / BLEND


def test_a_state_nobody_knows_is_idle() -> None:
    states = AgentStates()
    states.set(10, "daydreaming")
    assert states.recent(10)[-1] == Change(10, "idle")


def test_being_told_again_changes_nothing() -> None:
    states = AgentStates()
    states.set(10, "listening")
    states.set(5_000, "listening")
    assert states.recent(6_000)[-1] == Change(10, "listening")


def test_an_earlier_change_replaces_the_later_ones() -> None:
    states = AgentStates()
    states.set(5_000, "thinking")
    states.set(4_000, "thinking")
    assert states.recent(6_000)[-1] == Change(4_000, "thinking")


def test_recent_reaches_back_to_the_state_that_held_before() -> None:
    states = AgentStates()
    for sample, state in [(0, "idle"), (10_000, "listening"), (200_000, "thinking")]:
        states.set(sample, state)
    assert states.recent(200_000) == (Change(10_000, "listening"), Change(200_000, "thinking"))
    assert states.recent(200_000 + RECENT_SAMPLES) == (Change(200_000, "thinking"),)
    assert states.recent(199_999) == (Change(10_000, "listening"),)


def test_the_head_follows_its_features_and_nothing_outlasts_what_is_remembered() -> None:
    assert FEATURES_SAMPLES < POSTURE_SAMPLES <= RECENT_SAMPLES
