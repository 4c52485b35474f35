"""Limits keep head and eyes within what a persona can draw."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.face.limits import GAZE_LIMIT_RAD, HEAD_LIMITS, soft_limit


def test_limits_are_soft() -> None:
    """Small values stay, large ones never pass the limit, and there is no corner between."""
    for limit in HEAD_LIMITS:
        assert soft_limit(limit * 0.7, limit) == limit * 0.7
    x = np.linspace(-2.0, 2.0, 2_001)
    kept = np.array([soft_limit(each, GAZE_LIMIT_RAD) for each in x.tolist()])
    assert np.abs(kept).max() <= GAZE_LIMIT_RAD
    slope = np.diff(kept) / np.diff(x)
    assert slope.min() >= 0.0 and slope.max() <= 1.0 + 1e-9
    assert np.abs(np.diff(slope)).max() < 0.05, "no corner"
