"""Hair of the head.

Takes the resting skin and a style; gives strands (points from root to tip) that stand on the
scalp and keep out of the skull. A strand leaves its root along the style's comb, bends with its
weight, and draws near the tip of its lock; some stray. Nothing is random twice: the same
person has the same hair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .anatomy import Indices, Points
from .surface import Binding, normals, scatter, smoothstep, unit

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scalp:
    """Where on a head a point lies.

    Args:
        height: 0 at the eyes, 1 at the crown.
        ahead: Distance in front of the ears' middle, dm.
        across: Distance to the picture's right of the middle, dm.
    """

    height: Numbers
    ahead: Numbers
    across: Numbers


@dataclass(frozen=True, slots=True)
class Head:
    """Landmarks that a hairline is drawn by.

    Args:
        eyes_y, crown_y: Heights, dm.
        ears_z: Depth of the ears' middle, dm.
        ears: Share of ear per fine vertex, float64 [N].
    """

    eyes_y: float
    crown_y: float
    ears_z: float
    ears: Numbers

    def place(self, points: Points) -> Scalp:
        """Points in the head's own terms."""
        return Scalp(
            (points[:, 1] - self.eyes_y) / (self.crown_y - self.eyes_y),
            points[:, 2] - self.ears_z,
            points[:, 0],
        )


@dataclass(frozen=True, slots=True)
class Style:
    """A haircut.

    Args:
        strands: How many; thicker than real ones, as fewer are then needed.
        points: Points per strand.
        radius_dm: At the root; tips are finer.
        hairline: Height per depth: pairs of (dm ahead of the ears, height of the line).
        peaks: How far the hairline recedes beside the forehead's middle.
        comb: Direction (float64 [N, 3]) and length (dm, float64 [N]) of hair at a place.
        sag: Bend downwards, per dm of length.
        drape: Share of the sag that waits until a hair has left the top of the head, in [0, 1]:
            long hair lies on the skull before it falls.
        cling: Share of its height over the skull that hair loses with every point above the ears.
        curl_in: Bend towards the neck at the tips, per dm of length.
        locks: How many locks the hair falls into.
        part_dm: How far to the picture's right of the middle hair is parted; None for none.
            No lock holds hair from both sides of it: their mean would stand upright.
        draw: How far tips draw near their lock's, in [0, 1].
        stray: Random bend, as a share of the length.
        follows: Share of the skin's own motion that hair takes: short hair stands on the forehead
            and rides with the brows, long hair hangs from the whole head and stays.
        covers_ears: Skin of the ears is no obstacle, as it is hidden.
    """

    strands: int
    points: int
    radius_dm: float
    hairline: tuple[tuple[float, float], ...]
    peaks: float
    comb: Callable[[Scalp, Points, np.random.Generator], tuple[Points, Numbers]]
    sag: float
    drape: float
    cling: float
    curl_in: float
    locks: int
    part_dm: float | None
    draw: float
    stray: float
    follows: float
    covers_ears: bool


def _crop(place: Scalp, outwards: Points, chance: np.random.Generator) -> tuple[Points, Numbers]:
    """Short at the sides, longer above, brushed up and to one side at the front."""
    count = len(place.height)
    # The hairline of the forehead lies lower than the crown but belongs to the top.
    above = smoothstep(0.50, 0.84, place.height + 0.34 * smoothstep(0.30, 0.60, place.ahead))
    front = smoothstep(0.30, 0.78, place.ahead) * above
    back = (smoothstep(-0.1, -0.6, place.ahead) * above)[:, None]
    ones = np.ones(count)
    # Down and backwards at the sides, forwards at the temples.
    temple = smoothstep(0.15, 0.45, place.ahead) * (1 - above)
    sides = np.stack([0.05 * np.sign(place.across), -0.9 * ones, -0.45 + 0.55 * temple], axis=1)
    top = np.stack([-0.62 - 0.05 * front, 0.10 + 0.75 * front, 0.45 - 0.60 * front], axis=1)
    top = (1 - back) * top + back * np.array([-0.35, -0.2, -0.7])
    comb = above[:, None] * top + (1 - above[:, None]) * sides
    lift = 0.14 + 0.30 * above + 0.10 * front
    length = np.interp(
        place.height, [-0.4, 0.1, 0.4, 0.62, 0.8, 1.0], [0.045, 0.075, 0.12, 0.24, 0.30, 0.33]
    )
    length = length * (0.75 + 0.35 * chance.random(count)) * (1 + 0.15 * front)
    return comb + lift[:, None] * outwards, length


def _bob(place: Scalp, outwards: Points, chance: np.random.Generator) -> tuple[Points, Numbers]:
    """Parted at one side, smooth over the crown, falling past the jaw."""
    count = len(place.height)
    from_part = place.across - PART_DM
    side = np.where(from_part + 0.012 * chance.normal(size=count) > 0, 1.0, -1.0)
    above = smoothstep(0.30, 0.70, place.height + 0.2 * smoothstep(0.3, 0.6, place.ahead))
    front = smoothstep(0.20, 0.75, place.ahead)
    comb = np.stack(
        [side * (0.15 + 0.85 * above), -1.0 + 1.1 * above, -0.10 - 0.75 * front], axis=1
    )
    # Roots at the parting must travel over the crown before they fall.
    reach = 0.75 * above * np.minimum(np.abs(from_part) + 0.35, 1.0)
    length = 0.95 + 0.95 * place.height + reach
    length = np.maximum(length, 0.35) * (0.97 + 0.05 * chance.random(count))
    return comb + 0.14 * outwards, length


PART_DM = 0.18
"""How far to the picture's right of the middle hair is parted."""

STYLES: Mapping[str, Style] = {
    "crop": Style(
        strands=17_000,
        points=8,
        radius_dm=0.0042,
        hairline=(
            (-1.2, -0.50), (-0.75, -0.46), (-0.35, -0.32), (-0.12, -0.02), (0.02, 0.14),
            (0.10, 0.06), (0.20, -0.02), (0.30, 0.16), (0.42, 0.40), (0.60, 0.53), (0.80, 0.59),
            (1.0, 0.60),
        ),
        peaks=0.05,
        comb=_crop,
        sag=0.8,
        drape=0.0,
        cling=0.0,
        curl_in=0.0,
        locks=650,
        part_dm=None,
        draw=0.55,
        stray=0.22,
        follows=1.0,
        covers_ears=False,
    ),
    "bob": Style(
        strands=20_000,
        points=18,
        radius_dm=0.0045,
        hairline=(
            (-1.2, -0.62), (-0.75, -0.58), (-0.35, -0.42), (-0.12, -0.05), (0.02, 0.12),
            (0.12, 0.10), (0.26, 0.18), (0.42, 0.37), (0.60, 0.49), (0.80, 0.54), (1.0, 0.56),
        ),
        peaks=0.0,
        comb=_bob,
        sag=3.4,
        drape=1.0,
        cling=0.7,
        curl_in=1.6,
        locks=420,
        part_dm=PART_DM,
        draw=0.45,
        stray=0.30,
        follows=0.0,
        covers_ears=True,
    ),
}  # fmt: skip
"""Haircuts by name."""

CLING_FREE_DM = 0.06
"""Hair that clings lies in a layer of this thickness."""

EDGE = 0.10
"""Over this share of the head's height a hairline thins out."""


@dataclass(frozen=True, slots=True)
class Strands:
    """Hair at rest.

    Args:
        roots: Where they stand on the skin.
        still: float64 [N, 3], roots at rest.
        follows: As in `Style`.
        offsets: float64 [N, K, 3], points relative to the root.
        radius: float64 [N, K], dm.
    """

    roots: Binding
    still: Points
    follows: float
    offsets: Points
    radius: Points

    def points(self, skin: Points) -> Points:
        """Strands on a skin, float64 [N, K, 3]."""
        root = (1 - self.follows) * self.still + self.follows * self.roots(skin)
        return np.asarray(root[:, None] + self.offsets)


def cover(style: Style, head: Head, skin: Points) -> Numbers:
    """How thickly hair covers each point of the head, in [0, 1], float64 [N]."""
    place = head.place(skin)
    ahead, height = np.array(style.hairline).T
    line = np.interp(place.ahead, ahead, height)
    # Two shallow bays beside the middle of the forehead: a straight line looks like a wig.
    bays = np.exp(-(((np.abs(place.across) - 0.45) / 0.16) ** 2))
    line = line + style.peaks * bays * smoothstep(0.4, 0.7, place.ahead)
    ragged = 0.008 * _noise(skin, 21.0, 77) + 0.010 * _noise(skin, 55.0, 78)
    above = smoothstep(-EDGE / 2, EDGE, place.height - line + ragged)
    return np.asarray(above * (1 - np.clip(3 * head.ears, 0, 1)))


def grow(style: Style, head: Head, skin: Points, faces: Indices, seed: int) -> Strands:
    """Strands of a style on a resting skin (float64 [N, 3], fine)."""
    chance = np.random.default_rng(seed)
    thick = cover(style, head, skin)
    roots = scatter(skin, faces, thick, style.strands, seed)
    vertex_normals = normals(skin, faces)
    root, outwards = roots(skin), unit(roots(vertex_normals))
    place = head.place(root)
    direction, length = style.comb(place, outwards, chance)
    # Hair at the hairline is finer and shorter than within.
    length = length * (0.55 + 0.45 * roots(thick[:, None])[:, 0])
    direction = unit(direction) + 0.20 * _vector_noise(root, 9.0, 5)
    direction = unit(direction + 0.10 * chance.normal(size=direction.shape))
    obstacle = _Obstacle.of(skin, faces, vertex_normals, head, style)
    strands = _bend(root, direction, length, style, obstacle, head, chance)
    strands = _gather(strands, root, length, style, chance)
    taper = np.interp(np.linspace(0, 1, style.points), [0, 0.15, 0.6, 1], [0.8, 1.0, 0.85, 0.25])
    radius = style.radius_dm * taper * (0.7 + 0.6 * chance.random((len(root), 1)))
    return Strands(roots, root, style.follows, strands - root[:, None], radius)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """Skin that strands keep out of."""

    tree: cKDTree
    points: Points
    outwards: Points

    @classmethod
    def of(
        cls, skin: Points, faces: Indices, outwards: Points, head: Head, style: Style
    ) -> _Obstacle:
        solid = np.ones(len(skin))
        if style.covers_ears:
            solid = (head.ears < 0.05).astype(float)
        cloud = scatter(skin, faces, solid, 60_000, seed=33)
        points = cloud(skin)
        return cls(cKDTree(points), points, unit(cloud(outwards)))

    def normals(self, points: Points) -> Points:
        """Of the skin nearest to points, float64 [N, 3]."""
        return np.asarray(self.outwards[self.tree.query(points)[1]])

    def lifted(
        self, points: Points, least: Numbers, cling: Numbers
    ) -> tuple[Points, Points, Numbers]:
        """Points at least that far out, the normals there, and how far each was lifted.

        Args:
            points: float64 [N, 3].
            least: Wanted distance from the skin, dm.
            cling: Share of the distance beyond it that is taken back.
        """
        _, nearest = self.tree.query(points)
        normal = self.outwards[nearest]
        height = np.sum((points - self.points[nearest]) * normal, axis=1)
        lift = np.maximum(least - height, 0.0)
        settled = lift - cling * np.maximum(height - least - CLING_FREE_DM, 0.0)
        return points + settled[:, None] * normal, normal, lift


def _bend(
    root: Points,
    direction: Points,
    length: Numbers,
    style: Style,
    obstacle: _Obstacle,
    head: Head,
    chance: np.random.Generator,
) -> Points:
    steps = style.points - 1
    step = (length / steps)[:, None]
    swing = unit(chance.normal(size=root.shape))
    strands = np.zeros((len(root), style.points, 3))
    point = strands[:, 0] = root
    normal = obstacle.normals(root)
    least = 0.006 + 0.02 * chance.random(len(root))
    for k in range(1, style.points):
        share = k / steps
        place = head.place(point)
        above = style.cling * smoothstep(0.25, 0.6, place.height)
        # What clings does not grow away from the skull, from the root on.
        off = np.maximum(np.sum(direction * normal, axis=1), 0.0) * np.minimum(2 * above, 1)
        direction = unit(direction - off[:, None] * normal)
        side = np.maximum(
            smoothstep(0.45, 0.78, np.abs(place.across)), smoothstep(0.2, -0.3, place.ahead)
        )
        falling = (1 - style.drape * (1 - side))[:, None]
        direction = direction + style.sag * step * falling * np.array([0.0, -1.0, 0.0])
        if style.curl_in:
            inwards = point * np.array([-1.0, 0.0, -0.4])
            late = float(smoothstep(0.55, 1.0, np.array(share)))
            direction = direction + style.curl_in * late * step * unit(inwards)
        direction = unit(direction + style.stray * swing * np.sin(2.5 * share) / steps)
        point, normal, lift = obstacle.lifted(
            point + step * direction, least * min(1.0, 2 * share), above
        )
        inwards = np.minimum(np.sum(direction * normal, axis=1, keepdims=True), 0.0)
        direction = unit(direction - np.where(lift[:, None] > 0, inwards, 0.0) * normal)
        strands[:, k] = point
    return strands


def _gather(
    strands: Points, root: Points, length: Numbers, style: Style, chance: np.random.Generator
) -> Points:
    leaders = chance.choice(len(root), style.locks, replace=False)
    apart = root if style.part_dm is None else root + _side(strands, style.part_dm)
    _, mine = cKDTree(apart[leaders]).query(apart)
    t = np.linspace(0, 1, style.points)[None, :, None]
    pull = style.draw * t**1.3 * (0.35 + 0.65 * chance.random((len(root), 1, 1)))
    # Locks take the mean shape of their hairs, so that no lock stands off by the chance of one.
    offsets = strands - root[:, None]
    count = np.maximum(np.bincount(mine, minlength=len(leaders)), 1)[:, None]
    shape = np.zeros((len(leaders), style.points, 3))
    np.add.at(shape, mine, offsets)
    centre = np.zeros((len(leaders), 3))
    np.add.at(centre, mine, root)
    shape, centre = shape / count[:, None], centre / count
    # A tip is drawn along the lock, not to its root: short hair keeps its place.
    wanted = centre[mine][:, None] + shape[mine] + 0.35 * (root - centre[mine])[:, None]
    wanted = wanted + 0.10 * length[:, None, None] * t * chance.normal(size=(len(root), 1, 3))
    return np.asarray((1 - pull) * strands + pull * wanted)


def _side(strands: Points, part_dm: float) -> Points:
    """A step to one side or the other, float64 [N, 3], by where a strand's tip hangs."""
    away = np.sign(strands[:, -1, 0] - part_dm)
    return np.asarray(away[:, None] * np.array([FAR_DM, 0.0, 0.0]))


FAR_DM = 10.0
"""More than a head is wide."""


def _noise(points: Points, frequency: float, seed: int) -> Numbers:
    """Smooth noise of about unit size, float64 [N]."""
    chance = np.random.default_rng(seed)
    waves = chance.normal(0, frequency, (24, 3))
    phase = chance.uniform(0, 2 * np.pi, 24)
    return np.asarray(np.sin(points @ waves.T + phase).sum(axis=1) / np.sqrt(12))


def _vector_noise(points: Points, frequency: float, seed: int) -> Points:
    return np.stack([_noise(points, frequency, seed + axis) for axis in range(3)], axis=1)
