"""What an ICT head's skin needs beyond `models.people`: softer shape, more masks, another tone."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from models.people.head import LANDMARKS, Head, Numbers, faces, neutral
from models.personas.anatomy import Points
from models.personas.subdivision import neighbours
from models.personas.surface import smoothstep


def soften(head: Head) -> None:
    """Round the ridge of a head's nose, which coarse faces leave sharp."""
    skin_ = faces("M_Face")
    used, packed = np.unique(skin_, return_inverse=True)
    mean = neighbours(packed.reshape(-1, 4), len(used))
    x, y, z = (head.base[used] - head.landmarks[30]).T
    share = (
        smoothstep(0.26, 0.14, np.abs(x)) * smoothstep(-0.02, 0.10, y) * smoothstep(0.75, 0.5, y)
    )
    share = (0.7 * share * (z > -0.6))[:, None]
    for _ in range(9):
        head.base[used] += share * (np.asarray(mean @ head.base[used]) - head.base[used])
    head.landmarks = head.base[list(LANDMARKS)]


def toned(image: Image.Image, tone: tuple[float, float, float]) -> Image.Image:
    """A picture whose colours are multiplied by `tone` in linear light (gamma 2.2)."""
    if tone == (1.0, 1.0, 1.0):
        return image
    values = np.asarray(image, float) / 255.0
    factor = np.array(tone) ** (1 / 2.2)
    return Image.fromarray((np.clip(values * factor, 0, 1) * 255).round().astype(np.uint8))


def more_masks() -> dict[str, Numbers]:
    """Where skin differs besides `models.people.skin.masks`, by name, each in [0, 1].

    `socket` is shadowed around the eyes, `bag` thin below them, `brow` lies under the brows,
    `fold` runs from the nose to the mouth, and `creased` has lines: forehead and throat.
    """
    mean = neutral()
    marks = mean[list(LANDMARKS)]
    front = mean[:, 2] > 0.4
    lids = np.minimum(*(_far(mean, marks[ids].mean(axis=0)) for ids in ([37, 38], [43, 44])))
    bags = np.minimum(
        *(
            _far((mean - marks[ids].mean(axis=0) - [0, -0.07, 0]) * [0.55, 1, 0.6], np.zeros(3))
            for ids in ([40, 41], [46, 47])
        )
    )
    bag = smoothstep(0.12, 0.03, bags)
    socket = np.clip(smoothstep(0.30, 0.08, lids) + 0.8 * smoothstep(0.17, 0.05, bags), 0, 1)
    near = cKDTree(np.concatenate(_brow_lines(marks))).query(mean[:, :2])[0]
    brow = smoothstep(0.085, 0.015, near) * front
    folds = [
        np.linspace(marks[nose] + [out * 0.05, 0.02, 0], marks[mouth] + [out * 0.08, 0.02, 0], 20)
        for out, nose, mouth in ((-1, 31, 48), (1, 35, 54))
    ]
    fold = smoothstep(0.06, 0.0, cKDTree(np.concatenate(folds)[:, :2]).query(mean[:, :2])[0])
    x, y, _ = mean.T
    forehead = np.exp(-((x / 0.5) ** 2 + ((y - 0.72) / 0.22) ** 2)) * front
    throat = smoothstep(-0.95, -1.15, y)
    creased = np.clip(0.6 * forehead + 0.3 * throat, 0, 1)
    return {
        "socket": socket, "bag": bag, "brow": brow, "fold": fold * front, "creased": creased,
    }  # fmt: skip


def _far(points: Points, place: Points) -> Numbers:
    return np.asarray(np.linalg.norm(points - place, axis=1))


def _brow_lines(marks: Points) -> list[Points]:
    u = np.linspace(0, 1, 40)
    lines = []
    for side, inner, outer in ((-1, 39, 36), (1, 42, 45)):
        up = np.interp(u, *BROW_UP)
        start, end = marks[inner, 0] - side * 0.035, marks[outer, 0] + side * 0.095
        lines.append(np.stack([start + (end - start) * u, marks[[inner, outer], 1].mean() + up], 1))
    return lines


BROW_UP = ([0, 0.25, 0.62, 0.85, 1], [0.158, 0.180, 0.192, 0.165, 0.125])
"""How far above the eyes' corners brows run from the inside out: shares, and dm."""
