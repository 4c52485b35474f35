"""Pictures as a viewer sees them, and as a video carries them.

Takes RGB pictures; gives planes of I420, BT.601 limited range, as every WebRTC receiver
takes them. Codes are scaled to [0, 1] (code / 255), luma apart from chroma: what the model learns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MATRIX = np.array(
    [[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]
)
_OFFSET = np.array([16.0, 128.0, 128.0])

NEUTRAL = 128 / 255
"""Chroma without colour."""

Planes = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Luma [H, W] and chroma [2, H/2, W/2] (U, V), both code / 255."""


def planes(rgb: NDArray[np.uint8]) -> Planes:
    """The planes of one picture.

    Args:
        rgb: uint8 [H, W, 3], H and W even.
    """
    codes = rgb / 255.0 @ _MATRIX.T + _OFFSET
    height, width = codes.shape[:2]
    chroma = codes[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean(axis=(1, 3))
    return (
        (codes[..., 0] / 255).astype(np.float32),
        (chroma.transpose(2, 0, 1) / 255).astype(np.float32),
    )
