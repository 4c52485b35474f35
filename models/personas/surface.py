"""A triangulated surface that things can be bound to.

Takes a fine mesh at rest; gives bindings (points given by a triangle and weights within it)
that follow the surface wherever it goes: hairs of brows and lashes, and the points that motion is
learnt from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .anatomy import Indices, Points


def unit(vectors: Points) -> Points:
    """Vectors scaled to length 1; those of length 0 stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-12))


def smoothstep(start: float, end: float, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 at `start`, 1 at `end`, smooth between and flat beyond; `start` may exceed `end`."""
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def triangles(faces: Indices) -> Indices:
    """Quads [F, 4] cut into triangles [2 F, 3]."""
    return np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])


def normals(vertices: Points, faces: Indices) -> Points:
    """Outward unit normals per vertex, float64 [N, 3]."""
    a, b = (
        vertices[faces[:, 2]] - vertices[faces[:, 0]],
        vertices[faces[:, 3]] - vertices[faces[:, 1]],
    )
    flat = np.cross(a, b)
    total = np.zeros_like(vertices)
    for corner in faces.T:
        np.add.at(total, corner, flat)
    return unit(total)


@dataclass(frozen=True, slots=True)
class Binding:
    """Points on a surface.

    Args:
        corners: int64 [N, 3], the triangle of each point.
        weights: float64 [N, 3], the share of each corner.
    """

    corners: Indices
    weights: Points

    def __call__(self, values: Points) -> Points:
        """Values per vertex [V, C] at the bound points [N, C]."""
        return np.asarray(np.einsum("nkc,nk->nc", values[self.corners], self.weights))

    def __getitem__(self, chosen: NDArray[np.generic]) -> Binding:
        return Binding(self.corners[chosen], self.weights[chosen])

    def frames(self, vertices: Points) -> Points:
        """Rotations that follow the surface, float64 [N, 3, 3]; the last column is the normal."""
        a, b, c = (vertices[self.corners[:, k]] for k in range(3))
        along = unit(b - a)
        normal = unit(np.cross(b - a, c - a))
        return np.stack([along, np.cross(normal, along), normal], axis=2)


def scatter(
    vertices: Points, faces: Indices, density: NDArray[np.float64], count: int, seed: int
) -> Binding:
    """Points spread at random over a surface.

    Args:
        vertices: float64 [V, 3] at rest.
        faces: int64 [F, 4].
        density: Weight per vertex, float64 [V], at least 0; 0 keeps an area bare.
        count: How many points.
        seed: The same seed gives the same points.
    """
    chance = np.random.default_rng(seed)
    corners = triangles(faces)
    a, b, c = (vertices[corners[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) * density[corners].mean(axis=1)
    chosen = chance.choice(len(corners), count, p=area / area.sum())
    u, v = np.sqrt(chance.random(count)), chance.random(count)
    return Binding(corners[chosen], np.stack([1 - u, u * (1 - v), u * v], axis=1))
