"""Pictures are compared as the field does."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.similarity import (
    PSNR_MOST_DB,
    RGB,
    psnr_db,
    ssim,
)
from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB


def noise(seed: int, height: int = 24, width: int = 32) -> RGB:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def grey(level: int) -> RGB:
    return np.full((16, 16, 3), level, np.uint8)


def test_equal_pictures_are_as_alike_as_can_be() -> None:
    picture = noise(1)
    assert psnr_db(picture, picture) == PSNR_MOST_DB
    assert ssim(picture, picture) == pytest.approx(1.0)


@pytest.mark.parametrize(("error", "wanted_db"), [(1, 48.13), (16, 24.05), (255, 0.0)])
def test_psnr_is_the_peak_over_the_error(error: int, wanted_db: float) -> None:
    assert psnr_db(grey(0), grey(error)) == pytest.approx(wanted_db, abs=0.01)
    assert psnr_db(grey(error), grey(0)) == pytest.approx(wanted_db, abs=0.01)


def test_ssim_of_flat_pictures_is_that_of_their_means() -> None:
    c1 = (0.01 * 255) ** 2
    wanted = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    assert ssim(grey(100), grey(150)) == pytest.approx(wanted)


def test_ssim_of_one_window_is_the_formula_of_the_paper() -> None:
    a, b = (noise(seed, 11, 11) @ LUMA_OF_RGB for seed in (1, 2))
    y, x = np.mgrid[-5:6, -5:6]
    weights = np.exp(-(x**2 + y**2) / (2 * 1.5**2))
    weights /= weights.sum()
    mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
    variance_a, variance_b = (
        (weights * (a - mean_a) ** 2).sum(),
        (weights * (b - mean_b) ** 2).sum(),
    )
    covariance = (weights * (a - mean_a) * (b - mean_b)).sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    wanted = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    assert ssim(noise(1, 11, 11), noise(2, 11, 11)) == pytest.approx(wanted)


def test_unrelated_pictures_have_no_structure_in_common() -> None:
    assert abs(ssim(noise(1), noise(2))) < 0.1
