"""Finds seeds of identities by how a face is built, and shows them as clay.

`python -m models.cast.identities OUT.png [--seeds 12000] NAME=WEIGHT ...`: the eight seeds with the
largest weighted sum of measures, as "lips=1.2 nose=1 bridge=-0.7". A measure is told in standard
deviations of all seeds. No picture of a person is used.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from models.people.head import LANDMARKS, MODES, Head, Numbers, _data, coefficients, neutral
from models.personas.anatomy import Points
from models.personas.surface import normals

WIDTHS = {
    "nose": ((31, 35),), "lips": ((51, 57),), "mouth": ((48, 54),), "jaw": ((4, 12),),
    "cheeks": ((1, 15),), "lids": ((37, 41), (38, 40), (43, 47), (44, 46)),
    "eyes": ((36, 39), (42, 45)), "chin": ((57, 8),), "face": ((27, 8),),
    "nose_length": ((27, 33),),
}  # fmt: skip
"""Sums of distances between Multi-PIE's landmarks."""

DEPTHS = {"bridge": 27, "tip": 30}
"""Landmarks that are measured by how far they are ahead of the eyes' outer corners."""

CROOKED = (8, 30, 51)
"""Landmarks that are in the middle of an even face."""

EVEN = 0.6
"""Share of the seeds that are even enough to be chosen."""

FOUND, CLAY_PX = 8, 170


def measures(faces: Points) -> Mapping[str, Numbers]:
    """What faces differ by, in standard deviations of all of them.

    Args:
        faces: Landmarks, dm, float64 [N, 68, 3].

    Returns:
        float64 [N] by name.
    """
    found = {
        name: sum(np.linalg.norm(faces[:, a] - faces[:, b], axis=1) for a, b in pairs)
        for name, pairs in WIDTHS.items()
    }
    corners = faces[:, [36, 45], 2].mean(axis=1)
    found |= {name: faces[:, mark, 2] - corners for name, mark in DEPTHS.items()}
    return {name: (each - each.mean()) / each.std() for name, each in found.items()}


def best(faces: Points, weights: Mapping[str, float]) -> list[int]:
    """The faces with the largest sum of weighted measures, the largest first.

    Args:
        faces: Landmarks, dm, float64 [N, 68, 3].
        weights: Of the measures, by name.

    Raises:
        KeyError: There is no such measure.
    """
    known = measures(faces)
    score = sum(weight * known[name] for name, weight in weights.items())
    crooked = np.abs(faces[:, CROOKED, 0]).sum(axis=1)
    even = crooked <= np.quantile(crooked, EVEN)
    order = np.argsort(np.where(even, -np.asarray(score), np.inf))
    return [int(seed) for seed in order[:FOUND]]


def landmarks(seeds: int) -> Points:
    """Landmarks of the heads of the first seeds, dm, float64 [seeds, 68, 3]."""
    marks = list(LANDMARKS)
    modes = np.asarray(_data()["ids"][:MODES, marks], np.float64) * 0.1
    mixes = np.stack([coefficients(seed) for seed in range(seeds)])
    return np.asarray(neutral()[marks] + np.tensordot(mixes, modes, 1))


def clay(seed: int) -> Image.Image:
    """A head without skin and hair, lit from above and the left."""
    head = Head(seed, 1)
    points = head.skin(head.expressed({}))
    lit = np.clip(normals(points, head.faces) @ np.array([-0.35, 0.45, 0.82]), 0, 1)
    shown = np.zeros((round(1.25 * CLAY_PX), CLAY_PX))
    order = np.argsort(points[:, 2])
    order = order[points[order, 2] > 0]
    column = (points[order, 0] + 1) / 2 * CLAY_PX
    row = (1.35 - points[order, 1]) / 2 * CLAY_PX
    for down, across in np.ndindex(2, 2):
        at = (row + down).astype(int), (column + across).astype(int)
        at = at[0].clip(0, shown.shape[0] - 1), at[1].clip(0, CLAY_PX - 1)
        shown[at] = 0.1 + 0.85 * lit[order]
    return Image.fromarray((255 * shown).astype(np.uint8))


def main() -> None:
    """Write the clay of the best seeds, and print them."""
    parser = ArgumentParser(prog="python -m models.cast.identities", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("weights", nargs="+", help=", ".join((*WIDTHS, *DEPTHS)) + "=WEIGHT")
    parser.add_argument("--seeds", type=int, default=12_000)
    args = parser.parse_args()
    weights = {name: float(weight) for name, weight in (each.split("=") for each in args.weights)}
    found = best(landmarks(args.seeds), weights)
    print(*found)
    Image.fromarray(np.hstack([np.asarray(clay(seed)) for seed in found])).save(args.out)


if __name__ == "__main__":
    main()
