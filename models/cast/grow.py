"""Hair of the head: strands on the resting skin of an ICT head, by the haircut."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from models.people.hairs import Strands
from models.people.head import Head, Numbers
from models.personas.anatomy import Points
from models.personas.surface import normals, scatter, unit

from .cut import Cut, cover, on_head
from .loose import coils, short
from .strands import Ground
from .swept import swept
from .tied import tied

KINDS: Mapping[str, Callable[[Ground], Points]] = {
    "short": short, "coils": coils, "tied": tied, "swept": swept,
}  # fmt: skip
"""What grows each kind of haircut."""


def grow(cut: Cut, head: Head, skin: Points, ears: Numbers, seed: int) -> Strands:
    """Strands on a resting skin, and their radii; towards the hairline they are finer.

    Args:
        cut: The haircut.
        head: The head.
        skin: Its resting skin, dm, float64 [V, 3].
        ears: Share of ear, float64 [V].
        seed: Of everything that is random.
    """
    chance = np.random.default_rng(seed)
    thick = cover(cut, head, skin, ears)
    ground = scatter(skin, head.faces, thick, cut.strands, seed)
    root, out = ground(skin), unit(ground(normals(skin, head.faces)))
    within = ground(thick[:, None])[:, 0]
    whole = on_head(head, skin, ears)
    stand = Ground(cut, root, out, within, whole, whole.place(root), head, skin, chance)
    points = KINDS[cut.kind](stand)
    t = np.linspace(0, 1, points.shape[1])
    fine = np.interp(t, [0, 0.1, 0.6, 1], [0.85, 1, 0.9, 0.3])
    radius = cut.radius * fine * chance.uniform(0.65, 1.25, (len(root), 1))
    return points, radius * (0.42 + 0.58 * within[:, None] ** 0.6)
