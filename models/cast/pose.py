"""How one of the cast holds head and body.

Lengths are decimetres.
"""

from __future__ import annotations

import numpy as np

from models.people.head import neck_share, turned
from models.personas.anatomy import Points

from .cast import Member


def posed(points: Points, member: Member) -> Points:
    """Points, or strands that go with their roots, with the head turned and tilted.

    Args:
        points: On a head at rest, float64 [N, 3] or [N, K, 3].
        member: Whose pose.
    """
    flat = points.reshape(-1, 3)
    roots = points[:, 0] if points.ndim == 3 else points
    share = neck_share(roots)
    if points.ndim == 3:
        share = np.repeat(share, points.shape[1])
    flat = turned(flat, share, np.radians(member.pitch), np.radians(member.yaw - member.torso))
    angle = np.radians(member.roll) * share
    x, y = flat[:, 0], flat[:, 1] + 0.45
    across = x * np.cos(angle) - y * np.sin(angle)
    up = x * np.sin(angle) + y * np.cos(angle) - 0.45
    return np.asarray(np.stack([across, up, flat[:, 2]], 1).reshape(points.shape))


def stood(points: Points, member: Member) -> Points:
    """Points, of any shape [..., 3], with all of the body turned from the camera."""
    flat = points.reshape(-1, 3)
    return turned(flat, 1.0, 0.0, np.radians(member.torso)).reshape(points.shape)
