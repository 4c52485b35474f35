"""The ribbed band of a neckline, which is laid on the skin of the neck."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas.anatomy import Indices, Points
from models.personas.surface import normals, unit

from .headwear import rings
from .tailoring import Cut

AROUND = 360
"""Points around the neck."""

ON_SKIN_DM, WAVE_DM = 0.033, 0.012
"""How far the band lies from the skin, and how much further where it stands off."""


def band(
    cloth: Points, faces: Indices, joint: Points, cut: Cut, skin: Points, quads: Indices
) -> tuple[Points, Indices, Points]:
    """The neckline's band: points, quads, and layout (around, across) of each point.

    Args:
        cloth, faces: The garment, dm, and its quads.
        joint: Of the neck, dm.
        cut: Of the garment.
        skin, quads: What the band lies on.
    """
    around = 2 * np.pi * np.arange(AROUND) / AROUND - np.pi
    loop, centre = _loop(_rim(cloth, faces, joint, cut), around)
    tree, out = cKDTree(skin), normals(skin, quads)
    weave, facing = cKDTree(cloth), normals(cloth, faces)
    normal = np.array([0.0, 1.0, cut.tilt]) / np.hypot(1.0, cut.tilt)
    upwards = unit(0.75 * normal + 0.55 * unit(centre - loop))
    profile = _profile(cut.band, cut.thick)
    wave = _wave(around)
    rows = []
    for up, off in profile:
        line = loop + up * upwards
        nearest = tree.query(line)[1]
        height = np.sum((line - skin[nearest]) * out[nearest], axis=1)
        # It lies on the skin, here and there a little off it.
        gap = ON_SKIN_DM + WAVE_DM * np.maximum(wave, 0) * max(up, 0) / cut.band
        lifted = np.clip(gap - height, -0.04 if up > 0 else 0.0, None)
        line = line + lifted[:, None] * out[nearest]
        line = line + off * out[nearest]
        if up <= 0:
            # Below the seam it lies on the cloth.
            below = weave.query(line)[1]
            short = 0.55 * cut.thick - np.sum((line - cloth[below]) * facing[below], axis=1)
            line = line + np.clip(short, 0, 0.08)[:, None] * facing[below]
        rows.append(line)
    points = np.stack(rows)
    for _ in range(6):
        points = 0.5 * points + 0.25 * (np.roll(points, 1, 1) + np.roll(points, -1, 1))
    place = np.zeros((len(rows), AROUND, 3))
    length = np.linalg.norm(np.diff(np.r_[loop, loop[:1]], axis=0), axis=1)
    place[..., 0] = np.r_[0, np.cumsum(length)[:-1]]
    place[..., 1] = np.array([up for up, _ in profile])[:, None]
    return points.reshape(-1, 3), rings(len(rows), AROUND), place.reshape(-1, 3)


def _loop(rim: Points, around: Numbers) -> tuple[Points, Points]:
    """The seam of the band as an even, smooth ring, and the middle of the neckline."""
    centre = rim.mean(axis=0)
    angle = np.arctan2(rim[:, 0] - centre[0], rim[:, 2] - centre[2])
    order = np.argsort(angle)
    loop = np.stack(
        [np.interp(around, angle[order], rim[order, k], period=2 * np.pi) for k in range(3)], 1
    )
    for _ in range(8):
        loop = 0.5 * loop + 0.25 * (np.roll(loop, 1, 0) + np.roll(loop, -1, 0))
    return loop, centre


def _profile(wide: float, thick: float) -> list[tuple[float, float]]:
    """Rows from below the seam, up, over the edge and down the inside: (up, off), dm."""
    below = [(-0.20, 0.05), (-0.11, 0.3), (-0.04, 0.6), (0.0, 0.7), (0.006, 0.8), (0.02, 1.0)]
    outside = [(wide * s, thick * (1.0 - 0.1 * s)) for s in np.linspace(0.25, 0.9, 5)]
    edge = [
        (wide, 0.8 * thick), (wide + 0.45 * thick, 0.3 * thick), (wide + 0.3 * thick, -0.3 * thick),
        (wide - 0.04, -0.4 * thick),
    ]  # fmt: skip
    return [*((up, share * thick) for up, share in below), *outside, *edge]


def _wave(around: Numbers) -> Numbers:
    chance = np.random.default_rng(4)
    waves = [
        chance.normal() * np.sin(k * around + chance.uniform(0, 6.3)) / k for k in (2, 3, 5, 7)
    ]
    return np.asarray(sum(waves))


def _rim(cloth: Points, faces: Indices, joint: Points, cut: Cut) -> Points:
    edges = np.sort(
        np.concatenate([np.stack([faces[:, k], faces[:, k - 1]], 1) for k in range(4)]), axis=1
    )
    both, times = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0, return_counts=True)
    border = np.unique(both[times == 1])
    high = border[cut.above(cloth, joint)[border] > -0.12]
    return np.asarray(cloth[high])
