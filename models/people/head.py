"""Heads of ICT-FaceKit's light model: who it is, what the face does, where the head is turned.

Lengths are decimetres: x to the picture's right, y up, z to the camera.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.personas.anatomy import Indices, Points
from models.personas.eyes import cornea_height
from models.personas.subdivision import Subdivision, subdivide
from models.personas.surface import smoothstep

from .assets import HEAD, asset

Numbers = NDArray[np.float64]

LANDMARKS = (
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088,
    3443, 268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140,
    2075, 1147, 4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732,
    5708, 5695, 2081, 0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216,
    6207, 6470, 5517, 5966,
)  # fmt: skip
"""Vertices of Multi-PIE's 68 landmarks (README of ICT-FaceKit)."""

SKIN_MATERIALS = ("M_Face", "M_BackHead")
FACE_END, MOUTH, SOCKETS = 9409, (11248, 13294), (13294, 14062)
"""Vertices of the face, of the mouth's inside and of the eyes' sockets: by material the last two
are the back of the head."""

BALLS = {"Left": 21451, "Right": 23021}
BALL_SIZE = 770
LASHES, CARDS, CARD_ROWS, CARD_COLUMNS = 25351, 12, 6, 19
"""Lash cards: three for an upper and three for a lower lid, each with its root row first."""

MODES = 100
SIGMA, SIGMA_MOST = 0.6, 1.3
"""Spread of the identity modes, in standard deviations of the scans: with 0.8 and more, people look
like characters. No mode leaves 1.3."""

PIVOT = np.array([0.0, -0.34, -0.12])
"""About the joint of skull and neck."""

NECK_LOW, NECK_HIGH, NECK_TILT = -0.85, -0.25, 0.35
"""Heights from the pivot between which the neck begins to turn and turns in full; the throat counts
as higher than the nape by this share of its depth."""

EYE_GROWTH = 1.11
"""ICT's eyes are a little small in their sockets."""

BALL_RADIUS = 1.008
"""Of the eyeball that is drawn, as a share of ICT's."""


@cache
def _data() -> dict[str, Any]:
    with np.load(asset(HEAD)) as table:
        return {name: table[name] for name in table.files}


def neutral() -> Points:
    """The mean head, float64 [26719, 3]."""
    return np.asarray(_data()["neutral"] * 0.1, np.float64)


def faces(*materials: str) -> Indices:
    """Quads of some materials, int64 [F, 4]."""
    data = _data()
    return np.asarray(data["faces"][np.isin(data["mats"], materials)], np.int64)


def coefficients(seed: int) -> Numbers:
    """A random identity, float64 [100], in standard deviations."""
    drawn = np.random.default_rng(seed).normal(0, SIGMA, MODES)
    return np.asarray(np.clip(drawn, -SIGMA_MOST, SIGMA_MOST))


class Head:
    """One person's head.

    Args:
        seed: Of the identity.
        levels: How often the skin's faces are split.

    Attributes:
        base: All of ICT's vertices without expression, float64 [26719, 3].
        used: Which of them are skin.
        faces: Fine quads of the skin.
        landmarks: float64 [68, 3].
    """

    def __init__(self, seed: int, levels: int) -> None:
        modes = np.asarray(_data()["ids"], np.float64) * 0.1
        self.base = _larger_eyes(neutral() + np.tensordot(coefficients(seed), modes, 1))
        skin = faces(*SKIN_MATERIALS)
        self.used, packed = np.unique(skin, return_inverse=True)
        self._fine: Subdivision = subdivide(packed.reshape(-1, 4), len(self.used), levels)
        self.faces = self._fine.faces
        self.landmarks = self.base[list(LANDMARKS)]
        self.sockets = {
            side: _ball(self.base[first : first + BALL_SIZE]) for side, first in BALLS.items()
        }

    def on_skin(self, values: Numbers) -> Numbers:
        """Values per vertex of ICT, [26719, ...], on the fine skin."""
        return np.asarray(self._fine(np.asarray(values, np.float64)[self.used]))

    def expressed(self, weights: Mapping[str, float]) -> Points:
        """All vertices with a face's weights, by ARKit's names; poses are left out."""
        data = _data()
        names = data["names"].tolist()
        moved: Points = self.base.copy()
        for name, weight in weights.items():
            for theirs in _theirs(name, names):
                moved += weight * 0.1 * data["exp"][names.index(theirs)].astype(np.float64)
        return moved

    def skin(self, moved: Points) -> Points:
        """The fine skin of `expressed`, kept off the eyeballs."""
        skin = self.on_skin(moved)
        for centre, size in self.sockets.values():
            radius = size * BALL_RADIUS
            away = skin - centre
            far = np.linalg.norm(away, axis=1)
            near = (far < 1.35 * radius) & (far > 0.85 * radius) & (away[:, 2] > 0.2 * radius)
            angle = np.arccos(np.clip(away[near, 2] / far[near], -1, 1))
            least = radius * (1.012 + cornea_height(angle))
            push = np.maximum(least - far[near], 0) / far[near]
            skin[near] += push[:, None] * away[near]
        return skin


def _theirs(name: str, names: list[str]) -> list[str]:
    """ICT's names of one of ARKit's."""
    if name.endswith("Left") and f"{name[:-4]}_L" in names:
        return [f"{name[:-4]}_L"]
    if name.endswith("Right") and f"{name[:-5]}_R" in names:
        return [f"{name[:-5]}_R"]
    return [each for each in (name, f"{name}_L", f"{name}_R") if each in names]


def turned(points: Points, share: Numbers | float, pitch: float, yaw: float) -> Points:
    """Points with the head turned, in radians: pitch up, yaw to the picture's right."""
    x, y, z = (points - PIVOT).T
    up, right = pitch * np.asarray(share), yaw * np.asarray(share)
    y, z = y * np.cos(up) + z * np.sin(up), z * np.cos(up) - y * np.sin(up)
    x, z = x * np.cos(right) + z * np.sin(right), z * np.cos(right) - x * np.sin(right)
    return np.asarray(np.stack([x, y, z], axis=1) + PIVOT)


def neck_share(points: Points) -> Numbers:
    """How much of a turn points take part in, float64 [N]."""
    _, y, z = (points - PIVOT).T
    return smoothstep(NECK_LOW, NECK_HIGH, y + NECK_TILT * z)


def _ball(points: Points) -> tuple[Points, float]:
    """Middle and radius of an eyeball, from its back: in front it has a cornea."""
    back = points[points[:, 2] < np.quantile(points[:, 2], 0.6)]
    known = np.c_[2 * back, np.ones(len(back))]
    solved = np.linalg.lstsq(known, (back**2).sum(axis=1), rcond=None)[0]
    radius = float(np.sqrt(solved[3] + solved[:3] @ solved[:3]))
    return solved[:3] - [0.0, 0.012, 0.0], radius


def _larger_eyes(base: Points) -> Points:
    """Scales what lies around each eye, lids, lashes and ball alike."""
    mean = neutral()
    out: Points = base.copy()
    for sign, ids in ((1, LANDMARKS[42:48]), (-1, LANDMARKS[36:42])):
        reach = np.linalg.norm((mean - mean[list(ids)].mean(axis=0)) * [1, 1, 0.5], axis=1)
        share = smoothstep(0.55, 0.20, reach) * (sign * mean[:, 0] > 0)
        away = base - base[list(ids)].mean(axis=0)
        out += (EYE_GROWTH - 1) * share[:, None] * away * [1, 1, 0.6]
    return out


def lash_cards() -> list[Indices]:
    """Vertices of the lash cards, int64 [6, 19] each, from root to tip."""
    data = _data()
    cards = data["mats"] == "M_EyeLashes"
    uv = np.zeros((len(data["neutral"]), 2))
    uv[data["faces"][cards].ravel()] = data["uv"][data["fuv"][cards].ravel()]
    grids = []
    for card in range(CARDS):
        first = LASHES + CARD_ROWS * CARD_COLUMNS * card
        ids = np.arange(first, first + CARD_ROWS * CARD_COLUMNS)
        rows = ids[np.argsort(-uv[ids, 1], kind="stable")].reshape(CARD_ROWS, CARD_COLUMNS)
        grids.append(np.stack([row[np.argsort(uv[row, 0])] for row in rows]))
    return grids
