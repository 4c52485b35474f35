"""Roots of hair on a head, and what all kinds of strands need: locks, and a skin to lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from models.people.head import Head, Numbers
from models.personas import hair
from models.personas.anatomy import Points
from models.personas.surface import normals

from .cut import Cut


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the strands of one head stand.

    Args:
        cut: The haircut.
        root: Where each strand leaves the skin, dm, float64 [N, 3].
        out: The skin's normals there, float64 [N, 3].
        within: How thickly hair stands there, in [0, 1], float64 [N].
        whole: What places are measured by on the head.
        place: The roots in the head's own terms.
        head: The head.
        skin: Its resting skin, dm, float64 [V, 3].
        chance: What random numbers are drawn from, in a fixed order.
    """

    cut: Cut
    root: Points
    out: Points
    within: Numbers
    whole: hair.Head
    place: hair.Scalp
    head: Head
    skin: Points
    chance: np.random.Generator


def clumped(
    points: Points, root: Points, count: int, share: float, chance: np.random.Generator
) -> Points:
    """Strands drawn towards the leader of their lock; `share` says how far."""
    lead = chance.choice(len(root), count, replace=False)
    mine = lead[cKDTree(root[lead]).query(root)[1]]
    t = np.linspace(0, 1, points.shape[1])[None, :, None]
    wanted = (
        root[mine][:, None] + (points - root[:, None])[mine] + 0.3 * (root - root[mine])[:, None]
    )
    pull = share * t**1.2 * (0.3 + 0.7 * chance.random((len(root), 1, 1)))
    return np.asarray((1 - pull) * points + pull * wanted)


def outside(points: Points, skin: Points, head: Head, gap: float) -> Points:
    """Strands that were inside the skin lie on it."""
    out = normals(skin, head.faces)
    flat = points[:, 1:].reshape(-1, 3)
    nearest = cKDTree(skin).query(flat, workers=-1)[1]
    height = np.sum((flat - skin[nearest]) * out[nearest], axis=1)
    flat = flat + np.maximum(gap - height, 0)[:, None] * out[nearest]
    return np.concatenate([points[:, :1], flat.reshape(len(points), -1, 3)], axis=1)
