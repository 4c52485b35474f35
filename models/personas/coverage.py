"""How much of each pixel an eyeball covers between its lids.

Takes a figure, a face and a side; gives the share of each pixel of the eye's box in which the
ball is nearer to the camera than any skin. Skin is strewn with points denser than the finest grid
that is asked about; a ball is a ball.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState

from .anatomy import Points
from .boxes import EYE_BOXES
from .figure import Figure

FINER = 4
"""Samples a pixel, each way."""

STEPS = 12
"""Points along each side of a triangle, less one: the largest are 3 square pixels."""

NEAR_RADII = 2.4
"""Skin further than this from the ball's middle hides none of it."""


class Coverage:
    """Coverage for one eye of one figure; see the module.

    Args:
        figure: Whose.
        side: The face's own, "Left" or "Right".
    """

    def __init__(self, figure: Figure, side: str) -> None:
        self._figure, self._socket = figure, figure.sockets[side]
        self._box = EYE_BOXES[side]
        skin = figure.meshes["skin"]
        far = np.linalg.norm(skin.rest - self._socket.centre, axis=1) / self._socket.radius
        quads = skin.faces[(far[skin.faces] < NEAR_RADII).all(axis=1)]
        self._triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        steps = [(i, j, STEPS - i - j) for i in range(STEPS + 1) for j in range(STEPS + 1 - i)]
        self._weights = np.array(steps) / STEPS
        self._ball = self._ball_depth()

    def __call__(self, face: FaceState) -> NDArray[np.float32]:
        """Share of each pixel, float32 [H, W]; the head is taken as at rest."""
        skin = self._figure.camera.project(self._figure.deform(face)["skin"])
        skin[:, :2] = (skin[:, :2] - [self._box.x, self._box.y]) * FINER
        corners = skin[self._triangles]
        strewn = np.einsum("wc,tcx->twx", self._weights, corners).reshape(-1, 3)
        nearest = np.full(self._ball.shape, np.inf)
        cell = np.floor(strewn[:, :2]).astype(int)
        inside = np.all((cell >= 0) & (cell < nearest.shape[::-1]), axis=1)
        np.minimum.at(nearest, (cell[inside, 1], cell[inside, 0]), strewn[inside, 2])
        seen = self._ball < nearest
        height, width = self._box.height, self._box.width
        return np.asarray(
            seen.reshape(height, FINER, width, FINER).mean(axis=(1, 3)), dtype=np.float32
        )

    def _ball_depth(self) -> Points:
        """Distance of the ball's front from the camera's plane, inf beside it, dm."""
        camera, socket, box = self._figure.camera, self._socket, self._box
        middle = camera.project(socket.centre[None])[0]
        radius_px = camera.focal_px * socket.radius / middle[2]
        y, x = np.mgrid[: box.height * FINER, : box.width * FINER]
        away = np.hypot(
            (x + 0.5) / FINER + box.x - middle[0], (y + 0.5) / FINER + box.y - middle[1]
        )
        rise = np.sqrt(np.maximum(1.0 - (away / radius_px) ** 2, 0.0))
        return np.where(away < radius_px, middle[2] - socket.radius * rise, np.inf)
