"""Hair that hangs free: short hair that is combed, and coils."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import smoothstep, unit

from .strands import Ground, clumped, outside

FLYAWAY = 0.03
"""Share of the hairs that leave the others."""


def short(ground: Ground) -> Points:
    """Combed hair: away from a whorl at the crown, and down at the sides."""
    cut, root, out, chance = ground.cut, ground.root, ground.out, ground.chance
    place = ground.place
    count = len(root)
    above = smoothstep(0.30, 0.75, place.height + 0.25 * smoothstep(0.3, 0.7, place.ahead))
    low = smoothstep(0.35, -0.25, place.height)
    length = (1 - above) * cut.sides * (1 - 0.55 * low) + above * cut.top
    length = length * chance.uniform(0.65, 1.15, count) * (0.45 + 0.55 * ground.within)
    # A whorl at the crown: hair leaves it forwards above, down at the sides and the back.
    whorl = np.array([0.12, ground.skin[:, 1].max() - 0.05, -0.55])
    away = root - whorl
    spin = np.stack([away[:, 2], 0 * away[:, 0], -away[:, 0]], 1)
    comb = unit(away) + 0.35 * unit(spin)
    front = smoothstep(0.2, 0.8, place.ahead) * above
    comb += front[:, None] * np.array([cut.sweep * 3, 0.25, 0.5])
    comb += (1 - above)[:, None] * np.array([0, -0.9, -0.15])
    comb -= np.sum(comb * out, axis=1, keepdims=True) * out
    lift = cut.lift * (0.45 + 0.55 * above)
    way = unit(unit(comb) * (1 - 0.5 * lift)[:, None] + lift[:, None] * out)
    way = unit(
        way + cut.mess * hair._vector_noise(root, 8.0, 5) + 0.22 * chance.normal(size=root.shape)
    )
    t = np.linspace(0, 1, cut.points)[None, :, None]
    bend = unit(comb) * 0.5 + np.array([0, -0.35, 0.0]) - 0.25 * out
    points = (
        root[:, None]
        - 0.006 * out[:, None]
        + length[:, None, None] * (t * way[:, None] + 0.45 * t**2 * bend[:, None])
    )
    if cut.clump:
        points = clumped(points, root, max(300, count // 22), cut.clump, chance)
        points = clumped(points, root, max(120, count // 130), 0.6 * cut.clump, chance)
    wander = np.cumsum(chance.normal(size=points.shape), axis=1) / np.sqrt(cut.points)
    points = points + cut.frizz * wander * t * (length / 0.1)[:, None, None] ** 0.5
    away = chance.random(count) < FLYAWAY
    off = unit(out[away] + 1.2 * chance.normal(size=(int(away.sum()), 3)))
    points[away] += (0.8 * length[away])[:, None, None] * t**1.4 * off[:, None]
    return outside(points, ground.skin, ground.head, 0.004)


def coils(ground: Ground) -> Points:
    """Coiled hair: a helix for each lock."""
    cut, root, out, chance = ground.cut, ground.root, ground.out, ground.chance
    count = len(root)
    above = smoothstep(0.1, 0.7, ground.place.height)
    length = ((1 - above) * cut.sides + above * cut.top) * (0.35 + 0.65 * ground.within)
    leads = max(900, count // 26)
    lead = chance.choice(count, leads, replace=False)
    mine = cKDTree(root[lead]).query(root)[1]
    size = chance.uniform(0.7, 1.25, leads)[mine]
    t = np.linspace(0, 1, cut.points)
    # Each lock coils about its own axis; its hairs share the turn and spread a little.
    axis = unit(out[lead] + 0.45 * chance.normal(size=(leads, 3)))[mine]
    side = unit(np.cross(axis, chance.normal(size=(leads, 3))[mine]))
    other = np.cross(axis, side)
    phase = chance.uniform(0, 6.28, leads)[mine] + 0.5 * chance.normal(size=count)
    turns = chance.uniform(2.5, 4.5, leads)[mine]
    wide = 0.030 * size * chance.uniform(0.5, 1.3, count)
    turn = phase[:, None] + 6.28 * turns[:, None] * t
    grown = np.minimum(3 * t, 1.0)
    # Tips lie on a round outline.
    to = root[lead][mine] * 0.55 + root * 0.45
    base = root[:, None] * (1 - t[:, None]) + to[:, None] * t[:, None]
    reach = (length * size * chance.uniform(0.7, 1.1, count))[:, None, None] * t[None, :, None]
    points = base + reach * axis[:, None]
    points += (wide[:, None] * grown * np.cos(turn))[..., None] * side[:, None]
    points += (wide[:, None] * grown * np.sin(turn))[..., None] * other[:, None]
    points += 0.012 * np.cumsum(chance.normal(size=points.shape), axis=1) / np.sqrt(cut.points)
    return outside(points, ground.skin, ground.head, 0.002)
