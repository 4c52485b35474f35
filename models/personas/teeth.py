"""Teeth and gums.

Takes the places of the body's helper teeth (thin strips that say where teeth belong, too coarse
to be seen); gives two arches of fourteen teeth each in gums. The upper arch belongs to the
skull, the lower one follows the jaw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import BaseMesh, Indices, Points
from .surface import unit


@dataclass(frozen=True, slots=True)
class Tooth:
    """A crown.

    Args:
        width_mm, height_mm, depth_mm: Common sizes of crowns in textbooks of dental anatomy.
        edge: Thickness of the biting edge as a share of the depth: incisors are chisels.
        longer_mm: How far it reaches beyond its neighbours.
    """

    width_mm: float
    height_mm: float
    depth_mm: float
    edge: float
    longer_mm: float


UPPER = (
    Tooth(8.6, 10.2, 7.0, 0.30, 0.0),
    Tooth(6.7, 9.2, 6.2, 0.32, -0.55),
    Tooth(7.6, 9.8, 7.8, 0.42, 0.1),
    Tooth(7.1, 8.4, 8.6, 0.80, -0.4),
    Tooth(6.8, 8.2, 8.8, 0.85, -0.5),
    Tooth(10.0, 7.6, 10.5, 0.90, -0.6),
    Tooth(9.4, 7.2, 10.5, 0.90, -0.8),
)
LOWER = (
    Tooth(5.4, 8.8, 6.0, 0.30, 0.0),
    Tooth(5.9, 9.2, 6.3, 0.30, 0.0),
    Tooth(6.9, 9.8, 7.5, 0.42, 0.2),
    Tooth(7.0, 8.5, 7.7, 0.80, -0.2),
    Tooth(7.1, 8.0, 8.2, 0.85, -0.3),
    Tooth(10.6, 7.5, 10.2, 0.90, -0.5),
    Tooth(10.2, 7.0, 10.0, 0.90, -0.6),
)
"""From the middle backwards, one half of an arch; the other half is its mirror."""

UPPER_DOWN_DM, LOWER_DOWN_DM = 0.032, 0.080
"""Below the helpers: parted lips show 2 mm of the upper teeth, and the lower bite behind them."""

OVERLAP = 1.06
"""Neighbours touch: crowns are drawn a little wider than their place."""

AROUND, ALONG = 18, 13
GUM_AROUND, GUM_ALONG = 14, 90


@dataclass(frozen=True, slots=True)
class Arch:
    """One row of teeth in its gum.

    Args:
        teeth, gum: Vertices (float64 [N, 3], dm) and faces each.
    """

    teeth: tuple[Points, Indices]
    gum: tuple[Points, Indices]


def build_arch(mesh: BaseMesh, vertices: Points, upper: bool) -> Arch:
    """The arch of a jaw, fitted to the helper teeth of a body."""
    helper = vertices[mesh.groups["helper-upper-teeth" if upper else "helper-lower-teeth"]]
    helper = helper - [0.0, UPPER_DOWN_DM if upper else LOWER_DOWN_DM, 0.0]
    curve = _Curve.through(helper, upper)
    row = UPPER if upper else LOWER
    scale = curve.front_length / sum(tooth.width_mm for tooth in row)
    crowns, faces, count = [], [], 0
    for side in (-1.0, 1.0):
        place = 0.0
        for tooth in row:
            width = tooth.width_mm * scale
            crown, quads = _crown(tooth, scale)
            centre, along, outwards = curve.frame(side * (place + width / 2))
            # Roots lean inwards: seen from the front a smile shows the faces, not the edges.
            up = unit(np.array([0.0, 1.0, 0.0]) * curve.up - 0.10 * outwards)
            front = np.cross(along, up) * np.sign(np.dot(np.cross(along, up), outwards))
            base = centre - up * tooth.longer_mm * scale - front * tooth.depth_mm * scale / 2
            crowns.append(base + crown @ np.stack([along, up, front]))
            flipped = np.dot(np.cross(along, up), front) < 0
            faces.append((quads[:, ::-1] if flipped else quads) + count)
            count += len(crown)
            place += width
    return Arch((np.concatenate(crowns), np.concatenate(faces)), _gum(curve, row, scale))


@dataclass(frozen=True, slots=True)
class _Curve:
    """The biting edge: half an ellipse, open towards the throat."""

    front_z: float
    edge_y: float
    half_width: float
    depth: float
    up: float
    angle: Points
    length: Points

    @classmethod
    def through(cls, helper: Points, upper: bool) -> _Curve:
        low, high = helper.min(axis=0), helper.max(axis=0)
        up = 1.0 if upper else -1.0
        half_width, depth = 0.94 * high[0], 0.98 * (high[2] - low[2])
        angle = np.linspace(0, np.pi / 2, 400)
        step = np.hypot(half_width * np.cos(angle), depth * np.sin(angle)) * (angle[1] - angle[0])
        return cls(
            high[2] - (0.0 if upper else 0.012),
            low[1] if upper else high[1],
            half_width, depth, up, angle, np.cumsum(step) - step[0],
        )  # fmt: skip

    @property
    def front_length(self) -> float:
        """Length of one half of the arch that carries teeth, dm."""
        return float(self.length[-1])

    def frame(self, along: float) -> tuple[Points, Points, Points]:
        """Point, direction along the arch and outwards, at a length from the middle."""
        angle = np.interp(abs(along), self.length, self.angle)
        side = np.sign(along) or 1.0
        point = np.array(
            [
                side * self.half_width * np.sin(angle),
                self.edge_y,
                self.front_z - self.depth * (1 - np.cos(angle)),
            ]
        )
        tangent = np.array(
            [self.half_width * np.cos(angle), 0.0, -side * self.depth * np.sin(angle)]
        )
        tangent = unit(tangent)
        outwards = np.array([-tangent[2], 0.0, tangent[0]])
        return point, tangent, outwards


def _crown(tooth: Tooth, scale: float) -> tuple[Points, Indices]:
    """A rounded block; y from 0 at the edge to the root, z outwards around 0."""
    around = 2 * np.pi * np.arange(AROUND) / AROUND
    rise = np.linspace(-np.pi / 2, np.pi / 2, ALONG)
    share = (_squared(np.sin(rise), 0.75) + 1) / 2
    round_off = np.cos(rise).clip(0) ** 0.36
    x = _squared(np.cos(around), 0.62)[None] * round_off[:, None]
    z = _squared(np.sin(around), 0.75)[None] * round_off[:, None]
    taper = 1.0 - 0.20 * share**1.5
    thick = tooth.edge + (1 - tooth.edge) * np.minimum(1.25 * share, 1.0)
    bulge = 0.05 * np.sin(np.pi * share)
    # The front face leans over the edge only slightly: depth is taken away at the back.
    crown = np.stack(
        [
            x * (OVERLAP * tooth.width_mm / 2 * taper)[:, None],
            np.broadcast_to((share * tooth.height_mm)[:, None], x.shape),
            z * (tooth.depth_mm / 2 * thick)[:, None]
            + (tooth.depth_mm / 2 * (0.93 - thick + bulge))[:, None],
        ],
        axis=2,
    )
    return scale * crown.reshape(-1, 3), _tube_faces(ALONG, AROUND, closed=False)


def _squared(wave: Points, power: float) -> Points:
    """A wave with flatter crests: the smaller the power, the squarer."""
    return np.asarray(np.sign(wave) * np.abs(wave) ** power)


def _gum(curve: _Curve, row: tuple[Tooth, ...], scale: float) -> tuple[Points, Indices]:
    """A tube over the roots, its margin drawn up at each tooth's middle."""
    widths = np.array([tooth.width_mm for tooth in row]) * scale
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    rings = []
    for along in np.linspace(-1, 1, GUM_ALONG) * edges[-1]:
        point, _, outwards = curve.frame(float(along))
        tooth = min(int(np.searchsorted(edges, abs(along), side="right")) - 1, len(row) - 1)
        within = (abs(along) - edges[tooth]) / widths[tooth]
        papilla = 0.011 * np.cos(2 * np.pi * within)
        height = row[tooth].height_mm * scale
        turn = 2 * np.pi * np.arange(GUM_AROUND) / GUM_AROUND
        low = np.sin(turn) < -0.2
        up = np.array([0.0, curve.up, 0.0])
        centre = point + up * (height + 0.035) - outwards * 0.038
        rings.append(
            centre
            + np.cos(turn)[:, None] * outwards * 0.036
            + (np.sin(turn) * 0.055 - low * papilla)[:, None] * up
        )
    return np.concatenate(rings), _tube_faces(GUM_ALONG, GUM_AROUND, closed=False)


def edge(upper_teeth: Points) -> Points:
    """The middle of the upper teeth's biting edge, float64 [3]."""
    front = upper_teeth[np.abs(upper_teeth[:, 0]) < 0.08]
    low = front[front[:, 1] < front[:, 1].min() + 0.01]
    return np.array([0.0, front[:, 1].min(), low[:, 2].max()])


def _tube_faces(along: int, around: int, closed: bool) -> Indices:
    rows = np.arange(along if closed else along - 1)
    ring, spoke = np.meshgrid(rows, np.arange(around), indexing="ij")
    after = (ring + 1) % along
    return np.stack(
        [
            ring * around + spoke,
            ring * around + (spoke + 1) % around,
            after * around + (spoke + 1) % around,
            after * around + spoke,
        ],
        axis=2,
    ).reshape(-1, 4)


def rigid_fit(before: Points, after: Points) -> tuple[Points, Points]:
    """Rotation [3, 3] and translation [3] that take points nearest to others (Kabsch 1976)."""
    centre_before, centre_after = before.mean(axis=0), after.mean(axis=0)
    left, _, right = np.linalg.svd((before - centre_before).T @ (after - centre_after))
    handed = np.sign(np.linalg.det(right.T @ left.T))
    rotation = right.T @ np.diag([1.0, 1.0, handed]) @ left.T
    return rotation, centre_after - rotation @ centre_before
