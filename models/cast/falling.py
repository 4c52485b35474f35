"""Hair that is long enough to fall: over the forehead and the ears, or to the shoulders.

Lengths are decimetres.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import normals, smoothstep, unit

from .strands import Ground, clumped

DOWN = np.array([0.0, -1.0, 0.0])

FLYAWAY = 0.03
"""Share of the hairs that leave the others."""

LOCKS = ((240, 1.0), (60, 0.7), (14, 0.6))
"""Hairs of a lock, of its strands and of theirs, and how far each draw together."""

OVER_CLOTH_DM, CLOTH_BELOW_DM = 0.16, -0.85
"""How far from the bust hair lies on cloth, and below which height."""


def falling(ground: Ground) -> Points:
    """Strands that leave a parting, lie on the skull, and fall where it ends."""
    cut, root, chance = ground.cut, ground.root, ground.chance
    count, steps = len(root), cut.points
    length = _length(ground)
    # Locks: neighbours share their bends, their length and how far they stand off.
    shared = hair._vector_noise(root, 5.5, 11) + 0.7 * hair._vector_noise(root, 14.0, 12)
    length = length * np.clip(1 + 0.30 * shared[:, 0], 0.5, 1.5) * chance.uniform(0.8, 1.1, count)
    layer = 0.02 + cut.lift * (0.35 + 0.65 * chance.random(count)) * np.clip(
        1 + 0.5 * shared[:, 1], 0.2, 2
    )
    layer = layer * (0.2 + 0.8 * ground.within**2)
    comb = _comb(ground) + cut.mess * shared
    way = unit(unit(comb) + 0.55 * ground.out + 0.10 * chance.normal(size=root.shape))
    tree, out = cKDTree(ground.skin), normals(ground.skin, ground.head.faces)
    step = (length / (steps - 1))[:, None]
    points = np.empty((count, steps, 3))
    points[:, 0] = root - 0.006 * ground.out
    here = points[:, 0]
    gone = np.zeros(count)
    for k in range(1, steps):
        here = here + step * way
        gone = gone + step[:, 0]
        nearest = tree.query(here, workers=-1)[1]
        facing = out[nearest]
        height = np.sum((here - ground.skin[nearest]) * facing, axis=1)
        wanted = layer * smoothstep(0.0, 0.30, gone) + 0.003
        low = smoothstep(CLOTH_BELOW_DM + 0.2, CLOTH_BELOW_DM, here[:, 1])
        wanted = wanted + OVER_CLOTH_DM * low
        here = here + np.maximum(wanted - height, 0)[:, None] * facing
        points[:, k] = here
        # Weight takes over from the comb; what lies on skin goes along it.
        way = way + step * (cut.weight * DOWN + 0.6 * cut.mess * shared)
        inwards = np.minimum(np.sum(way * facing, axis=1), 0) * (height < wanted + 0.03)
        way = unit(way - inwards[:, None] * facing)
    return _untidy(ground, points, length)


def _length(ground: Ground) -> Numbers:
    """Length by the place: the cut's sides and nape, and its top."""
    cut, place = ground.cut, ground.place
    above = smoothstep(0.30, 0.75, place.height + 0.25 * smoothstep(0.3, 0.7, place.ahead))
    length = (1 - above) * cut.sides + above * cut.top
    return np.asarray(length * (0.55 + 0.45 * ground.within))


def _comb(ground: Ground) -> Points:
    """Directions away from a parting, and forwards in front; down at the sides."""
    cut, place = ground.cut, ground.place
    side = np.tanh((place.across - cut.parting) / 0.10)
    front = smoothstep(0.1, 0.75, place.ahead)
    above = smoothstep(0.25, 0.75, place.height + 0.25 * front)
    ones = np.ones(len(side))
    ahead = cut.forward * front - 0.25 * (1 - front)
    # Little hair lies on the parting's own side, and falls at once.
    short = np.sign(cut.parting) * side > 0
    over = np.where(short, 0.45, 0.75 + 0.15 * front) * side
    top = np.stack([over, np.where(short, -0.4, 0.1), ahead], 1)
    sides = np.stack([0.15 * np.sign(place.across), -1.0 * ones, -0.45 + 0.20 * front], 1)
    comb = above[:, None] * top + (1 - above)[:, None] * sides
    return np.asarray(comb - np.sum(comb * ground.out, axis=1, keepdims=True) * ground.out)


def _untidy(ground: Ground, points: Points, length: Numbers) -> Points:
    """Locks that draw together, bends of single hairs, and some that leave the others."""
    cut, chance, count = ground.cut, ground.chance, len(points)
    t = np.linspace(0, 1, cut.points)[None, :, None]
    if cut.clump:
        for hairs, share in LOCKS:
            points = clumped(
                points, ground.root, max(20, count // hairs), share * cut.clump, chance
            )
    wander = np.cumsum(chance.normal(size=points.shape), axis=1) / np.sqrt(cut.points)
    points = points + cut.frizz * wander * t * (length / 0.3)[:, None, None] ** 0.5
    away = chance.random(count) < FLYAWAY
    off = unit(ground.out[away] + 1.3 * chance.normal(size=(int(away.sum()), 3)))
    reach = np.minimum(0.22 * length[away], 0.11) * chance.random(int(away.sum()))
    points[away] += reach[:, None, None] * t**1.4 * off[:, None]
    # Nothing of it in the face's skin.
    skin, out = ground.skin, normals(ground.skin, ground.head.faces)
    flat = points[:, 1:].reshape(-1, 3)
    nearest = cKDTree(skin).query(flat, workers=-1)[1]
    height = np.sum((flat - skin[nearest]) * out[nearest], axis=1)
    flat = flat + np.maximum(0.004 - height, 0)[:, None] * out[nearest]
    return np.concatenate([points[:, :1], flat.reshape(count, -1, 3)], axis=1)
