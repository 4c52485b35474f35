"""Similarity of two pictures: PSNR and SSIM.

SSIM is that of Wang et al., "Image Quality Assessment: From Error Visibility to Structural
Similarity", 2004.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..i420 import LUMA_OF_RGB

RGB = NDArray[np.uint8]
"""A picture, uint8 [H, W, 3]."""

Floats = NDArray[np.float64]

PEAK = 255.0

PSNR_MOST_DB = 100.0
"""The PSNR given for equal pictures."""

WINDOW_RADIUS_PX = 5
WINDOW_SIGMA_PX = 1.5
STABILISERS = ((0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2)
"""Window and constants of the paper: 11 x 11 pixels, K1 = 0.01 and K2 = 0.03."""


def psnr_db(shown: RGB, truth: RGB) -> float:
    """Peak signal-to-noise ratio over all pixels and colours, in dB, at most `PSNR_MOST_DB`."""
    error = np.mean((shown.astype(np.float64) - truth) ** 2)
    if error == 0:
        return PSNR_MOST_DB
    return min(PSNR_MOST_DB, float(10 * np.log10(PEAK**2 / error)))


def ssim(shown: RGB, truth: RGB) -> float:
    """Mean structural similarity of the lumas, at most 1; both sides at least 11 pixels."""
    a, b = shown @ LUMA_OF_RGB, truth @ LUMA_OF_RGB
    mean_a, mean_b = _local_mean(a), _local_mean(b)
    variance_a = _local_mean(a * a) - mean_a**2
    variance_b = _local_mean(b * b) - mean_b**2
    covariance = _local_mean(a * b) - mean_a * mean_b
    first, second = STABILISERS
    alike = (2 * mean_a * mean_b + first) * (2 * covariance + second)
    most = (mean_a**2 + mean_b**2 + first) * (variance_a + variance_b + second)
    return float(np.mean(alike / most))


def _local_mean(picture: Floats) -> Floats:
    """Weighted by a Gaussian, where the whole window lies within the picture."""
    offsets = np.arange(-WINDOW_RADIUS_PX, WINDOW_RADIUS_PX + 1)
    weights = np.exp(-0.5 * (offsets / WINDOW_SIGMA_PX) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        length = picture.shape[axis] - 2 * WINDOW_RADIUS_PX
        parts = [
            weight * picture.take(range(start, start + length), axis)
            for start, weight in enumerate(weights)
        ]
        picture = np.sum(parts, axis=0)
    return picture
