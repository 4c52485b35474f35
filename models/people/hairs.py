"""Hair, brows, beard and lashes of an ICT head; hair itself grows as that of `models.personas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.personas import hair
from models.personas.anatomy import Indices, Points
from models.personas.surface import normals, scatter, smoothstep, unit

from .head import Head, Numbers

Strands = tuple[Points, Numbers]
"""Points from root to tip, float64 [N, K, 3], and radii that broadcast to [N, K], dm."""

BROW_SIDES = ((-1, (21, 20, 19, 18, 17)), (1, (22, 23, 24, 25, 26)))
"""Landmarks of each brow from the nose outwards."""

LEVELS, FRIZZ, STRAY = (260, 0.45), 0.014, 0.05


def _side_part(
    place: hair.Scalp, outwards: Points, chance: np.random.Generator
) -> tuple[Points, Numbers]:
    """Short at the sides, longer above, parted at the picture's right and swept to the left."""
    count = len(place.height)
    ones = np.ones(count)
    front = smoothstep(0.45, 0.85, place.ahead)
    top = smoothstep(0.42, 0.72, place.height + 0.30 * front)
    swept = smoothstep(0.37, 0.31, place.across + 0.02 * chance.normal(size=count))[:, None]
    over = swept * np.stack([-0.58 - 0.1 * front, 0.2 + 0.75 * front, -0.46 + 0.22 * front], 1)
    over += (1 - swept) * np.stack([0.40 * ones, -0.45 + 0.45 * front, -0.60 * ones], 1)
    back = (smoothstep(0.0, -0.7, place.ahead) * top)[:, None]
    over = (1 - back) * over + back * np.array([-0.2, -0.35, -0.75])
    temple = smoothstep(0.3, 0.55, place.ahead) * (1 - top)
    sides = np.stack([0.06 * np.sign(place.across), -0.85 * ones, -0.55 + 0.35 * temple], 1)
    lift = 0.08 + (0.40 * top + 0.30 * front * top) * (0.25 + 0.75 * swept[:, 0])
    heights = [-0.5, 0.0, 0.25, 0.45, 0.6, 0.8, 1.0]
    length = np.interp(place.height, heights, [0.035, 0.05, 0.075, 0.13, 0.26, 0.46, 0.48])
    length = np.maximum(length, 0.5 * front * top) * (1 - 0.35 * top * (1 - swept[:, 0]))
    comb = top[:, None] * over + (1 - top[:, None]) * sides + lift[:, None] * outwards
    return comb, length * (0.62 + 0.5 * chance.random(count))


def _close_cut(
    place: hair.Scalp, outwards: Points, chance: np.random.Generator
) -> tuple[Points, Numbers]:
    """A few millimetres everywhere, standing off the skin in all directions."""
    count = len(place.height)
    length = np.interp(place.height, [-0.4, 0.3, 0.8], [0.03, 0.055, 0.10])
    return outwards + 0.5 * chance.normal(size=(count, 3)), length * chance.uniform(0.6, 1.3, count)


def _tied_back(
    place: hair.Scalp, outwards: Points, chance: np.random.Generator
) -> tuple[Points, Numbers]:
    """Drawn back from the face close to the skull."""
    count = len(place.height)
    front = smoothstep(0.3, 0.8, place.ahead)
    comb = np.stack(
        [-0.25 * np.sign(place.across), 0.15 + 0.9 * front - 0.5 * (1 - front), -np.ones(count)], 1
    )
    return comb + 0.10 * outwards, np.full(count, 0.9) * chance.uniform(0.8, 1.1, count)


_RECEDING = (
    (-1.2, -0.58), (-0.75, -0.52), (-0.45, -0.40), (-0.25, -0.12), (-0.10, 0.06), (0.02, 0.16),
    (0.10, 0.10), (0.18, -0.06), (0.30, -0.14), (0.36, -0.04), (0.42, 0.12), (0.50, 0.27),
    (0.60, 0.39), (0.72, 0.455), (0.86, 0.50), (1.0, 0.51), (1.1, 0.515),
)  # fmt: skip
_ROUND = (
    (-1.2, -0.62), (-0.75, -0.58), (-0.35, -0.42), (-0.12, -0.05), (0.02, 0.12), (0.12, 0.10),
    (0.26, 0.12), (0.42, 0.25), (0.55, 0.35), (0.70, 0.43), (0.84, 0.475), (0.95, 0.485),
    (1.1, 0.49),
)  # fmt: skip

_SHORT = hair.Style(
    strands=26_000,
    points=8,
    radius_dm=0.0013,
    hairline=_RECEDING,
    peaks=0.085,
    comb=_side_part,
    sag=1.3,
    drape=0.3,
    cling=0.12,
    curl_in=0.0,
    locks=1200,
    part_dm=None,
    draw=0.68,
    stray=0.34,
    follows=1.0,
    covers_ears=False,
)

STYLES: Mapping[str, hair.Style] = {
    "parted": _SHORT,
    "close": replace(
        _SHORT, strands=30_000, points=4, comb=_close_cut, locks=3000, draw=0.1, sag=0.0, cling=0.0
    ),
    "tied": replace(
        _SHORT, hairline=_ROUND, peaks=0.03, comb=_tied_back, cling=0.8, sag=0.5, draw=0.5,
        points=10, drape=1.0,
    ),
    "long": replace(
        hair.STYLES["bob"], strands=22_000, radius_dm=0.0014, points=14, locks=600, draw=0.5,
        stray=0.35, sag=3.0, cling=0.55, hairline=_ROUND, peaks=0.035,
    ),
}  # fmt: skip
"""Haircuts by name."""


def grow(style: hair.Style, head: Head, skin: Points, ears: Numbers, seed: int) -> Strands:
    """Hair on a resting skin."""
    middle = np.mean([centre[1] for centre, _ in head.sockets.values()])
    ears_z = float(skin[ears > 0.6, 2].mean())
    place = hair.Head(float(middle), float(skin[:, 1].max()), ears_z, ears)
    grown = hair.grow(style, place, skin, head.faces, seed)
    strands = grown.points(skin)
    chance = np.random.default_rng(seed + 1)
    count, points = strands.shape[:2]
    t = np.linspace(0, 1, points)[None, :, None]
    # A second, coarser level of locks, single bends, and hairs that leave their lock.
    leaders = chance.choice(count, LEVELS[0], replace=False)
    lead = leaders[cKDTree(strands[leaders, 0]).query(strands[:, 0])[1]]
    wanted = strands[lead] + 0.6 * (strands[:, :1] - strands[lead][:, :1])
    strands = strands + LEVELS[1] * style.draw * t**1.5 * (wanted - strands)
    length = np.linalg.norm(strands[:, -1] - strands[:, 0], axis=1)[:, None, None]
    bends = np.cumsum(chance.normal(size=strands.shape), axis=1) / np.sqrt(points)
    strands = strands + FRIZZ * bends * np.minimum(3 * length, 1) * t
    stray = np.asarray(chance.random(count) < STRAY)
    away = unit(chance.normal(size=(int(stray.sum()), 1, 3)) + np.array([0.0, 0.6, 0.0]))
    strands[stray] += 0.16 * length[stray] * t * away
    return strands, grown.radius


def cover(style: hair.Style, head: Head, skin: Points, ears: Numbers) -> Numbers:
    """How thickly hair covers the skin, float64 [N] in [0, 1]."""
    middle = np.mean([centre[1] for centre, _ in head.sockets.values()])
    ears_z = float(skin[ears > 0.6, 2].mean())
    return hair.cover(style, hair.Head(float(middle), float(skin[:, 1].max()), ears_z, ears), skin)


def brows(head: Head, skin: Points, thick: float, count: int = 520, seed: int = 5) -> Strands:
    """Fine hairs along the landmarks of the brows."""
    chance = np.random.default_rng(seed)
    high = head.landmarks[[19, 24], 1].mean()
    near = (skin[:, 2] > 0.6) & (np.abs(skin[:, 1] - high) < 0.35)
    ground = scatter(skin, head.faces, near.astype(float), 60_000, seed=3)
    places = ground(skin)
    outwards = unit(ground(normals(skin, head.faces)))
    strands, radii = [], []
    for side, ids in BROW_SIDES:
        line = head.landmarks[list(ids), :2]
        s = np.linspace(0, 1, 5)
        height = 0.6 * line[:, 1] + 0.4 * np.polyval(np.polyfit(s, line[:, 1], 1), s)
        u = chance.random(count) ** 0.95
        across = np.clip(chance.normal(0, 0.55, count), -1.25, 1.25)
        half = 0.040 * thick * np.interp(u, [0, 0.12, 0.35, 0.65, 1], [0.85, 1, 0.92, 0.66, 0.3])
        # ICT's landmarks lie above the brow's hair.
        y = np.interp(u, s, height) - 0.11 + across * half
        x = np.interp(u, s, line[:, 0]) + chance.normal(0, 0.006, count)
        nearest = cKDTree(places[:, :2]).query(np.stack([x, y], axis=1))[1]
        root, normal = places[nearest], outwards[nearest]
        slant = np.radians(62 * np.clip(1 - u / 0.42, 0, 1) + 14 - 40 * np.clip(2 * u - 1, 0, 1))
        slant = slant - 0.45 * across + chance.normal(0, 0.2, count)
        along = np.stack([side * np.cos(slant), np.sin(slant), 0 * u], axis=1)
        along = unit(along - normal * (along * normal).sum(axis=1, keepdims=True))
        length = (0.045 + 0.045 * chance.random(count)) * (1 - 0.3 * u)
        t = np.linspace(0, 1, 5)[None, :, None]
        lift = normal[:, None] * (0.012 * np.sin(2.2 * t) - 0.002)
        bend = length[:, None, None] * t**2 * 0.3 * np.array([side * 0.25, -0.35, 0])
        strands.append(root[:, None] + length[:, None, None] * t * along[:, None] + lift + bend)
        radii.append(np.tile([0.0006, 0.00065, 0.0006, 0.0004, 0.0002], (count, 1)))
    return np.concatenate(strands), np.concatenate(radii)


def beard(skin: Points, quads: Indices, mask: Numbers, length: float, seed: int = 9) -> Strands:
    """Stubble or a short beard, by the length of its hairs in dm."""
    chance = np.random.default_rng(seed)
    count = 22_000
    ground = scatter(skin, quads, mask, count, seed)
    root, normal = ground(skin), unit(ground(normals(skin, quads)))
    lean = 0.7 if length < 0.02 else 0.35
    along = unit(lean * normal + [0, -0.6, 0.05] + chance.normal(0, 0.22, root.shape))
    reach = length * chance.uniform(0.5, 1.3, (count, 1, 1))
    t = np.linspace(-0.1, 1, 4)[None, :, None]
    curl = reach * t**2 * chance.normal(0, 0.25, (count, 1, 3))
    return root[:, None] + reach * t * along[:, None] + curl, np.full((1, 1), 0.0006)


def lashes(moved: Points, cards: list[Indices], upper: int, seed: int = 3) -> Strands:
    """Hairs along ICT's lash cards, so that they go with the lids."""
    strands = []
    for number, card in enumerate(cards):
        chance = np.random.default_rng(seed + number)
        count = upper if number % 6 < 3 else upper // 3
        grid = moved[card]
        start = np.sort(chance.uniform(0.2, 17.8, count))
        lean = chance.normal(0, 0.25, count)
        rows = [_along(grid[row], start + lean * row / 5) for row in range(len(card))]
        hairs = np.stack(rows, axis=1)
        share = chance.uniform(0.55, 1.0, (count, 1, 1))
        strands.append(hairs[:, :1] + (hairs - hairs[:, :1]) * share)
    return np.concatenate(strands), np.linspace(0.0008, 0.0002, 6)[None]


def _along(line: Points, at: Numbers) -> Points:
    at = np.clip(at, 0, len(line) - 1)
    before = np.minimum(at.astype(int), len(line) - 2)
    part = (at - before)[:, None]
    return np.asarray((1 - part) * line[before] + part * line[before + 1])


def riding(strands: Points, skin: Points, moved: Points) -> NDArray[np.float64]:
    """Strands that follow the nearest point of the skin from where it rests."""
    nearest = cKDTree(skin).query(strands[:, 0])[1]
    return np.asarray(strands + (moved - skin)[nearest][:, None])
