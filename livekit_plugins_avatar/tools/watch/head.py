"""How a head is turned, of the landmark net's points in space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RIGID = (
    1, 4, 5, 6, 168, 195, 197, 33, 133, 362, 263, 48, 278, 8, 9, 151, 10, 127, 356, 234, 454, 2,
)  # fmt: skip
"""Points that no expression moves much: nose, corners of the eyes, forehead, sides of the face."""


def turns_deg(points: Floats) -> Floats:
    """Pitch up, yaw to the picture's right and roll clockwise of each face against the mean one.

    Args:
        points: [F, 478, 3]: x to the right, y down, z away; NaN where there is no face.

    Returns:
        [F, 3] in degrees.
    """
    rigid = points[:, list(RIGID)]
    rigid = rigid - rigid.mean(axis=1, keepdims=True)
    rigid = rigid / np.sqrt((rigid**2).sum(axis=(1, 2), keepdims=True))
    known = np.isfinite(rigid).all(axis=(1, 2))
    turns = np.full((len(points), 3), np.nan)
    if not known.any():
        return turns
    mean = np.median(rigid[known], axis=0)
    # Kabsch: the rotation that brings the mean face nearest to each.
    u, _, v = np.linalg.svd(np.swapaxes(rigid[known], 1, 2) @ mean)
    flip = np.sign(np.linalg.det(u @ v))
    u[:, :, 2] *= flip[:, None]
    turn = u @ v
    yaw = np.arctan2(turn[:, 0, 2], turn[:, 2, 2])
    pitch = np.arcsin(np.clip(-turn[:, 1, 2], -1, 1))
    roll = np.arctan2(turn[:, 1, 0], turn[:, 1, 1])
    # With z away from the camera, a nose (nearer, z < 0) that goes right has a negative yaw.
    turns[known] = np.degrees(np.stack([pitch, -yaw, roll], axis=1))
    return turns
