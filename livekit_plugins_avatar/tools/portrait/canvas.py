"""Frames a face as a persona has it: a square with the face at a usual size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .fit import eyes_between
from .landmarks import Landmarks

SIDE_PX = 512
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
    height, width = picture.shape[:2]
    side = min(face.eyes_px * SIDE_PX / EYES_PX, height, width)
    x, y = eyes_between(face)
    left = float(np.clip(x - side / 2, 0, width - side))
    top = float(np.clip(y - side * EYES_DOWN, 0, height - side))
    box = (left, top, left + side, top + side)
    image = Image.fromarray(picture if of is None else of)
    return np.asarray(image.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, box=box))
