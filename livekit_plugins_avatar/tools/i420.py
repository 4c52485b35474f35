"""Converts planar I420 to RGB as a browser does.

BT.601 in limited range; the chroma planes are brought to full size by linear interpolation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RGB_OF_YUV = np.array(
    [[1.164383, 0.0, 1.596027], [1.164383, -0.391762, -0.812968], [1.164383, 2.017232, 0.0]],
    np.float32,
)
"""ITU-R BT.601-7: luma from 16 to 235, chroma from 16 to 240 about 128."""

BLACK = np.array([16.0, 128.0, 128.0], np.float32)

LUMA_OF_RGB = np.array([0.299, 0.587, 0.114])
"""The luma of a picture in RGB: ITU-R BT.601-7."""


def luma(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the luma plane, uint8 [H, W], of a picture, uint8 [H * 3 / 2, W]."""
    return picture[: picture.shape[0] * 2 // 3]


def rgb(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert a picture, uint8 [H * 3 / 2, W], to uint8 [H, W, 3]."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2).astype(np.float32)
    yuv = np.stack([luma(picture).astype(np.float32), *map(_doubled, chroma)], axis=-1)
    shown: NDArray[np.uint8] = np.rint(((yuv - BLACK) @ RGB_OF_YUV.T).clip(0, 255)).astype(np.uint8)
    return shown


def _doubled(plane: Floats) -> Floats:
    """Double height and width; a sample of chroma lies in the middle of four pixels."""
    doubled: Floats = _doubled_rows(_doubled_rows(plane).T).T
    return doubled


def _doubled_rows(plane: Floats) -> Floats:
    padded = np.pad(plane, ((1, 1), (0, 0)), mode="edge")
    above, here, below = padded[:-2], padded[1:-1], padded[2:]
    rows = np.stack([0.25 * above + 0.75 * here, 0.75 * here + 0.25 * below], axis=1)
    doubled: Floats = rows.reshape(2 * plane.shape[0], plane.shape[1])
    return doubled
