"""A knitted cap: pulled over the hairline and the tops of the ears, with a turned-up brim.

Lengths are decimetres, on a head at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from models.people.hairs import Strands
from models.people.head import Numbers
from models.personas.anatomy import Indices, Points
from models.personas.surface import normals, smoothstep, unit

AROUND, UP = 720, 64
"""Points around the head, and from the brim to the crown."""


@dataclass(frozen=True, slots=True)
class Cap:
    """A knitted cap.

    Args:
        front, side, back: Height of the brim above the eyes, dm.
        brim: Height of what is turned up, dm.
        thick: Thickness of one layer, dm.
        slack: How much higher than the skull it stands, dm.
        ribs: Ribs around the head.
        rib: Depth of a rib, dm.
        skew: How much higher the brim is at the picture's right, dm.
        colour: Of the wool.
        seed: Of its waves.
    """

    front: float = 0.50
    side: float = 0.16
    back: float = -0.30
    brim: float = 0.62
    thick: float = 0.035
    slack: float = 0.12
    ribs: int = 104
    rib: float = 0.012
    skew: float = 0.04
    colour: str = "3a3f45"
    seed: int = 4


@dataclass(frozen=True, slots=True)
class Knitted:
    """A cap on a head.

    Attributes:
        points, quads: Its vertices, dm, float64 [N, 3], and faces, int64 [Q, 4].
        layout: Place of each vertex in the knitting (around, up, 0), dm, float64 [N, 3].
        skin: The head's skin, pressed under the cap, dm, float64 [V, 3].
        covered: How much of each point of the skin it covers, in [0, 1], float64 [V].
    """

    points: Points
    quads: Indices
    layout: Points
    skin: Points
    covered: Numbers


@dataclass(frozen=True, slots=True)
class _Skull:
    """How far a skull reaches from a middle, by the angle around it and the angle up."""

    middle: Points
    around: Numbers
    up: Numbers
    radius: Numbers

    @classmethod
    def of(cls, skin: Points, eyes_y: float, ears: Numbers) -> _Skull:
        """That of a head without its ears, a little smoothed."""
        kept = skin[(ears < 0.25) & (skin[:, 1] > eyes_y - 0.9)]
        depth = kept[kept[:, 1] > eyes_y + 0.3, 2]
        middle = np.array([0.0, eyes_y + 0.25, 0.5 * (depth.min() + depth.max())])
        around = np.linspace(-np.pi, np.pi, 181)[:-1]
        up = np.linspace(-0.95, np.pi / 2, 90)
        away = kept - middle
        far = np.linalg.norm(away, axis=1)
        way = _ways(*np.meshgrid(around, up, indexing="ij"))
        near = cKDTree(away / far[:, None]).query(way.reshape(-1, 3), k=6)[1]
        radius = far[near].max(axis=1).reshape(len(around), len(up))
        return cls(middle, around, up, gaussian_filter(radius, 4, mode=("wrap", "nearest")))

    def at(self, around: Numbers, up: Numbers) -> Numbers:
        """Its radius at some angles."""
        i = (around - self.around[0]) / (self.around[1] - self.around[0])
        j = (up - self.up[0]) / (self.up[1] - self.up[0])
        wide = np.concatenate([self.radius, self.radius[:1]])
        place = [np.mod(i, len(self.around)), np.clip(j, 0, len(self.up) - 1)]
        return np.asarray(map_coordinates(wide, place, order=1))


def _ways(around: Numbers, up: Numbers) -> Points:
    flat = np.cos(up)
    return np.stack([flat * np.sin(around), np.sin(up), flat * np.cos(around)], -1)


def knit_cap(cap: Cap, skin: Points, eyes_y: float, ears: Numbers) -> Knitted:
    """A cap on a head.

    Args:
        cap: Which.
        skin: Skin at rest, dm, float64 [V, 3].
        eyes_y: Height of the eyes, dm.
        ears: Share of ear, float64 [V].
    """
    chance = np.random.default_rng(cap.seed)
    skull = _Skull.of(skin, eyes_y, ears)
    a = np.linspace(-np.pi, np.pi, AROUND + 1)[:-1]
    line = eyes_y + _line(cap, a, chance)
    low = np.zeros_like(a)
    for _ in range(12):
        # The angle up at which the brim lies: its height over the radius there.
        low = np.arcsin(np.clip((line - skull.middle[1]) / skull.at(a, low), -0.8, 0.9))
    drift = gaussian_filter(chance.normal(size=AROUND), 18, mode="wrap")
    ribs = np.cos(cap.ribs * a + 0.35 * drift / drift.std())
    waves = gaussian_filter(
        chance.normal(size=(20, AROUND)), (1.2, AROUND / 26), mode=("nearest", "wrap")
    )
    waves /= waves.std()
    mean = float(skull.radius[:, 30].mean())
    rows, places = [], []
    for s, off in _profile(cap):
        up = low + (np.pi / 2 - low) * s if s >= 0 else low + s
        high = float(np.clip(s, 0, 1))
        # Towards the crown the ribs run together; the back stands higher than the front.
        fade = min((1 - high) / 0.25, 1.0)
        away = off + cap.slack * _rise(high, 0.30, 0.80) * (1 - 0.25 * fade * np.cos(a))
        away = away + fade * (cap.rib * ribs * (off > 0.01))
        away = away + fade * 0.03 * _rise(high, 0.0, 0.3) * waves[min(int(high * 20), 19)]
        rows.append(skull.middle + (skull.at(a, up) + away)[:, None] * _ways(a, up))
        places.append(np.stack([a * mean, np.full_like(a, s * mean), np.zeros_like(a)], 1))
    hidden, covered = _under(skin, skull, a, low)
    return Knitted(
        np.concatenate(rows), rings(len(rows), AROUND), np.concatenate(places), hidden, covered
    )


def lint(worn: Knitted, count: int, seed: int = 6) -> Strands:
    """Fine hairs of the wool, which leave no hard edge around a cap.

    Args:
        worn: The cap.
        count: Of the hairs.
        seed: Of everything that is random.
    """
    chance = np.random.default_rng(seed)
    root = chance.integers(0, len(worn.points), count)
    out = normals(worn.points, worn.quads)[root]
    outwards = np.sign(np.sum(out * (worn.points[root] - worn.points.mean(axis=0)), axis=1))
    way = unit(outwards[:, None] * out + 0.9 * chance.normal(size=out.shape))
    size = chance.uniform(0.02, 0.07, (count, 1, 1))
    t = np.linspace(0, 1, 4)[None, :, None]
    bend = 0.5 * t**2 * chance.normal(size=(count, 1, 3))
    return worn.points[root][:, None] + size * (t * way[:, None] + bend), np.full((1, 1), 0.00028)


def _rise(value: float, start: float, end: float) -> float:
    return float(smoothstep(start, end, np.array([value]))[0])


def _line(cap: Cap, a: Numbers, chance: np.random.Generator) -> Numbers:
    """Height of the brim above the eyes, by the angle around (0 in front); it is not level."""
    behind = 0.4 * cap.side + 0.6 * cap.back
    heights = [cap.front, cap.front - 0.03, cap.side, behind, cap.back]
    height = np.interp(np.abs(a) / np.pi, [0, 0.18, 0.5, 0.75, 1.0], heights)
    height = gaussian_filter(height, len(a) / 40, mode="wrap") + cap.skew * np.sin(a)
    for k in (2, 3, 5, 8):
        height = height + 0.012 * chance.normal() * np.sin(k * a + chance.uniform(0, 6.3)) / k
    return np.asarray(height)


def _profile(cap: Cap) -> list[tuple[float, float]]:
    """Rows from inside the brim, out and up, in over its edge, then to the crown: (up, off)."""
    t, h = cap.thick, cap.brim / 1.6
    rows = [(0.10, 0.0), (0.03, 0.0), (0.0, 0.3 * t), (-0.02, 0.9 * t), (-0.025, 1.5 * t)]
    rows += [(-0.01, 2.1 * t), (0.02, 2.5 * t)]
    rows += [(s, 2.7 * t - 0.25 * t * s / h) for s in np.linspace(0.05, h - 0.02, 16)]
    rows += [(h, 2.3 * t), (h + 0.006, 1.9 * t), (h + 0.002, 1.3 * t), (h + 0.012, 1.05 * t)]
    return rows + [(s, t) for s in np.linspace(h + 0.03, 0.995, UP - len(rows))]


def _under(skin: Points, skull: _Skull, a: Numbers, low: Numbers) -> tuple[Points, Numbers]:
    """Skin that is pressed under the cap, and how much of each point it covers."""
    away = skin - skull.middle
    far = np.linalg.norm(away, axis=1)
    around = np.arctan2(away[:, 0], away[:, 2])
    up = np.arcsin(np.clip(away[:, 1] / far, -1, 1))
    covered = smoothstep(-0.02, 0.03, up - np.interp(around, a, low, period=2 * np.pi))
    most = np.minimum(far, skull.at(around, up) - 0.02)
    size = covered * most + (1 - covered) * far
    return skull.middle + away * (size / far)[:, None], np.asarray(covered)


def rings(rows: int, around: int) -> Indices:
    """Quads between rows of points that lie in rings, int64 [Q, 4]."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(around), indexing="ij")
    k = (j + 1) % around
    corners = [i * around + j, i * around + k, (i + 1) * around + k, (i + 1) * around + j]
    return np.stack(corners, 2).reshape(-1, 4)
