"""Follows one face from frame to frame with the landmark net.

The net looks at the square in which it found the face before; the detector looks at the whole
frame only where the face is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..portrait.landmarks import MESH_PX, crop_of, faces, mesh
from .recording import Picture

Floats = NDArray[np.float64]

PRESENT = 0.5
"""A face is there from this presence on, as MediaPipe's tracker has it."""

LARGEST_SHRINK = 2
"""A square that is shrunk further is cut out of a smaller picture, or it would alias."""


Crop = tuple[float, float, float, float]
"""A square to look at: x and y of its middle, its side in pixels, its angle in rad clockwise."""

Look = Callable[[Picture, Crop], "tuple[Floats, float] | None"]
"""What is seen in a square of a picture: the points [478, 3] and presence; None for no face."""

STEPS = 48
"""A square moves in steps of this share of its side: the net sees a face the better the less the
square around it trembles."""

SIDE_STEP, ANGLE_STEP_RAD = 1.03, 0.02


class Tracker:
    """Finds the points of the largest face, in one frame after the other.

    Args:
        look: How to look; by default with the net.
    """

    def __init__(self, look: Look | None = None) -> None:
        self._look: Look = look or look_at
        self._crop: Crop | None = None

    def push(self, picture: Picture) -> tuple[Floats, float] | None:
        """Look at the next frame.

        Returns:
            The points in pixels, float64 [478, 3], and the net's presence in [0, 1]; None where
            there is no face.
        """
        seen = None if self._crop is None else self._look(picture, self._crop)
        if seen is None:
            found = faces(picture)
            if found:
                face = max(found, key=lambda each: each.side)
                seen = self._look(picture, stepped(face.centre, 1.5 * face.side, face.angle_rad))
                seen = seen and self._look(picture, stepped(*crop_of(seen[0])))
        self._crop = None if seen is None else stepped(*crop_of(seen[0]))
        return seen


def look_at(picture: Picture, crop: Crop) -> tuple[Floats, float] | None:
    """What the net sees in a square."""
    x, y, side, angle_rad = crop
    square, back = cut(Image.fromarray(picture), np.array([x, y]), side, angle_rad)
    points, presence = mesh(square, back)
    return (points, presence) if presence >= PRESENT else None


def stepped(centre: Floats, side: float, angle_rad: float) -> Crop:
    """The nearest of the squares that are looked at."""
    side = SIDE_STEP ** round(np.log(side) / np.log(SIDE_STEP))
    step = side / STEPS
    angle_rad = ANGLE_STEP_RAD * round(angle_rad / ANGLE_STEP_RAD)
    return step * round(centre[0] / step), step * round(centre[1] / step), side, angle_rad


def cut(
    image: Image.Image, centre: Floats, side: float, angle_rad: float
) -> tuple[NDArray[np.float32], Floats]:
    """A turned square, float32 [MESH_PX, MESH_PX, 3], and the matrix [2, 3] from its points to
    the image's."""
    shrink = 1
    while side / shrink > LARGEST_SHRINK * MESH_PX:
        shrink *= 2
    cosine, sine = (part * side / MESH_PX for part in (np.cos(angle_rad), np.sin(angle_rad)))
    back = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0]])
    back[:, 2] = centre - back[:, :2] @ np.full(2, MESH_PX / 2 - 0.5)
    # PIL counts from a pixel's corner and not from its middle.
    corner = back.copy()
    corner[:, 2] += 0.5 - back[:, :2] @ np.full(2, 0.5)
    source = image.reduce(shrink) if shrink > 1 else image
    square = source.transform(
        (MESH_PX, MESH_PX),
        Image.Transform.AFFINE,
        tuple((corner / shrink).ravel()),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(square, np.float32), back
