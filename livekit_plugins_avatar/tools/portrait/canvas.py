"""Frames a face as a persona has it: a square with the face at a usual size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .fit import eyes_between
from .landmarks import Landmarks

SIDE_PX, WIDE_PX = 512, 912
EYES_PX = 84.0
"""Distance of the eyes in the square, as far as there is picture around the face."""

EYES_DOWN = 0.42
"""Height of the eyes in the square, from above."""


def framed(
    picture: NDArray[np.uint8], face: Landmarks, of: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """The square around a face.

    Args:
        picture: uint8 [H, W, 3].
        face: The face in it.
        of: Another picture of the same size, of which the same square is wanted.

    Returns:
        uint8 [512, 512, 3].
    """
    left, top, side = _square(picture.shape[:2], face)
    return _cut(picture if of is None else of, (left, top, left + side, top + side), SIDE_PX)


def framed_wide(
    picture: NDArray[np.uint8], face: Landmarks, of: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8] | None:
    """The same with what is beside that square, uint8 [512, 912, 3]; None if the picture ends
    before. The square is in its middle."""
    left, top, side = _square(picture.shape[:2], face)
    beside = side * (WIDE_PX - SIDE_PX) / 2 / SIDE_PX
    box = (left - beside, top, left + side + beside, top + side)
    if box[0] < 0 or box[2] > picture.shape[1]:
        return None
    return _cut(picture if of is None else of, box, WIDE_PX)


def _square(size: tuple[int, ...], face: Landmarks) -> tuple[float, float, float]:
    """Left, top and side of the square around a face in a picture of a height and a width."""
    height, width = size
    side = min(face.eyes_px * SIDE_PX / EYES_PX, height, width)
    x, y = eyes_between(face)
    left = float(np.clip(x - side / 2, 0, width - side))
    return left, float(np.clip(y - side * EYES_DOWN, 0, height - side)), side


def _cut(
    picture: NDArray[np.uint8], box: tuple[float, float, float, float], width: int
) -> NDArray[np.uint8]:
    image = Image.fromarray(picture)
    return np.asarray(image.resize((width, SIDE_PX), Image.Resampling.LANCZOS, box=box))
