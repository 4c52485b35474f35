"""Brows, stubble, and the fine pale hair of a face."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.people.hairs import Strands
from models.people.head import Head, Numbers
from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import normals, scatter, unit

from .skin import BROW_UP


def vellus(head: Head, skin: Points, mask: Numbers, seed: int = 31, count: int = 14_000) -> Strands:
    """The fine pale hair of cheeks, forehead and ears, which softens their outline."""
    chance = np.random.default_rng(seed)
    ground = scatter(skin, head.faces, mask + 1e-9, count, seed)
    root, out = ground(skin), unit(ground(normals(skin, head.faces)))
    way = unit(out + [0, -0.8, -0.3] * np.ones_like(out) + 0.5 * chance.normal(size=root.shape))
    t = np.linspace(0, 1, 4)[None, :, None]
    size = chance.uniform(0.006, 0.022, (count, 1, 1))
    return root[:, None] + size * (
        t * way[:, None] + 0.4 * t**2 * chance.normal(size=(count, 1, 3))
    ), np.full((1, 1), 0.00011)


def brows(
    head: Head, skin: Points, thick: float, up: float = 0.0, arch: float = 1.0, count: int = 560,
    seed: int = 5,
) -> Strands:  # fmt: skip
    """Brows by the eyes: 1.5 to 2 cm above the pupils, sparse at both ends and at the edges.

    Args:
        head: The head.
        skin: Its resting skin, dm, float64 [V, 3].
        thick: Factor of their height.
        up: How much higher they are, dm.
        arch: How much they bend; 1 is usual for a woman.
        count: Hairs of each.
        seed: Of everything that is random.
    """
    chance = np.random.default_rng(seed)
    marks = head.landmarks
    middle = marks[36:48, 1].mean()
    near = (skin[:, 2] > 0.5) & (skin[:, 1] > middle + 0.02) & (skin[:, 1] < middle + 0.5)
    ground = scatter(skin, head.faces, near.astype(float), 60_000, seed=3)
    places, outs = ground(skin), unit(ground(normals(skin, head.faces)))
    tree = cKDTree(places[:, :2])
    strands, radii = [], []
    for side, inner, outer, lift in ((-1, 39, 36, 0.004), (1, 42, 45, -0.004)):
        u, across = _spread(count, chance)
        middle = (marks[inner, 1] + marks[outer, 1]) / 2 + up + lift
        rise = np.interp(u, *BROW_UP)
        y = middle + BROW_LOW + arch * (rise - BROW_LOW)
        half = 0.034 * thick * np.interp(u, [0, 0.15, 0.4, 0.7, 1], [0.8, 1.05, 0.95, 0.65, 0.3])
        start, end = marks[inner, 0] - side * 0.030, marks[outer, 0] + side * 0.10
        x = start + (end - start) * u + chance.normal(0, 0.012, count)
        at = tree.query(np.stack([x, y + across * half], 1))[1]
        hairs, thin = _brow(places[at], outs[at], side, u, across, chance)
        strands.append(hairs)
        radii.append(thin)
    return np.concatenate(strands), np.concatenate(radii)


BROW_LOW = 0.150
"""Height of a straight brow above the eyes' corners, dm."""


def _spread(count: int, chance: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Places of hairs along a brow, in [0, 1], and across it: in tufts, with strays around."""
    tufts = chance.beta(1.1, 1.35, 110)
    u = np.where(
        chance.random(count) < 0.35,
        chance.choice(tufts, count) + chance.normal(0, 0.012, count),
        chance.beta(1.1, 1.35, count),
    )
    u = np.clip(u + chance.normal(0, 0.02, count), -0.05, 1.08)
    across = np.clip(chance.normal(0.05, 0.72, count), -2.2, 2.0)
    stray = chance.random(count) < 0.05
    return u, np.where(stray, across * 1.6 - 0.4, across)


def _brow(
    root: Points, normal: Points, side: int, u: Numbers, across: Numbers,
    chance: np.random.Generator,
) -> Strands:  # fmt: skip
    """Hairs that stand up near the nose, lie outwards further on, and meet along the middle."""
    count = len(root)
    slant = 66 * np.clip(1 - u / 0.38, 0, 1) + 18 - 46 * np.clip(2 * u - 0.9, 0, 1)
    slant = np.radians(slant) - 0.42 * across + chance.normal(0, 0.33, count)
    along = np.stack([side * np.cos(slant), np.sin(slant), 0 * u], 1)
    along = unit(along - normal * (along * normal).sum(axis=1, keepdims=True))
    edge = np.clip(1.25 - 0.35 * np.abs(across), 0.45, 1)
    length = chance.uniform(0.035, 0.09, count) * (1 - 0.3 * u) * edge
    t = np.linspace(0, 1, 5)[None, :, None]
    bend = length[:, None, None] * t**2 * 0.3 * np.array([side * 0.25, -0.35, 0])
    bend = bend + 0.16 * length[:, None, None] * t**2 * chance.normal(size=(count, 1, 3))
    points = root[:, None] + length[:, None, None] * t * along[:, None] + bend
    points += normal[:, None] * (0.012 * np.sin(2.2 * t) - 0.002)
    ends = (1 - 0.35 * np.abs(2 * u - 0.9)).clip(0.5, 1)
    size = chance.uniform(0.5, 1.0, (count, 1)) * (ends * edge)[:, None]
    return points, np.array([0.00050, 0.00052, 0.00045, 0.0003, 0.00012]) * size


def stubble(head: Head, skin: Points, mask: Numbers, length: float, seed: int = 9) -> Strands:
    """A beard of some days: hairs of unequal length and thickness, thick in some places.

    Args:
        head: The head.
        skin: Its resting skin, dm, float64 [V, 3].
        mask: Where it grows, in [0, 1], float64 [V].
        length: Of its hairs, dm.
        seed: Of everything that is random.
    """
    chance = np.random.default_rng(seed)
    uneven = np.clip(1 + 0.55 * hair._noise(skin, 13.0, 21), 0.2, 2.0)
    ground = scatter(skin, head.faces, mask * uneven + 1e-9, STUBBLE, seed)
    root, normal = ground(skin), unit(ground(normals(skin, head.faces)))
    side = np.sign(root[:, :1])
    flow = np.concatenate([0.25 * side, -0.75 + 0 * side, 0.05 + 0 * side], 1)
    swirl = 0.35 * hair._vector_noise(root, 9.0, 4)
    along = unit(0.55 * normal + flow + swirl + chance.normal(0, 0.28, root.shape))
    reach = (length * chance.gamma(3.0, 0.33, len(root)).clip(0.15, 2.2))[:, None, None]
    t = np.linspace(-0.1, 1, 4)[None, :, None]
    curl = reach * t**2 * chance.normal(0, 0.3, (len(root), 1, 3))
    thick = chance.uniform(0.00022, 0.00058, (len(root), 1))
    return root[:, None] + reach * t * along[:, None] + curl, thick


STUBBLE = 24_000
