"""The agent's state as the face shows it: blends that chain, and a short memory."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.agent_state import (
    FEATURES_SAMPLES,
    POSTURE_SAMPLES,
    agent_states,
    mix,
)
from livekit_plugins_avatar.face.situation import (
    AGENT_STATES,
    AT_START,
    CAMERA,
    RECENT_SAMPLES,
    Situation,
    recent,
)
from livekit_plugins_avatar.timeline import Timeline

BLEND = FEATURES_SAMPLES


def situation(agent: str, state: str = "") -> Situation:
    return Situation(state or agent, agent, CAMERA)


def changes(situations: Timeline[Situation], sample: int) -> list[tuple[int, str]]:
    return agent_states(recent(situations, sample))


def weight(situations: Timeline[Situation], sample: int, state: str) -> float:
    weights = mix(changes(situations, sample), sample, BLEND)
    return float(weights[AGENT_STATES.index(state)])


def test_a_face_begins_as_initializing() -> None:
    """Before anything has happened, and before sample 0, one state holds."""
    assert changes(Timeline(AT_START), 0) == changes(Timeline(AT_START), -5)
    assert changes(Timeline(AT_START), 0) == [(0, "initializing")]


def test_a_state_blends_into_the_next() -> None:
    """Weights go from 0 to 1 over the blend, through a half in its middle."""
    situations = Timeline(AT_START)
    situations.set(100_000, situation("listening"))
    assert weight(situations, 100_000, "initializing") == 1.0
    assert weight(situations, 100_000 + BLEND // 2, "listening") == pytest.approx(0.5)
    assert weight(situations, 100_000 + BLEND, "listening") == 1.0


def test_quick_changes_do_not_pop() -> None:
    """Blends that interrupt each other are continuous, and weights always sum to 1."""
    situations = Timeline(AT_START)
    rng = np.random.default_rng(3)
    sample = 0
    for _ in range(40):
        sample += int(rng.integers(500, 12_000))
        situations.set(sample, situation(str(rng.choice(AGENT_STATES))))
    weights = np.array([mix(changes(situations, t), t, BLEND) for t in range(0, sample, 240)])
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert weights.min() >= 0.0
    # The steepest part of one blend moves 1.875 / 80 of the way in 5 ms; two may overlap.
    assert np.abs(np.diff(weights, axis=0)).max() < 2 * 1.875 * 240 / BLEND


def test_an_unchanged_state_is_no_change() -> None:
    """A new situation in the same agent state leaves the blend under way alone."""
    situations = Timeline(situation("listening"))
    situations.set(90_000, situation("speaking"))
    situations.set(95_000, situation("speaking", "ending"))
    assert changes(situations, 100_000) == [(0, "listening"), (90_000, "speaking")]


def test_recent_includes_the_state_before() -> None:
    """The first of the recent changes is the one that held before the window."""
    situations = Timeline(situation("idle"))
    for sample, state in [(10_000, "listening"), (200_000, "thinking")]:
        situations.set(sample, situation(state))
    assert changes(situations, 200_000) == [(10_000, "listening"), (200_000, "thinking")]
    assert changes(situations, 200_000 + RECENT_SAMPLES) == [(200_000, "thinking")]
    assert changes(situations, 199_999) == [(10_000, "listening")]


def test_blends_fit_into_what_is_recent() -> None:
    """The head arrives after the features, and both within the recent past."""
    assert FEATURES_SAMPLES < POSTURE_SAMPLES <= RECENT_SAMPLES
