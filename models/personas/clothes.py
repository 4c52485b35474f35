"""A crew-neck jersey.

Takes the resting body; gives the faces and positions of a garment that lies on it, cut off
along the collar, and a ribbed ring that closes the cut. It hangs still but for the shift of the
upper body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Indices, Points
from .person import Clothes
from .subdivision import subdivide
from .surface import normals, smoothstep

LOOSE_DM = 0.07
"""Distance of the cloth from the skin."""

TILT = 0.78
"""How much the collar rises from front to back, per dm of depth."""

RING_ROUND, RING_TUBE = 160, 14
RING_WIDE_DM, RING_THICK_DM = 0.085, 0.034


@dataclass(frozen=True, slots=True)
class Garment:
    """Cloth at rest.

    Args:
        cloth, collar: Vertices (float64 [N, 3], dm) and faces each.
    """

    cloth: tuple[Points, Indices]
    collar: tuple[Points, Indices]


@dataclass(frozen=True, slots=True)
class Cut:
    """The plane of a collar: cloth lies below, skin above.

    Args:
        front: float64 [3], a point of the collar's front.
    """

    front: Points

    def above(self, points: Points) -> Points:
        """Height above the plane, dm."""
        away = points - self.front
        return np.asarray((away[:, 1] + TILT * away[:, 2]) / np.hypot(1.0, TILT))


def collar_cut(neck: Points, clothes: Clothes) -> Cut:
    """Where the collar of these clothes runs about a neck's joint (float64 [3])."""
    return Cut(neck + np.array([0.0, -0.16 - clothes.collar_drop_dm, 0.62]))


def tailor(body: Points, faces: Indices, cut: Cut) -> Garment:
    """A jersey on a body.

    Args:
        body: float64 [N, 3], the coarse resting body, arms hanging.
        faces: int64 [F, 4], coarse faces of the body.
        cut: Where the collar runs.
    """
    near = np.all(cut.above(body)[faces] < 0.55, axis=1)
    faces = faces[near]
    used, packed = np.unique(faces, return_inverse=True)
    around = _smooth(body[used], packed.reshape(-1, 4), 4)
    loose = around + LOOSE_DM * normals(around, packed.reshape(-1, 4))
    fine = subdivide(packed.reshape(-1, 4), len(used), 2)
    cloth = fine(loose)
    above = cut.above(cloth)
    kept = fine.faces[np.any(above[fine.faces] < 0.0, axis=1)]
    used, packed = np.unique(kept, return_inverse=True)
    cloth, above = cloth[used], above[used]
    normal = np.array([0.0, 1.0, TILT]) / np.hypot(1.0, TILT)
    cloth = cloth - np.maximum(above, 0)[:, None] * normal
    cloth = cloth + _folds(cloth)
    return Garment((cloth, packed.reshape(-1, 4)), _ring(cloth[above > 0.0], cut))


def _smooth(points: Points, faces: Indices, rounds: int) -> Points:
    """Cloth spans hollows: each round moves every vertex half way to its neighbours' mean."""
    a = np.concatenate([faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)])
    b = np.concatenate([np.roll(faces, -1, axis=1).reshape(-1), faces.reshape(-1)])
    valence = np.bincount(a, minlength=len(points))[:, None]
    for _ in range(rounds):
        total = np.zeros_like(points)
        np.add.at(total, a, points[b])
        points = 0.5 * points + 0.5 * total / valence
    return points


def _folds(cloth: Points) -> Points:
    """A few soft folds that run from the shoulders towards the chest, float64 [N, 3]."""
    x, y, z = cloth.T
    across = 0.9 * np.abs(x) + 0.55 * y
    wave = np.sin(9.0 * across + 2.2 * np.sin(1.7 * x)) + 0.6 * np.sin(17.0 * across - 3.1 * y)
    where = smoothstep(0.9, 1.7, np.abs(x)) * smoothstep(0.0, 0.6, z)
    return np.asarray(np.stack([0 * x, 0 * x, 0.018 * where * wave], axis=1))


def _ring(rim: Points, cut: Cut) -> tuple[Points, Indices]:
    centre = rim.mean(axis=0)
    angle = np.arctan2(rim[:, 0] - centre[0], rim[:, 2] - centre[2])
    around = 2 * np.pi * np.arange(RING_ROUND) / RING_ROUND - np.pi
    order = np.argsort(angle)
    loop = np.stack(
        [np.interp(around, angle[order], rim[order, axis], period=2 * np.pi) for axis in range(3)],
        axis=1,
    )
    for _ in range(12):
        loop = 0.5 * loop + 0.25 * (np.roll(loop, 1, axis=0) + np.roll(loop, -1, axis=0))
    normal = np.array([0.0, 1.0, TILT]) / np.hypot(1.0, TILT)
    outwards = loop - loop.mean(axis=0)
    outwards -= np.outer(outwards @ normal, normal)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    tube = 2 * np.pi * np.arange(RING_TUBE) / RING_TUBE
    # The band leans inwards as it rises, as a knitted rib does around a neck.
    lean = normal - 0.45 * outwards
    lean /= np.linalg.norm(lean, axis=1, keepdims=True)
    points = (
        loop[:, None]
        + 0.35 * RING_WIDE_DM * lean[:, None]
        + np.sin(tube)[None, :, None] * RING_WIDE_DM * lean[:, None]
        + np.cos(tube)[None, :, None] * RING_THICK_DM * outwards[:, None]
    )
    ring, spoke = np.meshgrid(np.arange(RING_ROUND), np.arange(RING_TUBE), indexing="ij")
    after, beside = (ring + 1) % RING_ROUND, (spoke + 1) % RING_TUBE
    faces = np.stack(
        [
            ring * RING_TUBE + spoke,
            ring * RING_TUBE + beside,
            after * RING_TUBE + beside,
            after * RING_TUBE + spoke,
        ],
        axis=2,
    ).reshape(-1, 4)
    return points.reshape(-1, 3), faces
