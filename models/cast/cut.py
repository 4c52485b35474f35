"""Haircuts: how long and how dense hair is, and where on an ICT head it stands.

Hair is densest within and thins out over a soft hairline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.people.head import Head, Numbers
from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import smoothstep

FULL = (
    (-1.2, -0.58), (-0.75, -0.52), (-0.45, -0.40), (-0.25, -0.12), (-0.10, 0.06), (0.02, 0.16),
    (0.10, 0.10), (0.18, -0.06), (0.30, -0.14), (0.36, -0.04), (0.42, 0.12), (0.50, 0.27),
    (0.60, 0.39), (0.72, 0.455), (0.86, 0.50), (1.0, 0.51), (1.1, 0.515),
)  # fmt: skip
ROUND = (
    (-1.2, -0.62), (-0.75, -0.58), (-0.35, -0.42), (-0.12, -0.05), (0.02, 0.12), (0.12, 0.06),
    (0.20, 0.0), (0.28, 0.06), (0.42, 0.25), (0.55, 0.36), (0.70, 0.44), (0.84, 0.485),
    (0.95, 0.495), (1.1, 0.50),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """A haircut.

    Args:
        kind: "short", "coils", "tied" or "swept".
        strands, points: How many, and points of each.
        radius: In the middle of a strand, dm.
        hairline: Pairs of (dm ahead of the ears, height of the line).
        peaks: How far the hairline recedes beside the forehead's middle.
        soft: Over this share of the head's height the hairline thins out.
        sides, top: Length at the sides and above, dm.
        bare: How bare the crown is, in [0, 1].
        lift: How far hair stands off.
        sweep: Direction of the top's front, to the picture's right.
        clump: How far tips draw together.
        frizz: Random bends.
        mess: How far locks lie beside the way they are combed.
        grey: Share of white hairs.
        bun: Radius of a knot on the crown, dm; 0 ties hair at the back.
        parting: How far to the picture's right of the middle swept hair is parted, dm.
        forward: How far the front of swept hair is combed forwards; below 0, backwards.
        wave: How far swept hair waves, dm.
        droops: How far the front of swept hair falls over the forehead.
    """

    kind: str = "short"
    strands: int = 60_000
    points: int = 5
    radius: float = 0.00042
    hairline: tuple[tuple[float, float], ...] = FULL
    peaks: float = 0.075
    soft: float = 0.16
    sides: float = 0.05
    top: float = 0.09
    bare: float = 0.0
    lift: float = 0.6
    sweep: float = 0.15
    clump: float = 0.35
    frizz: float = 0.02
    mess: float = 0.16
    grey: float = 0.0
    bun: float = 0.0
    parting: float = 0.0
    forward: float = 0.0
    wave: float = 0.0
    droops: float = 0.0


BABY_HAIR = 0.03
"""Density of the fine hairs in front of a hairline, as a share of that within."""


def on_head(head: Head, skin: Points, ears: Numbers) -> hair.Head:
    """What hairlines are measured by on a head; `ears` is the share of ear of each point."""
    middle = np.mean([centre[1] for centre, _ in head.sockets.values()])
    return hair.Head(
        float(middle), float(skin[:, 1].max()), float(skin[ears > 0.6, 2].mean()), ears
    )


def cover(cut: Cut, head: Head, skin: Points, ears: Numbers) -> Numbers:
    """How thickly hair stands on each point of the skin, in [0, 1]."""
    whole = on_head(head, skin, ears)
    place = whole.place(skin)
    ahead, height = np.array(cut.hairline).T
    line = np.interp(place.ahead, ahead, height)
    bays = np.exp(-(((np.abs(place.across) - 0.45) / 0.17) ** 2))
    line = line + cut.peaks * bays * smoothstep(0.4, 0.7, place.ahead)
    line = line + 0.014 * hair._noise(skin, 17.0, 77) + 0.014 * hair._noise(skin, 55.0, 78)
    line = line + 0.020 * hair._noise(skin, 6.0, 79)
    line = line + 0.012 * np.tanh(6 * place.across) * smoothstep(0.4, 0.7, place.ahead)
    within = place.height - line
    thick = smoothstep(-0.3 * cut.soft, 0.7 * cut.soft, within) ** 1.5
    # A few short, fine hairs stand in front of the line.
    thick = thick + BABY_HAIR * smoothstep(-0.75 * cut.soft, 0.0, within) * (1 - thick)
    if cut.bare:
        crown = smoothstep(
            0.52, 0.80, place.height + 0.22 * place.ahead - 0.10 * np.abs(place.across)
        )
        thick = thick * (1 - cut.bare * crown)
    return np.asarray(thick * (1 - np.clip(3 * ears, 0, 1)))


CUTS: Mapping[str, Cut] = {
    "buzz": Cut(sides=0.035, top=0.055, strands=70_000, points=3, clump=0.0, lift=0.8, frizz=0.008),
    "crop": Cut(sides=0.06, top=0.13, strands=100_000, points=4, clump=0.12, lift=0.7, frizz=0.012),
    "close": Cut(
        sides=0.028,
        top=0.045,
        strands=140_000,
        points=3,
        peaks=0.0,
        soft=0.2,
        clump=0.0,
        lift=0.9,
        frizz=0.012,
    ),
    "thin": Cut(
        sides=0.10, top=0.12, strands=42_000, points=5, bare=0.93, peaks=0.16, clump=0.3, lift=0.4
    ),
    "fringe": Cut(
        "swept",
        70_000,
        16,
        0.00040,
        FULL,
        0.02,
        0.16,
        0.18,
        0.55,
        lift=0.078,
        clump=0.85,
        frizz=0.009,
        mess=0.20,
        parting=0.30,
        forward=0.75,
        wave=0.008,
        droops=0.35,
    ),
    "loose": Cut(
        "swept",
        90_000,
        30,
        0.00038,
        ROUND,
        -0.05,
        0.15,
        1.6,
        2.0,
        lift=0.085,
        clump=0.75,
        frizz=0.016,
        mess=0.13,
        parting=0.16,
        forward=-0.35,
        wave=0.030,
        droops=0.35,
    ),
    "coils": Cut("coils", 60_000, 26, 0.0004, ROUND, 0.03, 0.14, 0.16, 0.30),
    "tied": Cut("tied", 95_000, 16, 0.00045, ROUND, 0.045, 0.11, top=0.6, clump=0.45, frizz=0.012),
}
"""By name."""
