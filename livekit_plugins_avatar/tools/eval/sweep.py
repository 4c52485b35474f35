"""Measures whether a picture moves as evenly as the face does.

Moves each parameter slowly and alone, and gives the change of the picture from frame to frame. A
jump is something that pops, flickers or snaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...face.state import POSE_PARAMETERS, FaceState
from ...render.renderer import Renderer
from ...timeline import SAMPLE_RATE, Timed
from ..i420 import luma
from ..progress import progress

STEPS = 90
"""Of a sweep: three seconds at 30 frames a second, slower than anything in speech."""

RANGES = {
    "headYaw": 0.21, "headPitch": 0.17, "headRoll": 0.14,
    "headX": 0.015, "headY": 0.012, "headZ": 0.03,
    "gazeYaw": 0.42, "gazePitch": 0.34,
}  # fmt: skip
"""How far an axis of the pose is moved to either side, in radians and metres: what a face that
listens and speaks makes use of. Weights go from 0 to 1."""

LEAST_PIXELS = 20
"""An axis is left out where fewer pixels change by one level of luma in its median step. A slow
movement of 8-bit pixels is a count of pixels that go to the next level at this step rather than at
the one before. Counts scatter by their square root, and the largest of 90 lies about 2.5 deviations
above the middle: by chance alone 1.6 times the median for a count of 20, and more below."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One parameter moved alone.

    Args:
        parameter: Its name.
        changes: float64 [STEPS]: mean absolute difference of luma from one frame to the next.
    """

    parameter: str
    changes: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """The largest change over the median one; 1 where all are alike."""
        return float(self.changes.max() / np.median(self.changes))

    def shows(self, pixels: int) -> bool:
        """Whether 8 bits are enough to tell, in a picture of so many pixels."""
        return bool(np.median(self.changes) * pixels >= LEAST_PIXELS)


def sweep(renderer: Renderer, parameter: str) -> Sweep:
    """Move `parameter` through its range, the rest of the face at rest."""
    reach = RANGES[parameter] if parameter in POSE_PARAMETERS else None
    low, high = (0.0, 1.0) if reach is None else (-reach, reach)
    changes = []
    before: NDArray[np.int16] | None = None
    for value in np.linspace(low, high, STEPS + 1):
        after = luma(_draw(renderer, FaceState.of(**{parameter: float(value)}))).astype(np.int16)
        if before is not None:
            changes.append(np.abs(after - before).mean())
        before = after
    return Sweep(parameter, np.array(changes))


def telling(renderer: Renderer, parameters: Sequence[str]) -> list[Sweep]:
    """The sweeps that show something, the most uneven first."""
    width, height = renderer.size
    sweeps = [sweep(renderer, each) for each in progress(parameters, "sweeps", len(parameters))]
    shown = [each for each in sweeps if each.shows(width * height)]
    return sorted(shown, key=lambda each: -each.ratio)


def _draw(renderer: Renderer, face: FaceState) -> NDArray[np.uint8]:
    picture: NDArray[np.uint8] = renderer.render([Timed(0, SAMPLE_RATE // renderer.fps, face)])[0]
    return picture
