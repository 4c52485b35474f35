"""Headphones: a padded band over the crown, and two cups that cover the ears.

Lengths are decimetres, on a head at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.people.head import Numbers
from models.personas.anatomy import Indices, Points
from models.personas.surface import smoothstep, unit

from .headwear import rings

AROUND = 96
"""Points around a cup, and along the band."""

PAD = ((0.00, 0.55), (-0.01, 0.72), (0.00, 0.90), (0.03, 1.02), (0.08, 1.07), (0.13, 1.05),
       (0.16, 0.98))  # fmt: skip
SHELL = ((0.16, 0.96), (0.17, 1.00), (0.22, 1.02), (0.29, 0.98), (0.34, 0.86), (0.365, 0.70),
         (0.37, 0.66), (0.36, 0.62), (0.375, 0.58), (0.385, 0.30), (0.385, 0.0))  # fmt: skip
"""Rows of a cup from the head outwards: how far from the head, dm, and share of the radius."""

INSIDE = 0.11
"""Room for an ear in a cup, dm."""


@dataclass(frozen=True, slots=True)
class Headphones:
    """Headphones.

    Args:
        cup: Half the height and half the depth of a cup, dm.
        above: How far the band stands off the crown, dm.
        wide, thick: Of the band over the crown, dm.
        lean: How far ahead of the ears the band crosses the crown, dm.
        colour, pad: Of shell and band, and of what is padded.
    """

    cup: tuple[float, float] = (0.46, 0.37)
    above: float = 0.05
    wide: float = 0.30
    thick: float = 0.09
    lean: float = 0.16
    colour: str = "1b1c1f"
    pad: str = "141414"


@dataclass(frozen=True, slots=True)
class Part:
    """One part: vertices, dm, float64 [N, 3], and quads, int64 [Q, 4]."""

    points: Points
    quads: Indices


@dataclass(frozen=True, slots=True)
class Worn:
    """Headphones on a head.

    Attributes:
        hard: Shells and band.
        soft: Pads.
        skin: The head's skin with the ears pressed, dm, float64 [V, 3].
        covered: Whether hair is under the band or a pad, in [0, 1], float64 [V].
    """

    hard: tuple[Part, ...]
    soft: tuple[Part, ...]
    skin: Points
    covered: Numbers


def put_on(phones: Headphones, skin: Points, ears: Numbers) -> Worn:
    """Headphones on a head.

    Args:
        phones: Which.
        skin: Skin at rest, dm, float64 [V, 3].
        ears: Share of ear, float64 [V].
    """
    hard: list[Part] = []
    soft: list[Part] = []
    sides = []
    pressed, covered = skin.copy(), np.zeros(len(skin))
    for sign in (-1.0, 1.0):
        ear = skin[(ears > 0.6) & (sign * skin[:, 0] > 0)]
        middle = 0.5 * (ear.min(axis=0) + ear.max(axis=0))
        away = (skin - middle)[:, 1:] / np.array(phones.cup)
        near = (np.hypot(*away.T) < 1.0) & (sign * skin[:, 0] > 0)
        side = float(np.quantile(sign * skin[near & (ears < 0.1), 0], 0.8))
        middle[0] = sign * side
        pressed[near, 0] = sign * np.minimum(sign * skin[near, 0], side + INSIDE)
        covered = np.maximum(covered, near * 1.0)
        for rows, kept in ((PAD, soft), (SHELL, hard)):
            kept.append(_cup(phones, middle, sign, rows))
        sides.append(middle)
    hard.append(_band(phones, skin, sides, padded=False))
    soft.append(_band(phones, skin, sides, padded=True))
    over = np.abs(
        skin[:, 2] - sides[0][2] - phones.lean * smoothstep(0.0, 1.0, skin[:, 1] - sides[0][1])
    )
    covered = np.maximum(covered, (over < 0.4 * phones.wide) & (skin[:, 1] > sides[0][1]))
    return Worn(tuple(hard), tuple(soft), pressed, covered)


def _cup(
    phones: Headphones, middle: Points, sign: float, rows: tuple[tuple[float, float], ...]
) -> Part:
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    tall, deep = phones.cup
    # Not quite an ellipse: a little squarer.
    squarer = (np.abs(np.cos(angle)) ** 2.5 + np.abs(np.sin(angle)) ** 2.5) ** (-1 / 2.5)
    made = []
    for off, share in rows:
        y, z = tall * share * squarer * np.sin(angle), deep * share * squarer * np.cos(angle)
        # The head is narrower below: the cup leans with it.
        x = middle[0] + sign * (off + 0.10 * y)
        made.append(np.stack([x, middle[1] + y, middle[2] + z], 1))
    return Part(np.concatenate(made), rings(len(made), AROUND))


def _band(phones: Headphones, skin: Points, sides: list[Points], padded: bool) -> Part:
    """The band from cup to cup, or the cushion under its middle."""
    low = 0.5 * (sides[0][1] + sides[1][1])
    half = 0.5 * (sides[1][0] - sides[0][0]) + BAND_OUT
    top = skin[:, 1].max() + phones.above
    t = np.linspace(-1, 1, AROUND)
    angle = t * (0.66 if padded else 0.96) * np.pi / 2
    x = half * np.sign(angle) * np.abs(np.sin(angle)) ** (2 / ROUND_BAND)
    high = np.abs(np.cos(angle)) ** (2 / ROUND_BAND)
    z = 0.5 * (sides[0][2] + sides[1][2]) + phones.lean * smoothstep(0.0, 1.0, high)
    path = np.stack([x, low + (top - low) * high, z], 1)
    along = unit(np.gradient(path, axis=0))
    deep = unit(np.array([0.0, 0.0, 1.0]) - along * along[:, 2:])
    out = np.cross(deep, along)
    out *= np.sign(np.sum(out * (path - [0, low, 0]), axis=1, keepdims=True))
    wide = 0.5 * phones.wide * (0.45 + 0.55 * smoothstep(0.25, 0.75, high))
    thick = 0.5 * phones.thick * (0.55 + 0.45 * smoothstep(0.3, 0.8, high))
    if padded:
        ends = (1 - t**2) ** 0.25
        wide, thick = 0.87 * ends * wide, 1.15 * ends * thick
        path = path - 0.55 * phones.thick * out
    section = 2 * np.pi * np.arange(SECTION) / SECTION
    c, s = np.cos(section), np.sin(section)
    squarer = (np.abs(c) ** 4 + np.abs(s) ** 4) ** -0.25
    rows = path[:, None] + (wide[:, None] * squarer * c)[..., None] * deep[:, None]
    rows = rows + (thick[:, None] * squarer * s)[..., None] * out[:, None]
    return Part(rows.reshape(-1, 3), rings(AROUND, SECTION))


SECTION = 24
"""Points around the band's section."""

BAND_OUT, ROUND_BAND = 0.25, 2.35
"""How far beside the skull the band ends, dm, and the power of its arch: 2 is an ellipse."""
