"""The line between closed lips is found in the picture."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")


def _line(luma: np.ndarray) -> np.ndarray:
    points = np.stack([np.linspace(20, 84, 11), np.full(11, 30.0)], axis=-1)
    slit = slits.Slit(points, points)
    slit.close_on_line(luma)
    return np.asarray(slit.upper)


def test_closed_lips_part_on_the_dark_line() -> None:
    """Three pixels below the landmarks, where it is dark, but for the corners."""
    luma = np.full((60, 104), 150.0)
    luma[33] = 60
    assert np.abs(_line(luma)[12:-12] - 3).max() < 0.5


def test_a_dark_patch_of_a_lip_is_not_its_line() -> None:
    """A patch beside the line that is darker for a few pixels does not draw it away."""
    luma = np.full((60, 104), 150.0)
    luma[30] = 80
    luma[27:29, 55:61] = 25
    assert np.abs(_line(luma)).max() < 0.6
