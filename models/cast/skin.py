"""What an ICT head's skin needs beyond `models.people`: softer shape, more masks, another tone."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from models.people.head import LANDMARKS, Head, Numbers, faces, neutral
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
    share = (0.6 * share * (z > -0.6))[:, None]
    for _ in range(6):
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
    """Shadowed skin around the eyes (`socket`) and skin under the brows (`brow`), in [0, 1]."""
    mean = neutral()
    marks = mean[list(LANDMARKS)]
    lids = np.minimum(
        *(np.linalg.norm(mean - marks[ids].mean(axis=0), axis=1) for ids in ([37, 38], [43, 44]))
    )
    bags = np.minimum(
        *(
            np.linalg.norm(
                (mean - marks[ids].mean(axis=0) - [0, -0.07, 0]) * [0.55, 1, 0.6], axis=1
            )
            for ids in ([40, 41], [46, 47])
        )
    )
    socket = np.clip(smoothstep(0.30, 0.08, lids) + 0.8 * smoothstep(0.17, 0.05, bags), 0, 1)
    line = []
    u = np.linspace(0, 1, 40)
    for side, inner, outer in ((-1, 39, 36), (1, 42, 45)):
        up = np.interp(u, [0, 0.25, 0.62, 0.85, 1], [0.158, 0.180, 0.192, 0.165, 0.125])
        start, end = marks[inner, 0] - side * 0.035, marks[outer, 0] + side * 0.095
        line.append(np.stack([start + (end - start) * u, marks[[inner, outer], 1].mean() + up], 1))
    near = cKDTree(np.concatenate(line)).query(mean[:, :2])[0]
    brow = smoothstep(0.06, 0.015, near) * (mean[:, 2] > 0.4)
    return {"socket": socket, "brow": brow}
