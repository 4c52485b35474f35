"""The rig: what every face has in common, as a table of numbers (models/portrait/CARD.md).

Lengths are centimetres: x towards the picture's right, y up, z towards the camera; the origin lies
between the eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from .sampling import Floats


@dataclass(frozen=True, slots=True)
class Mesh:
    """A part of the mouth at rest.

    Args:
        points: [N, 3].
        triangles: int64 [T, 3].
    """

    points: Floats
    triangles: Floats


@dataclass(frozen=True, slots=True)
class Rig:
    """The table.

    Args:
        skin: The average face, head and neck, [N, 3].
        triangles: int64 [T, 3].
        modes: Identity: displacements of the skin at one standard deviation each, [M, N, 3].
        teeth_modes: The same of the middles of upper and lower teeth, [M, 2, 3].
        units: Displacements at weight 1 of the blendshapes in `unit_names`, [52, N, 3].
        unit_names: ARKit's names.
        corners, weights: The points of the skin, [468, 3], on which each landmark lies.
        parts: Teeth, gums and tongue by name.
        jaw: How the lower jaw turns, [3, 3], and shifts, [3], at weight 1, by name of the unit.
    """

    skin: Floats
    triangles: Floats
    modes: Floats
    teeth_modes: Floats
    units: Floats
    unit_names: tuple[str, ...]
    corners: Floats
    weights: Floats
    parts: Mapping[str, Mesh]
    jaw: Mapping[str, tuple[Floats, Floats]]

    def at_landmarks(self, values: Floats) -> Floats:
        """Values per point of the skin, [..., N, 3], at the landmarks, [..., 468, 3]."""
        total = np.zeros((*values.shape[:-2], len(self.corners), values.shape[-1]))
        for corner, weight in zip(self.corners.T, self.weights.T, strict=True):
            total += values[..., corner, :] * weight[:, None]
        return total


@cache
def load() -> Rig:
    """Read the table that the package carries."""
    path = resources.files("livekit_plugins_avatar") / "resources" / "portrait" / "rig.npz"
    with path.open("rb") as file, np.load(file) as table:
        names = ("upper_teeth", "upper_gum", "lower_teeth", "lower_gum", "tongue")
        parts = {
            name: Mesh(table[name].astype(np.float64), table[f"{name}_triangles"].astype(np.int64))
            for name in names
        }
        jaw = zip(table["jaw_names"].tolist(), table["jaw_turn"], table["jaw_shift"], strict=True)
        return Rig(
            skin=table["skin"].astype(np.float64),
            triangles=table["triangles"].astype(np.int64),
            modes=table["modes"].astype(np.float64),
            teeth_modes=table["teeth_modes"].astype(np.float64),
            units=table["units"].astype(np.float64),
            unit_names=tuple(table["unit_names"].tolist()),
            corners=table["landmark_corners"].astype(np.int64),
            weights=table["landmark_weights"].astype(np.float64),
            parts=parts,
            jaw={name: (turn, shift) for name, turn, shift in jaw},
        )
