"""Where the head is: from the face's parameters to every point of the resting drawing.

Takes the face vector; gives named controls, and the map that takes a point of the picture
back to where it lies in the drawing of a head at rest. Depth turns yaw and pitch into parallax:
the nose travels further than the cheeks, and the cheeks further than the ears. One map serves
the coarse plate and the fine features, so they never come apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS, POSE_PARAMETERS

from .graph import Graph, Operand, Tensor

CENTRE_X_PX = 256.0
CENTRE_Y_PX = 240.0
"""The point between the eyes, origin of the resting drawing (u to the right, v down)."""
NECK_V_PX = 165.0
"""The head turns and tilts about the base of the skull: here, below the origin."""
PX_PER_M = 1200.0
"""A face of 0.23 m from chin to crown is 276 px high."""
CAMERA_M = 0.7
"""How far away the camera is: what moving towards it makes of the size."""
REACH_PX = 92.0
"""How far from the middle of the face its depth has fallen to half."""

LIMITS: Mapping[str, float] = {
    "headYaw": 0.6,  # beyond about 35 degrees a flat drawing stops looking like a head
    "headPitch": 0.45,
    "headRoll": 0.4,
    "headX": 0.06,  # more would take the face out of the picture
    "headY": 0.05,
    "headZ": 0.10,
    "gazeYaw": 0.75,  # 43 degrees: as far as eyes go
    "gazePitch": 0.6,
}
"""Half of the range in which each pose parameter is followed; beyond it, it is held."""


class Controls:
    """The face vector by name, each parameter [B, 1, 1] and held within its range."""

    def __init__(self, graph: Graph, face: Tensor) -> None:
        low = [-LIMITS[name] if name in POSE_PARAMETERS else 0.0 for name in PARAMETERS]
        high = [LIMITS.get(name, 1.0) for name in PARAMETERS]
        held = face.minimum(np.array([high], np.float32)).maximum(np.array([low], np.float32))
        self._graph = graph
        self._held = held.reshape(-1, 1, len(PARAMETERS))
        self._columns: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._columns:
            self._columns[name] = self.mix(**{name: 1.0})
        return self._columns[name]

    def mix(self, **weights: float) -> Tensor:
        """The weighted sum of some parameters."""
        column = np.zeros((len(PARAMETERS), 1), np.float32)
        for name, weight in weights.items():
            column[INDEX[name]] = weight
        return self._graph.op("MatMul", self._held, column)


class Depth:
    """How far before the axis of the head a layer lies, in pixels: `edge` far out, and `bulge`
    more in the middle."""

    def __init__(self, edge_px: float, bulge_px: float) -> None:
        self.edge_px = edge_px
        self.bulge_px = bulge_px


FACE = Depth(0.0, 62.0)
HAIR = Depth(2.0, 56.0)
EARS = Depth(0.0, 44.0)


class Pose:
    """The head's movement and its inverse."""

    def __init__(self, controls: Controls) -> None:
        self.yaw = _sine(controls["headYaw"])
        self.pitch = _sine(controls["headPitch"])
        self.roll_sin = _sine(controls["headRoll"])
        self.roll_cos = (1.0 - self.roll_sin.square()).sqrt()
        self.x = controls["headX"] * PX_PER_M
        self.y = controls["headY"] * -PX_PER_M
        self.scale = CAMERA_M / (CAMERA_M - controls["headZ"])

    def at_rest(self, x: Tensor, y: Tensor, depth: Depth) -> tuple[Tensor, Tensor]:
        """From pixels of the picture to u and v of the resting drawing."""
        right = (x - (self.x + CENTRE_X_PX)) / self.scale
        down = (y - (self.y + (CENTRE_Y_PX + NECK_V_PX))) / self.scale
        u = right * self.roll_cos + down * self.roll_sin
        v = down * self.roll_cos - right * self.roll_sin + NECK_V_PX
        before = self._depth(u, v, depth)
        return u - self.yaw * before, v + self.pitch * before

    def in_picture(self, u: Operand, v: Operand, depth: Depth) -> tuple[Tensor, Tensor]:
        """From the resting drawing to pixels, near enough to place a window."""
        before = depth.edge_px + 0.8 * depth.bulge_px
        turned_u = self.yaw * before + u
        turned_v = self.pitch * -before + v
        down = turned_v - NECK_V_PX
        right = turned_u * self.roll_cos - down * self.roll_sin
        below = turned_u * self.roll_sin + down * self.roll_cos
        return (
            right * self.scale + (self.x + CENTRE_X_PX),
            below * self.scale + (self.y + (CENTRE_Y_PX + NECK_V_PX)),
        )

    def _depth(self, u: Tensor, v: Tensor, depth: Depth) -> Tensor:
        radius = (u.square() + v.square()) * (1 / REACH_PX**2)
        return depth.bulge_px / (radius + 1.0) + depth.edge_px


def _sine(angle: Tensor) -> Tensor:
    # The series is exact to 1e-4 in the range of LIMITS and runs everywhere.
    cube = 1 / math.factorial(3)
    return angle - angle * angle * angle * cube
