"""Where the head is: rotation about the neck, translation of head and upper body.

Takes positions and a FaceState; gives moved positions. The neck's skin takes part by height,
so it bends instead of breaking. Translation fades to nothing towards the picture's left and right
edge, so that the picture always fits into the still room around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState

from .anatomy import DM_PER_M, Points
from .camera import SIDE_PX, Camera
from .surface import smoothstep

STILL_PX = 6.0
"""Columns at either edge that never move."""

MOVING_PX = 132.0
"""Distance from the edge from which on everything moves in full; the head lies within."""

NECK_LOW_DM, NECK_HIGH_DM = 0.05, 0.95
"""Heights above the neck's joint between which the neck begins to turn and turns in full."""

NECK_TILT = 0.35
"""How much higher a point at the nape counts than it lies: the throat follows the chin later."""

PIVOT_ABOVE_NECK_DM = 0.55
"""The head turns about the middle of the neck."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of the head's motion each point takes.

    Args:
        turn: float64 [N], share of the rotation.
        shift: float64 [N], share of the translation.
    """

    turn: NDArray[np.float64]
    shift: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Neck:
    """The joint a head turns about.

    Args:
        joint: float64 [3], foot of the neck, dm.
    """

    joint: Points

    def shares(self, rest: Points, camera: Camera, rigid: bool) -> Shares:
        """Shares of points, from where they lie at rest.

        Args:
            rest: float64 [N, 3].
            camera: Decides what the picture's edges are.
            rigid: The points belong to the skull (eyes, teeth) and turn in full.
        """
        height = rest[:, 1] + NECK_TILT * (rest[:, 2] - self.joint[2]) - self.joint[1]
        turn = smoothstep(NECK_LOW_DM, NECK_HIGH_DM, height)
        x = camera.project(rest)[:, 0]
        edge = np.minimum(x, SIDE_PX - x)
        return Shares(np.ones_like(turn) if rigid else turn, smoothstep(STILL_PX, MOVING_PX, edge))

    def move(self, points: Points, shares: Shares, face: FaceState) -> Points:
        """Points with the head turned and shifted, float64 [N, 3]."""
        pivot = self.joint + np.array([0.0, PIVOT_ABOVE_NECK_DM, 0.0])
        moved = points - pivot
        # Signs turn the data's right-handed axes into what the viewer sees: FaceState says so.
        turns = ((2, -face["headRoll"]), (0, -face["headPitch"]), (1, face["headYaw"]))
        for axis, angle in turns:
            if angle:
                moved = _turned(moved, axis, angle * shares.turn)
        shift = DM_PER_M * np.array([face["headX"], face["headY"], face["headZ"]])
        return np.asarray(moved + pivot + shares.shift[:, None] * shift)


def _turned(points: Points, axis: int, angle: NDArray[np.float64]) -> Points:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    cosine, sine = np.cos(angle), np.sin(angle)
    turned: Points = points.copy()
    turned[:, i] = points[:, i] * cosine - points[:, j] * sine
    turned[:, j] = points[:, i] * sine + points[:, j] * cosine
    return turned
