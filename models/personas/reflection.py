"""What an eye reflects: the window, which is what makes it look alive.

Takes an eye and where it looks; gives how much of each pixel of the eye's box
shows a light. Pictures of few samples have lost it: to a denoiser something so small and bright is
an error. So it is worked out. A ray from the camera meets the film over the ball, is thrown back,
and meets a light or none. As the eye turns, the window wanders over the cornea, stretches and
ends where that runs out into the white: nothing that a shift of one picture could show.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .anatomy import Points
from .boxes import Box
from .camera import EYES_PX, SIDE_PX, Camera
from .expression import Eye
from .eyes import Socket, cornea_radius
from .lights import LIGHTS, Light, aim
from .surface import smoothstep

FINER = 3
"""Rays a pixel, each way."""

ROUNDS = 8
"""Of finding where a ray meets the film, which is nearly a ball."""

SLOPE_STEP_RAD = 1e-4

SHOWN = 0.75
"""Of the way to white the brightest light is seen. This and the next: least squares over both eyes
of both people in 27 pictures of 64 samples."""

CORNEA_RAD = (0.48, 0.34)
"""Between these angles from where the eye looks, what is reflected goes: on the white, lids and
lashes stand before the window, and pictures show none of it."""

OFF_PX = (0.2, 0.4)
"""Further right and down than these rays say."""


class Reflection:
    """What one eye reflects; see the module.

    Args:
        socket: Where it is.
        camera: What sees it.
        box: Where in the picture.
    """

    def __init__(self, socket: Socket, camera: Camera, box: Box) -> None:
        self._socket, self._camera, self._box = socket, camera, box
        y, x = np.mgrid[: box.height * FINER, : box.width * FINER]
        across = (x + 0.5) / FINER + box.x - OFF_PX[0] - SIDE_PX / 2
        down = (y + 0.5) / FINER + box.y - OFF_PX[1] - EYES_PX
        focal = np.full(across.shape, self._camera.focal_px)
        self._rays = _unit(np.stack([across, -down, -focal], axis=-1).reshape(-1, 3))
        self._brightest = max(map(_radiance, LIGHTS))

    def __call__(self, yaw_rad: float, pitch_rad: float) -> NDArray[np.float32]:
        """How far each pixel is on the way to white, float32 [H, W].

        Args:
            yaw_rad: Where the eye looks, as of `Eye`.
            pitch_rad: The same upwards.
        """
        rotation = self._socket.rotation(Eye(yaw_rad, pitch_rad, 0.0))
        away = (self._camera.position - self._socket.centre) / self._socket.radius @ rotation
        met, normal, there = _film(away, self._rays @ rotation)
        from_axis = np.arccos(np.clip(met[:, 2] / np.linalg.norm(met, axis=1), -1.0, 1.0))
        on_cornea = there * smoothstep(*CORNEA_RAD, from_axis)
        place = self._socket.centre + self._socket.radius * met @ rotation.T
        normal = normal @ rotation.T
        along = (self._rays * normal).sum(axis=1, keepdims=True)
        back = self._rays - 2 * along * normal
        shown = np.zeros(len(back))
        for light in LIGHTS:
            # A picture shows twice the light less than twice as bright.
            share = SHOWN * (_radiance(light) / self._brightest) ** 0.5
            shown = np.maximum(shown, share * on_cornea * self._meets(light, place, back))
        height, width = self._box.height, self._box.width
        pixels = shown.reshape(height, FINER, width, FINER).mean(axis=(1, 3))
        return np.asarray(pixels, np.float32)

    def _meets(self, light: Light, place: Points, ray: Points) -> NDArray[np.bool_]:
        """Which rays meet a light's rectangle, whose upper edge is level."""
        face = aim(self._camera)
        middle = face + np.array(light.place)
        behind = _unit(middle - face)
        right = _unit(np.cross([0.0, 1.0, 0.0], behind))
        up = np.cross(behind, right)
        towards = ray @ behind
        far = (middle - place) @ behind / np.where(np.abs(towards) < 1e-9, 1e-9, towards)
        off = place + far[:, None] * ray - middle
        width, height = light.size
        hit: NDArray[np.bool_] = (
            (far > 0) & (np.abs(off @ right) < width / 2) & (np.abs(off @ up) < height / 2)
        )
        return hit


def _film(origin: Points, rays: Points) -> tuple[Points, Points, NDArray[np.bool_]]:
    """Where rays meet the film of a ball of radius 1 that looks along z, its normals there, and
    whether they do; [N, 3], [N, 3] and [N]."""
    near = rays @ origin
    radius = np.full(len(rays), cornea_radius(np.zeros(1))[0])
    for _ in range(ROUNDS):
        inside = near * near - origin @ origin + radius * radius
        met = origin + (-near - np.sqrt(np.maximum(inside, 0.0)))[:, None] * rays
        far = np.linalg.norm(met, axis=1)
        angle = np.arccos(np.clip(met[:, 2] / far, -1.0, 1.0))
        radius = cornea_radius(angle)
    step = SLOPE_STEP_RAD
    slope = (cornea_radius(angle + step) - cornea_radius(np.abs(angle - step))) / (2 * step)
    outwards = met / far[:, None]
    sine = np.maximum(np.sin(angle), 1e-6)[:, None]
    backwards = (outwards * np.cos(angle)[:, None] - [0.0, 0.0, 1.0]) / sine
    return met, _unit(outwards - (slope / far)[:, None] * backwards), inside > 0


def _radiance(light: Light) -> float:
    """Power from a unit of its area, in any unit."""
    return light.power / (light.size[0] * light.size[1])


def _unit(vectors: Points) -> Points:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
