"""Turns RGB pictures into the planes of video: I420, BT.601 in limited range."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

YUV_OF_RGB = np.array(
    [
        [0.256788, 0.504129, 0.097906],
        [-0.148223, -0.290993, 0.439216],
        [0.439216, -0.367788, -0.071427],
    ]
)
"""ITU-R BT.601-7, limited range."""

OFFSET = np.array([16, 128, 128])
"""Codes of black: luma, and chroma without colour."""


def yuv(picture: NDArray[Any]) -> NDArray[np.float64]:
    """Codes of RGB [..., H, W, 3], [..., 3, H, W]."""
    return np.asarray(np.moveaxis(picture @ YUV_OF_RGB.T + OFFSET, -1, -3))


def halved(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each 2 x 2 pixels of [..., H, W]."""
    *more, height, width = planes.shape
    return np.asarray(planes.reshape(*more, height // 2, 2, width // 2, 2).mean(axis=(-3, -1)))
