"""What is injected is what is measured."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.tools.watch.proof import shifts
from livekit_plugins_avatar.tools.watch.proof.prove import sync_figures

from .synthetic import heard, seen


def test_clips_that_are_joined_drift_as_injected() -> None:
    """Two clips, joined in an order of chance to two minutes."""
    clips = [seen(heard(8.0, speech=[(0.2, 7.0)], seed=seed)) for seed in (1, 2)]
    whole = shifts.joined(clips, np.random.default_rng(0), seconds=120)
    assert whole.signals.times_s[-1] >= 120
    assert (np.diff(whole.signals.times_s) > 0).all()
    assert (np.diff(whole.heard.times_s) > 0).all()
    assert shifts.drift_ms_per_min(whole, 20.0) == pytest.approx(20, abs=4)


def test_clips_without_speech_tell_no_offset() -> None:
    """Nothing is claimed of them."""
    assert sync_figures([seen(heard(8.0, speech=[]))], 0) == {"offset_told_share": 0.0}
