"""Hair that is swept from a parting over the skull, and hangs where the skull ends.

Lengths are decimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.people.head import Numbers
from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import normals, smoothstep, unit

from .strands import Ground, clumped, outside

LOCKS = ((300, 0.55), (70, 0.6), (12, 0.7))
"""Hairs of a lock, of its strands and of theirs, and how far each draw together."""

FLYAWAY, HALO = 0.07, 0.012
"""Shares of the hairs that leave the others a little, and by much."""

OBEYS_DM = 0.16
"""On this way a hair turns into the direction in which it is combed."""

OVER_CLOTH_DM, CLOTH_BELOW_DM = 0.12, -0.95
"""How far from the bust hair lies on cloth, and below which height."""

EDGE = 0.55
"""Below this density hair is short, fine and stands in all directions: a hairline."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled for each strand before it grows.

    Args:
        shared, fine: Bends that it has in common with its lock, and with its nearest neighbours,
            float64 [N, 3].
        edge: How near it stands to the hairline, in [0, 1], float64 [N].
        short: Whether it is one of the hairline's short hairs, bool [N].
        length: dm, float64 [N].
        layer: How far off the skin it lies, dm, float64 [N].
        side: To which side of the parting it goes, in [-1, 1], float64 [N].
    """

    shared: Points
    fine: Points
    edge: Numbers
    short: NDArray[np.bool_]
    length: Numbers
    layer: Numbers
    side: Numbers


def swept(ground: Ground) -> Points:
    """Strands that lie as they are combed where there is skull below them, and hang elsewhere."""
    return _untidy(ground, *_grown(ground))


def _planned(ground: Ground) -> Plan:
    cut, root, chance = ground.cut, ground.root, ground.chance
    shared = hair._vector_noise(root, 4.5, 11) + 0.6 * hair._vector_noise(root, 13.0, 12)
    fine = hair._vector_noise(root, 45.0, 13)
    edge = smoothstep(EDGE, 0.1, ground.within)
    short = chance.random(len(root)) < 0.85 * edge
    length = _length(ground, shared)
    length = np.where(short, chance.gamma(2.5, 0.05, len(root)).clip(0.03, 0.35), length)
    layer = cut.lift * chance.random(len(root)) * np.clip(1 + 0.45 * shared[:, 1], 0.3, 1.8)
    layer = (0.012 + layer) * (0.25 + 0.75 * ground.within)
    side = np.tanh((ground.place.across - cut.parting + 0.03 * fine[:, 0]) / 0.06)
    side = np.where(np.abs(side) < 0.25, np.sign(fine[:, 1]), side)
    return Plan(shared, fine, edge, short, length, layer, side)


def _grown(ground: Ground) -> tuple[Points, Plan]:
    cut, root, plan = ground.cut, ground.root, _planned(ground)
    tree, out = cKDTree(ground.skin), normals(ground.skin, ground.head.faces)
    step = (plan.length / (cut.points - 1))[:, None]
    loose = (0.20 + 0.5 * plan.edge)[:, None] * ground.chance.normal(size=root.shape)
    way = _combed(ground, plan, root, ground.out) + cut.mess * plan.shared
    way = unit(way + (0.75 - 0.35 * plan.edge)[:, None] * ground.out + loose)
    points = np.empty((len(root), cut.points, 3))
    points[:, 0] = root - 0.006 * ground.out
    here, gone = points[:, 0], np.zeros(len(root))
    obeys = np.where(plan.short[:, None], 0.3, 1.0) * np.minimum(step / OBEYS_DM, 0.6)
    for k in range(1, cut.points):
        here = here + step * way
        gone = gone + step[:, 0]
        nearest = tree.query(here, workers=-1)[1]
        facing = out[nearest]
        height = np.sum((here - ground.skin[nearest]) * facing, axis=1)
        low = smoothstep(CLOTH_BELOW_DM + 0.2, CLOTH_BELOW_DM, here[:, 1])
        wanted = plan.layer * smoothstep(0.0, 0.25, gone) + 0.003 + OVER_CLOTH_DM * low
        here = here + np.maximum(wanted - height, 0)[:, None] * facing
        points[:, k] = here
        bent = cut.mess * (plan.shared + 0.4 * plan.fine)
        way = way + obeys * (unit(_combed(ground, plan, here, facing) + bent) - way)
        inwards = np.minimum(np.sum(way * facing, axis=1), 0) * (height < wanted + 0.03)
        way = unit(way - inwards[:, None] * facing)
    return points, plan


def _length(ground: Ground, shared: Points) -> Numbers:
    """Length by the place: the cut's sides and nape, and its top; locks and hairs differ."""
    cut, place, chance = ground.cut, ground.place, ground.chance
    above = smoothstep(0.30, 0.75, place.height + 0.25 * smoothstep(0.3, 0.7, place.ahead))
    length = (1 - above) * cut.sides + above * cut.top
    differ = np.clip(1 + 0.13 * shared[:, 0], 0.7, 1.3)
    return np.asarray(length * differ * (1 - 0.35 * chance.random(len(length)) ** 2))


def _combed(ground: Ground, plan: Plan, points: Points, facing: Points) -> Points:
    """The direction of hair at some places: over the top away from the parting, then down."""
    cut = ground.cut
    at = ground.whole.place(points)
    over = smoothstep(0.42, 0.80, np.abs(at.across)) * smoothstep(1.0, 0.55, at.height)
    hangs = np.maximum(over, smoothstep(0.30, -0.05, at.height))[:, None]
    none = np.zeros(len(points))
    front = smoothstep(0.2, 0.8, at.ahead)
    locks = plan.shared[:, 2] + 0.3 * plan.fine[:, 2]
    back = cut.forward * (0.35 + 0.65 * front) + 0.55 * front * locks
    # The further from the parting, the more of it falls over the forehead's corner.
    droop = (
        cut.droops * front * (0.2 + 1.8 * smoothstep(0.05, 0.5, np.abs(at.across - cut.parting)))
    )
    top = np.stack([plan.side, none - droop, back], 1)
    top = unit(top - np.sum(top * facing, axis=1, keepdims=True) * facing)
    # Below the ears hair draws near the neck, then goes over the shoulder.
    inwards = 0.22 * smoothstep(0.0, -0.5, at.height) * smoothstep(0.5, 0.9, np.abs(at.across))
    down = np.stack([-np.sign(at.across) * inwards, none - 1, none - 0.22 * front], 1)
    return unit((1 - hangs) * top + hangs * unit(down))


def _untidy(ground: Ground, points: Points, plan: Plan) -> Points:
    """Locks, waves, bends of single hairs, and some that leave the others."""
    cut, chance, count = ground.cut, ground.chance, len(points)
    t = np.linspace(0, 1, cut.points)[None, :, None]
    free = points
    for hairs, share in LOCKS:
        points = clumped(points, ground.root, max(20, count // hairs), share * cut.clump, chance)
    points = np.where(plan.short[:, None, None], free, points)
    gone = t * plan.length[:, None, None]
    phase = 2.2 * hair._vector_noise(ground.root, 9.0, 21)[:, None]
    wave = np.sin(2 * np.pi * gone / WAVE_DM + phase) * np.minimum(gone / 1.2, 1)
    points = points + cut.wave * wave * np.array([1.0, 0.2, 0.8])
    wander = np.cumsum(chance.normal(size=points.shape), axis=1) / np.sqrt(cut.points)
    points = points + cut.frizz * wander * t * (plan.length / 0.3)[:, None, None] ** 0.5
    for share, reach in ((FLYAWAY, 0.07), (HALO, 0.20)):
        away = (chance.random(count) < share) & ~plan.short
        some = int(away.sum())
        off = unit(ground.out[away] + 1.3 * chance.normal(size=(some, 3)))
        far = np.minimum(0.3 * plan.length[away], reach) * chance.random(some)
        points[away] += far[:, None, None] * t**1.2 * off[:, None]
    return outside(points, ground.skin, ground.head, 0.004)


WAVE_DM = 0.9
"""Length of a wave of hair."""
