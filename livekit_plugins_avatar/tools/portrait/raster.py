"""Draws meshes: which triangle is seen where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .sampling import Floats


@dataclass(frozen=True, slots=True)
class Raster:
    """What is seen at each place of a grid.

    Args:
        seen: Whether anything is, bool [H, W].
        corners: The three points of the triangle, int64 [H, W, 3].
        weights: Their shares, [H, W, 3].
    """

    seen: NDArray[np.bool_]
    corners: Floats
    weights: Floats

    def __call__(self, values: Floats) -> Floats:
        """Values per point, [N, C], at the places where something is seen, [places, C]."""
        corners, weights = self.corners[self.seen], self.weights[self.seen]
        total = values[corners[:, 0]] * weights[:, :1]
        for corner in (1, 2):
            total = total + values[corners[:, corner]] * weights[:, corner, None]
        return np.asarray(total)


def cross(first: Floats, second: Floats) -> Floats:
    """Signed area of parallelograms in the plane."""
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])


def draw(flat: Floats, depth: Floats, triangles: Floats, width: int, height: int) -> Raster:
    """Find the nearest triangle at each point of a grid of whole numbers.

    Args:
        flat: Places of the points in units of the grid, [N, 2].
        depth: Their distances, [N].
        triangles: int64 [T, 3].
        width, height: Of the grid.
    """
    chosen = np.full((height, width), -1)
    nearest = np.full((height, width), np.inf)
    weights = np.zeros((height, width, 3), np.float32)
    places = flat[triangles]
    area = cross(places[:, 1] - places[:, 0], places[:, 2] - places[:, 0])
    low = np.maximum(np.ceil(places.min(1)), 0).astype(int)
    high = np.minimum(np.floor(places.max(1)), [width - 1, height - 1]).astype(int)
    for t in np.flatnonzero((np.abs(area) > 1e-6) & np.all(low <= high, axis=1)):
        window = np.s_[low[t, 1] : high[t, 1] + 1, low[t, 0] : high[t, 0] + 1]
        y, x = np.mgrid[window]
        (ax, ay), (bx, by), (cx, cy) = places[t]
        u = ((bx - x) * (cy - y) - (cx - x) * (by - y)) / area[t]
        v = ((cx - x) * (ay - y) - (ax - x) * (cy - y)) / area[t]
        w = 1 - u - v
        share = np.stack([u, v, w], axis=-1)
        away = share @ depth[triangles[t]]
        wins = (share.min(axis=-1) >= -1e-6) & (away < nearest[window])
        nearest[window][wins] = away[wins]
        chosen[window][wins] = t
        weights[window][wins] = share[wins]
    return Raster(chosen >= 0, triangles[chosen], weights)


def normals(points: Floats, triangles: Floats) -> Floats:
    """Unit normals per point, [N, 3]."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(flat[:, k], 3), len(points)) for k in range(3)],
        axis=1,
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-12))
