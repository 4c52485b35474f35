"""Shapes of our own, where blendshapes alone look wrong.

In flow a skin and the weights that shaped it; out flows the skin with what is missing: a lower lip
that tucks under the teeth in f and v, a smile that lifts at its middle and folds the cheeks.
Regions of the skin that the picture colours differently are measured here as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .anatomy import Indices, Points
from .eyes import Socket
from .surface import smoothstep

Numbers = NDArray[np.float64]


class Correctives:
    """The corrections of one person.

    Args:
        coarse: float64 [V, 3], the used vertices of the body without expression.
        used: Their indices in the base mesh.
        mesh: The base mesh.
    """

    def __init__(self, coarse: Points, used: Indices, mesh: anatomy.BaseMesh) -> None:
        lips = anatomy.mask("lips", 3.0)[used] > 0.5
        mouth = coarse[lips]
        self._middle = (mouth.min(axis=0) + mouth.max(axis=0)) / 2
        self._half_width = float(np.ptp(mouth[:, 0]) / 2)
        self._coarse = coarse
        self._rest_skin: Points | None = None

    def mouth(self, coarse: Points, weight: Mapping[str, float]) -> Points:
        """Corrections of lips, on the coarse skin."""
        return coarse

    def folds(self, skin: Points, weight: Mapping[str, float], faces: Indices) -> Points:
        """Corrections of cheeks, on the fine skin."""
        return skin

    def regions(self, skin: Points, left: Socket, right: Socket) -> dict[str, Numbers]:
        """Weights in [0, 1] per fine vertex: `flush`, `beard`, `oil`."""
        middle, eye = self._middle, left.centre
        x, y, z = skin.T
        across = np.abs(x)

        def near(cx: float, cy: float, size: float) -> Numbers:
            return np.asarray(np.exp(-((across - cx) ** 2 + (y - cy) ** 2) / (2 * size**2)) * front)

        front = smoothstep(middle[2] - 0.9, middle[2] - 0.4, z)
        nose_y = 0.45 * eye[1] + 0.55 * middle[1]
        cheek_y = 0.42 * eye[1] + 0.58 * middle[1]
        flush = near(eye[0] + 0.17, cheek_y, 0.17) + 0.7 * near(0.0, nose_y - 0.05, 0.10)
        flush += 0.35 * near(0.0, middle[1] - 0.38, 0.13)
        jaw = smoothstep(cheek_y + 0.02 + 0.0, cheek_y - 0.28, y - 0.22 * np.abs(z - middle[2]))
        beard = jaw * smoothstep(-0.15, 0.25, z) * smoothstep(middle[1] - 1.15, middle[1] - 0.7, y)
        oil = (
            near(0.0, eye[1] + 0.45, 0.30)
            + near(0.0, nose_y, 0.12)
            + 0.4 * near(eye[0] + 0.1, cheek_y + 0.12, 0.12)
        )
        return {
            "flush": np.clip(flush, 0, 1),
            "beard": np.clip(beard, 0, 1),
            "oil": np.clip(oil, 0, 1),
        }
