"""Samples pictures and fields between their pixels.

Points are x, y in pixels; the middle of the first pixel is (0, 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

Floats = NDArray[Any]


def sampled(field: Floats, points: Floats) -> Floats:
    """Interpolate linearly; beyond its rim a field goes on as it ends.

    Args:
        field: [H, W] or [H, W, C].
        points: [..., 2].

    Returns:
        [...] or [..., C].
    """
    places = [points[..., 1], points[..., 0]]
    if field.ndim == 2:
        return np.asarray(map_coordinates(field, places, order=1, mode="nearest"))
    planes = [
        map_coordinates(field[..., channel], places, order=1, mode="nearest")
        for channel in range(field.shape[2])
    ]
    return np.stack(planes, axis=-1)


def grid(width: int, height: int, left: float = 0.0, top: float = 0.0, step: float = 1.0) -> Floats:
    """The points of a grid, float64 [height, width, 2]."""
    x, y = np.meshgrid(left + step * np.arange(width), top + step * np.arange(height))
    return np.stack([x, y], axis=-1)


def blurred(field: Floats, sigma: float) -> Floats:
    """Blur the first two axes by a Gaussian."""
    spread = (sigma, sigma) + (0,) * (field.ndim - 2)
    return np.asarray(gaussian_filter(np.asarray(field, np.float32), spread, mode="nearest"))


def resized(field: Floats, width: int, height: int) -> Floats:
    """Resize [H, W] or [H, W, C], float32; averages where it shrinks."""
    if field.ndim == 2:
        plane = Image.fromarray(np.asarray(field, np.float32))
        return np.asarray(plane.resize((width, height), Image.Resampling.BILINEAR))
    planes = [resized(field[..., channel], width, height) for channel in range(field.shape[2])]
    return np.stack(planes, axis=-1)


def turned_square(
    picture: Floats, centre: Floats, side: float, angle_rad: float, size: int
) -> tuple[Floats, Floats]:
    """Cut a turned square out of a picture.

    Args:
        picture: [H, W, 3].
        centre: Of the square.
        side: Of the square, in pixels of the picture.
        angle_rad: How far the square is turned clockwise.
        size: Pixels of a side of what is returned.

    Returns:
        The square, float32 [size, size, 3], and the matrix, [2, 3], from its points to the
        picture's.
    """
    cosine, sine = (part * side / size for part in (np.cos(angle_rad), np.sin(angle_rad)))
    matrix = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    matrix[:, 2] = centre - matrix[:, :2] @ np.full(2, size / 2 - 0.5)
    points = grid(size, size) @ matrix[:, :2].T + matrix[:, 2]
    if side > 2 * size:
        picture = blurred(picture, 0.4 * side / size)
    return np.asarray(sampled(np.asarray(picture, np.float32), points), np.float32), matrix
