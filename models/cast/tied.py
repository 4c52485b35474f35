"""Hair that is drawn over the skull to a knot."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas.anatomy import Points
from models.personas.surface import normals, unit

from .strands import Ground, clumped, outside


def tied(ground: Ground) -> Points:
    """Hair drawn to a knot at the back of the head, or on the crown."""
    cut, chance = ground.cut, ground.chance
    knot = np.array([0.0, 0.25, float(ground.skin[:, 2].min()) - 0.05])
    if cut.bun:
        knot = np.array([0.03, float(ground.skin[:, 1].max()) - 0.02, -0.42])
    t = np.linspace(0, 1, cut.points)
    points = _drawn(ground, knot, t)
    wander = np.cumsum(chance.normal(size=points.shape), axis=1) / np.sqrt(cut.points)
    points += cut.frizz * wander * t[None, :, None]
    _loosen(ground, points, t)
    _shorten(ground, points, t)
    points = outside(points, ground.skin, ground.head, 0.003)
    if cut.bun:
        some = len(points) // 5
        points[:some] = _knot(ground, knot, some)
    return points


def _drawn(ground: Ground, knot: Points, t: Numbers) -> Points:
    """Strands that lie on the skull in layers, in locks that end at the knot."""
    cut, root, skin, chance = ground.cut, ground.root, ground.skin, ground.chance
    count = len(root)
    high = np.array([0.0, 0.55, -0.2])
    leads = max(500, count // 60)
    lead = chance.choice(count, leads, replace=False)
    mine = cKDTree(root[lead]).query(root)[1]
    tree = cKDTree(skin)
    rim = normals(skin, ground.head.faces)
    layer = 0.018 + 0.05 * chance.random(count) ** 1.5 + 0.035 * chance.random(leads)[mine]
    points = np.zeros((count, cut.points, 3))
    jitter = 0.10 * chance.normal(size=(leads, 3))[mine] + 0.05 * chance.normal(size=(count, 3))
    for k, share in enumerate(t):
        straight = (
            root
            + share * (knot + jitter - root)
            + (share * (1 - share))[None] * 0.9 * (high - 0.3 * root) * np.array([0.4, 1, 0])
        )
        nearest = tree.query(straight)[1]
        rise = np.minimum(share * 5, 1.0) * layer + 0.10 * share**1.5 * cut.top
        lain = skin[nearest] + rise[:, None] * rim[nearest]
        points[:, k] = lain if share else root - 0.004 * ground.out
    smooth = points.copy()
    for _ in range(4):
        smooth[:, 1:-1] = 0.5 * smooth[:, 1:-1] + 0.25 * (smooth[:, :-2] + smooth[:, 2:])
    return clumped(smooth, root, leads, cut.clump, chance)


def _loosen(ground: Ground, points: Points, t: Numbers) -> None:
    """Let a few strands stand off."""
    chance = ground.chance
    loose = chance.random(len(points)) < 0.035
    some = int(loose.sum())
    off = unit(ground.out[loose] + 0.8 * chance.normal(size=(some, 3)))
    size = 0.22 * chance.random((some, 1, 1)) ** 2
    points[loose] += size * (t**1.3)[None, :, None] * off[:, None]


def _shorten(ground: Ground, points: Points, t: Numbers) -> None:
    """Short new hair along the hairline, which no band holds."""
    chance, root = ground.chance, ground.root
    short = (ground.within < 0.5) & (chance.random(len(points)) < 0.3)
    some = int(short.sum())
    way = unit(
        0.5 * ground.out[short]
        + unit(points[short, 3] - root[short])
        + 0.5 * chance.normal(size=(some, 3))
    )
    curl = chance.normal(size=(some, 1, 3)) * 0.35 + np.array([0, -0.1, 0.1])
    size = 0.04 + 0.13 * chance.random((some, 1, 1)) ** 2
    s = t[None, :, None]
    points[short] = root[short][:, None] + size * (s * way[:, None] + s**2 * curl)


def _knot(ground: Ground, knot: Points, some: int) -> Points:
    """Coils about an upright axis, in a few thick turns, with ends that stick out."""
    cut, chance = ground.cut, ground.chance
    centre = knot + np.array([0.0, 0.75 * cut.bun, -0.05])
    turn = chance.integers(0, 9, some)
    tilt = unit(np.array([0.0, 1.0, 0.25]) + 0.45 * chance.normal(size=(9, 3)))[turn]
    u = unit(np.cross(tilt, np.array([0.3, 0.1, 1.0])))
    v = np.cross(tilt, u)
    high = (turn / 8 - 0.5) * 1.3 + 0.10 * chance.normal(size=some)
    wide = (
        cut.bun
        * np.sqrt(np.clip(1 - high**2, 0.1, 1))
        * (1 + 0.10 * chance.normal(size=some)).clip(0.7, 1.18)
    )
    phase = chance.uniform(0, 6.28, some)[:, None] + np.linspace(0, 3.0, cut.points)[None]
    ring = wide[:, None, None] * (
        np.cos(phase)[..., None] * u[:, None] + np.sin(phase)[..., None] * v[:, None]
    )
    ring = centre + 0.85 * cut.bun * high[:, None, None] * tilt[:, None] + ring
    return np.asarray(
        ring + 0.015 * np.cumsum(chance.normal(size=ring.shape), axis=1) / np.sqrt(cut.points)
    )
