"""How a T-shirt or jumper is cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.people.head import Numbers
from models.personas.anatomy import Points


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut.

    Args:
        drop: How far the front of the neckline lies below the pit of the neck, dm.
        tilt: How much the neckline rises from front to back, per dm of depth.
        loose: Distance of the cloth from the skin before it falls, dm.
        more: How much more cloth there is than body, as a share.
        stiff: Resistance to bending.
        band: Width of the neckline's band, dm.
        thick: Thickness of the band, dm.
    """

    drop: float = 0.02
    tilt: float = 0.72
    loose: float = 0.10
    more: float = 0.05
    stiff: float = 0.3
    band: float = 0.19
    thick: float = 0.022

    def above(self, points: Points, joint: Points) -> Numbers:
        """Heights of points above the plane of the neckline, dm; `joint` is that of the neck."""
        front = joint + np.array([0.0, -0.16 - self.drop, 0.62])
        away = points - front
        return np.asarray((away[:, 1] + self.tilt * away[:, 2]) / np.hypot(1.0, self.tilt))
