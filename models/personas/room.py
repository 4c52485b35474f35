"""The room behind the figure: large soft shapes far out of focus.

Takes the table below; gives a picture for a wall behind the figure. It is smooth enough that
shifting it by a few pixels goes unseen, and calm around the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

WIDTH, HEIGHT = 304, 171
"""Of the wall's picture: a third of the plate's pixels is ample for something this soft."""


BLUR_PX = 7.0
"""Of the whole wall, in its own pixels: no edge is left that a small shift would show."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A soft box of light or colour.

    Args:
        what: What a viewer would take it for.
        x, y: Centre as shares of the plate's width and height, from the upper left.
        width, height: Shares of the plate's height.
        soft: Width of its edge as a share of the plate's height.
        colour: Linear red, green, blue.
        cover: Opacity in the middle.
    """

    what: str
    x: float
    y: float
    width: float
    height: float
    soft: float
    colour: tuple[float, float, float]
    cover: float


WALL_TOP = (0.235, 0.232, 0.225)
WALL_FOOT = (0.125, 0.118, 0.112)

SHAPES = (
    Shape("daylight through a window on the left", 0.06, 0.34, 0.36, 0.74, 0.16,
          (0.74, 0.84, 0.95), 0.75),
    Shape("its glow on the wall", 0.20, 0.36, 0.60, 0.90, 0.40, (0.50, 0.53, 0.56), 0.45),
    Shape("a shelf of dark wood on the right", 0.93, 0.56, 0.34, 0.86, 0.15,
          (0.105, 0.072, 0.050), 0.72),
    Shape("a lamp on it", 0.875, 0.30, 0.13, 0.15, 0.13, (0.98, 0.66, 0.36), 0.62),
    Shape("the lamp's glow", 0.86, 0.33, 0.46, 0.46, 0.34, (0.55, 0.38, 0.24), 0.40),
    Shape("leaves of a plant below the window", 0.15, 0.88, 0.34, 0.30, 0.17,
          (0.085, 0.125, 0.075), 0.62),
    Shape("a sofa's back", 0.70, 0.98, 0.80, 0.24, 0.15, (0.15, 0.165, 0.185), 0.5),
)  # fmt: skip
"""From back to front."""


def room() -> NDArray[np.float32]:
    """The wall's picture, float32 [HEIGHT, WIDTH, 3], linear light, first row uppermost."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    x, y = (x + 0.5) / WIDTH, (y + 0.5) / HEIGHT
    ramp = _ease((y - 0.05) / 0.95)[..., None]
    picture = (1 - ramp) * np.array(WALL_TOP) + ramp * np.array(WALL_FOOT)
    aspect = WIDTH / HEIGHT
    for shape in SHAPES:
        across = (np.abs(x - shape.x) * aspect - shape.width / 2) / shape.soft
        along = (np.abs(y - shape.y) - shape.height / 2) / shape.soft
        cover = shape.cover * _ease(0.5 - across) * _ease(0.5 - along)
        picture += cover[..., None] * (np.array(shape.colour) - picture)
    soft = gaussian_filter(picture, (BLUR_PX, BLUR_PX, 0), mode="nearest")
    return np.asarray(soft, np.float32)


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    t = np.clip(x, 0, 1)
    return np.asarray(t * t * t * (t * (6 * t - 15) + 10))
