"""The camera: where a point of the figure lies in the picture.

Takes positions in the body's coordinates (dm); gives pixels. The numbers here are the only
place that decides the framing; the rendered camera is set up from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy import Points

SIDE_PX = 512
"""The picture is a square of this side."""

WIDE_PX = 912
"""Width of the 16:9 plate around it; its middle 512 columns are the square."""

EYES_PX = 0.42 * SIDE_PX
"""Row of the eyes: the camera stands at their height, as people place themselves in a call."""

HEAD_PX = 0.535 * SIDE_PX
"""Height of the head from chin to crown in the picture."""

DISTANCE_DM = 13.0
"""From the camera to the eyes: further than a laptop's, so that the nose stays in proportion."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera that looks along -z, its picture shifted so that the eyes lie at `EYES_PX`.

    Args:
        position: float64 [3], dm.
        focal_px: Focal length in pixels.
    """

    position: Points
    focal_px: float

    @classmethod
    def framing(cls, eyes: Points, chin_to_crown_dm: float) -> Camera:
        """The camera that sees a head as the constants above say."""
        return cls(
            np.array([0.0, eyes[1], eyes[2] + DISTANCE_DM]),
            HEAD_PX * DISTANCE_DM / chin_to_crown_dm,
        )

    def project(self, points: Points) -> Points:
        """Pixels of the square picture.

        Args:
            points: float64 [N, 3], dm.

        Returns:
            float64 [N, 3]: x and y in pixels from the upper left corner (the centre of the first
            pixel is 0.5, 0.5), and the distance from the camera's plane in dm.
        """
        away = points - self.position
        depth = -away[:, 2]
        return np.stack(
            [
                SIDE_PX / 2 + self.focal_px * away[:, 0] / depth,
                EYES_PX - self.focal_px * away[:, 1] / depth,
                depth,
            ],
            axis=1,
        )
