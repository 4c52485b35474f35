"""The person is cut out of a picture, with nothing of the wall at its outline."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.render.i420 import halved, yuv

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
cutout = import_module("livekit_plugins_avatar.tools.portrait.cutout")
ndimage = import_module("scipy.ndimage")

SIDE = 512


def test_a_soft_disc_is_cut_out_of_its_wall() -> None:
    """A dark disc with strands, before a light wall, comes out as it was put in, though the rough
    matte is too wide and knows no strand."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    away, angle = np.hypot(x, y), np.arctan2(y, x)
    strands = (np.sin(angle * 90) > 0.6) & (away < 156)
    true = ndimage.gaussian_filter(((away < 150) | strands).astype(float), 1.0)
    dark = np.stack([60 + 10 * np.sin(x / 20), 40 + 0 * x, 30 + 0 * x], -1)
    light = np.stack([200 + y / 20, 190 + 0 * x, 180 + x / 20], -1)
    picture = np.rint(true[..., None] * dark + (1 - true[..., None]) * light)
    cut = cutout.cut_out(picture, ndimage.gaussian_filter((away < 155).astype(float), 3.0))
    share = halved(true)
    assert np.abs(cut.matte - share).mean() < 0.004
    assert np.quantile(np.abs(cut.matte - share)[(share > 0.02) & (share < 0.98)], 0.9) < 0.15
    own = yuv(dark)[0]
    seen = np.kron(share, np.ones((2, 2))) > 0.1
    assert np.abs(cut.luma - own)[seen].mean() < 4


def test_a_picture_full_of_the_person_stays_whole() -> None:
    """Without a wall there is nothing to solve."""
    picture = np.full((SIDE, SIDE, 3), 90.0)
    cut = cutout.cut_out(picture, np.ones((SIDE, SIDE)))
    assert cut.matte.min() == 1
    assert np.abs(cut.luma - yuv(picture)[0]).max() < 1e-6


def test_a_file_keeps_the_outline_alone() -> None:
    """What is the figure's or cannot be seen is left out; what beside it counts is not."""
    matte = np.zeros((256, 256))
    matte[100:, :] = 1
    matte[99] = 0.5
    planes = np.full((SIDE, SIDE), 80.0), np.full((2, 256, 256), 120.0)
    luma = planes[0].copy()
    luma[300, 300] = 90
    kept = cutout.Cutout(luma, planes[1], matte).outline(*planes)
    codes = kept["cutout_matte"][0, 0]
    assert (codes[98] == 1).all() and (codes[99] == 128).all() and (codes[:98] == 0).all()
    assert codes[150, 150] == 254 and (codes[100:] == 255).sum() == 156 * 256 - 1
    assert kept["cutout_blocks"].shape == (2 * 256 + 1, 6)
    assert kept["cutout_blocks"][-1].tolist() == [90, 80, 80, 80, 120, 120]
