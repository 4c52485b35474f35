"""What faces of scanned heads do besides what the rig does: how much further lips part, where
corners of the mouth go, how far cheeks and chin come along.

The rig's units were modelled by hand. Here a handful of smooth bumps about the mouth is added to
each unit, so that its motion comes nearer to that of heads made of many scans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .sampling import Floats
from .slits import Slit

ALL, UPPER, LOWER = "all", "upper", "lower"


class Bump(NamedTuple):
    """A bump of motion.

    Args:
        part: What it moves: `ALL`, or between the corners of the mouth what lies above or below.
        at: Its middle from the middle of the mouth, outwards and down, in halves of its width.
        size: How wide and how high it is, likewise.
        way: How far it moves skin at weight 1, outwards and down, in cm.
    """

    part: str
    at: tuple[float, float]
    size: tuple[float, float]
    way: tuple[float, float]


WIDE, SMALL, THIN = (0.9, 0.7), (0.5, 0.4), (0.6, 0.25)

BUMPS: Mapping[str, tuple[Bump, ...]] = {
    "jawOpen": (
        Bump(UPPER, (1.5, -0.4), WIDE, (0.10, -0.45)),
        Bump(LOWER, (0.5, 0.9), WIDE, (0.00, 0.35)),
        Bump(LOWER, (2.0, 0.9), WIDE, (0.10, -0.45)),
    ),
    "mouthFunnel": (
        Bump(LOWER, (0, 0.4), WIDE, (0.05, 0.75)),
        Bump(UPPER, (1.0, -0.4), WIDE, (-0.15, -0.50)),
        Bump(UPPER, (1.0, -0.4), SMALL, (0.25, 0.25)),
        Bump(UPPER, (1.0, -0.9), WIDE, (0.15, -0.20)),
    ),
    "mouthPucker": (
        Bump(LOWER, (0, 0.6), SMALL, (0.05, 0.55)),
        Bump(UPPER, (1.0, 0), WIDE, (0.10, -0.20)),
        Bump(LOWER, (1.5, 0.9), WIDE, (0.05, -0.20)),
        Bump(LOWER, (2.0, 0.4), WIDE, (-0.20, -0.05)),
    ),
    "mouthSmile": (
        Bump(LOWER, (0.5, 0.4), WIDE, (-0.35, 0.15)),
        Bump(UPPER, (2.0, -0.9), WIDE, (-0.05, 0.70)),
        Bump(LOWER, (-0.5, 0.6), SMALL, (-0.20, 0.05)),
        Bump(UPPER, (0.5, -0.4), SMALL, (0.10, -0.20)),
    ),
    "mouthStretch": (
        Bump(ALL, (1.5, 0), WIDE, (0.15, -0.10)),
        Bump(UPPER, (1.0, -0.4), WIDE, (-0.15, 0.00)),
        Bump(LOWER, (1.0, 0.9), WIDE, (0.05, -0.15)),
        Bump(UPPER, (1.5, -0.9), WIDE, (-0.05, -0.15)),
    ),
    "mouthUpperUp": (
        Bump(UPPER, (1.0, -0.9), WIDE, (0.05, -0.35)),
        Bump(UPPER, (1.0, 0), WIDE, (0.00, -0.25)),
        Bump(ALL, (2.0, -1.5), WIDE, (0.10, -0.20)),
        Bump(UPPER, (-0.5, -0.4), SMALL, (0.05, -0.15)),
    ),
    "mouthLowerDown": (
        Bump(LOWER, (-0.5, 0.6), WIDE, (-0.20, 0.10)),
        Bump(LOWER, (0, 0.9), SMALL, (-0.20, -0.05)),
        Bump(ALL, (1.0, 1.5), WIDE, (0.10, 0.10)),
        Bump(LOWER, (0, 0.2), THIN, (0.05, 0.05)),
    ),
    "cheekSquint": (
        Bump(ALL, (2.0, -1.5), WIDE, (-0.20, 0.40)),
        Bump(UPPER, (2.0, -0.4), SMALL, (0.10, 0.30)),
        Bump(UPPER, (1.0, -0.4), SMALL, (0.10, -0.15)),
        Bump(ALL, (1.0, -1.5), SMALL, (-0.20, -0.10)),
    ),
}
"""By unit; of one that has two sides, that of the face's left, where outwards is to its left.

Solved by least squares, and rounded: the difference between the units of ICT-FaceKit (MIT, (c) 2020
USC Institute for Creative Technologies), made of scans, and the rig's on two rendered people."""

MIDDLE = 0.3
"""Within this much of the middle of the mouth, motion outwards goes over to the other side's."""

CORNER = 0.85
"""From so far out on the corner of a mouth moves with either lip."""


def more(names: Sequence[str], mouth: Slit, places: Floats, px_per_cm: float) -> Floats:
    """What to add to the fields.

    Args:
        names: Of the units.
        mouth: The mouth.
        places: The nodes, [rows, columns, 2].
        px_per_cm: At the face.

    Returns:
        Pixels, [rows, columns, 2 * units].
    """
    t, n = mouth.coordinates(places)
    n = n - sum(mouth.edges(t)) / 2
    axes = np.stack([mouth.along, mouth.across])
    out = np.zeros((*t.shape, len(names), 2))
    for number, name in enumerate(names):
        stem = name.removesuffix("Left").removesuffix("Right")
        for bump in BUMPS.get(stem, ()):
            way = np.stack(np.broadcast_arrays(*_moved(bump, name, t, n / mouth.half)), axis=-1)
            out[..., number, :] += way @ axes * px_per_cm
    return out.reshape(*t.shape, -1)


def _moved(bump: Bump, name: str, t: Floats, n: Floats) -> tuple[Floats, Floats]:
    """How far a bump moves places, along the mouth and across it, in cm."""
    if name.endswith("Left"):
        away, sign = t, np.ones(())
    elif name.endswith("Right"):
        away, sign = -t, -np.ones(())
    else:
        away, sign = np.abs(t), np.clip(t / MIDDLE, -1, 1)
    x, y = (
        (value - middle) / size
        for value, middle, size in zip((away, n), bump.at, bump.size, strict=True)
    )
    share = np.exp(-x * x - y * y)
    if bump.part != ALL:
        other = (n > 0) if bump.part == UPPER else (n < 0)
        share = share * np.where(other, np.clip((np.abs(t) - CORNER) / (1 - CORNER), 0, 1), 1)
    return share * sign * bump.way[0], share * bump.way[1]
