"""Where the teeth of a second picture end."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")
teeth = import_module("livekit_plugins_avatar.tools.portrait.teeth")


def mouth(end: int) -> tuple[np.ndarray, Any]:
    """A picture with lips from rows 40 to 70, between which teeth end at a row, and its slit."""
    picture = np.full((120, 120, 3), 150.0)
    picture[40:70, 20:100] = 30.0
    picture[40:end, 20:100] = 200.0
    t = np.linspace(20, 100, 11)
    bow = np.sqrt(np.clip(1 - ((t - 60) / 40) ** 2, 0, 1)) * 15
    upper, lower = (np.stack([t, 55 + side * bow], axis=1) for side in (-1, 1))
    return picture, slits.Slit(upper, lower)


def test_teeth_end_above_a_dark_depth() -> None:
    """In a mouth that is wide open they do not reach down to the lower lip."""
    end = teeth.upper_end(*mouth(52))
    assert end is not None
    assert abs(55 + float(np.interp(0.0, np.linspace(-1, 1, len(end)), end)) - 51.5) < 1.5


def test_teeth_of_a_smile_reach_the_lower_lip() -> None:
    """Where all is bright between the lips, there is no other end."""
    assert teeth.upper_end(*mouth(70)) is None
