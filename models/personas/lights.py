"""The lights around the figure: the room's window, its screen and its lamp.

Takes the table below; gives soft boxes that aim at the middle of the face.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Points
from .camera import DISTANCE_DM, Camera

BELOW_EYES_DM = 0.35
"""Where the middle of the face lies below the eyes."""


@dataclass(frozen=True, slots=True)
class Light:
    """A soft box.

    Args:
        reason: What it is there for.
        place: x, y, z in dm relative to the middle of the face.
        size: Width and height, dm.
        power: Watts.
        colour: Linear red, green, blue.
    """

    reason: str
    place: tuple[float, float, float]
    size: tuple[float, float]
    power: float
    colour: tuple[float, float, float]


LIGHTS = (
    Light("the window beside the screen: key", (-6.5, 3.6, 8.0), (5.0, 5.0), 2100.0,
          (1.0, 0.975, 0.95)),
    Light("the screen and the desk: fill, and the second light in the eyes", (4.5, 0.2, 9.0),
          (7.0, 6.0), 300.0, (1.0, 0.95, 0.90)),
    Light("the room's lamp behind: parts hair and shoulder from the wall", (6.0, 5.0, -6.0),
          (3.0, 5.0), 220.0, (1.0, 0.93, 0.84)),
)  # fmt: skip

AMBIENT = (0.62, 0.64, 0.68, 1.0)
AMBIENT_STRENGTH = 0.24


def aim(camera: Camera) -> Points:
    """The middle of the face, float64 [3], dm: lights are placed around it, and look at it."""
    x, y, z = camera.position
    return np.array([x, y - BELOW_EYES_DM, z - DISTANCE_DM])
