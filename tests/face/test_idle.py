"""Idle: a body that neither freezes nor fidgets."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.agent_state import mix
from livekit_plugins_avatar.face.idle import Idle
from livekit_plugins_avatar.face.situation import AGENT_STATES


def heads(state: str, times: range, seed: int = 1) -> np.ndarray:
    idle = Idle(seed)
    weights = mix([(0, state)], 0, 1)
    return np.array([idle.head(weights, t) for t in times])


@pytest.mark.parametrize("state", AGENT_STATES)
def test_the_head_is_never_still(state: str) -> None:
    """Within any half second the head turns visibly."""
    head = heads(state, range(0, 48_000 * 120, 4_800))
    turns = np.degrees(head[:, :3])
    for start in range(len(turns) - 5):
        window = turns[start : start + 6]
        assert np.ptp(window, axis=0).max() > 0.03


@pytest.mark.parametrize(("state", "limit"), [("idle", 1.5), ("listening", 1.5), ("speaking", 2.0)])
def test_the_head_never_fidgets(state: str, limit: float) -> None:
    """Turns stay slow, on average and at most."""
    for seed in range(3):
        head = heads(state, range(0, 48_000 * 120, 1_600), seed)
        speed = np.linalg.norm(np.diff(np.degrees(head[:, :3]), axis=0), axis=1) * 30
        assert np.sqrt((speed**2).mean()) < limit
        assert speed.max() < 3 * limit


def test_the_head_stays_near_rest() -> None:
    """Over ten minutes the head neither strays nor drifts."""
    head = heads("idle", range(0, 48_000 * 600, 48_000))
    assert np.abs(np.degrees(head[:, :3])).max() < 3.0
    assert np.abs(head[:, 3:]).max() < 0.01
    assert np.abs(np.degrees(head[:, :3]).mean(axis=0)).max() < 0.3


def test_breaths_come_at_the_rate_of_adults() -> None:
    """The shoulders rise 12 to 20 times a minute."""
    rise = heads("idle", range(0, 48_000 * 240, 4_800))[:, 4]
    spectrum = np.abs(np.fft.rfft((rise - rise.mean()) * np.hanning(len(rise))))
    per_minute = np.fft.rfftfreq(len(rise), 0.1)[spectrum.argmax()] * 60
    assert 12 <= per_minute <= 20
