"""Finds jumps of a face: more motion between two frames than a face can make.

A wrapping renderer notes the faces it is asked to render. Through a reconnection, a dead renderer
or a change of size there must be no jump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...face.state import PARAMETERS, FaceState
from ...render.renderer import Frames, Moment, Renderer
from ...timeline import samples
from .around import Around

FASTEST = {"eyeBlink": 0.8, "eyeWide": 0.5, "gaze": 0.45, "mouth": 0.5, "jaw": 0.35}
"""What some parameters may move in a 30th of a second: a blink closes in 90 ms, a saccade takes 30;
lips and jaw as fast as in fluent speech (0.54 and 0.33 in a minute of short, strong visemes)."""

SLOW = 0.12
"""What any other parameter may."""

FRAME_SAMPLES = samples(1 / 30)
"""The frame that these limits are for."""

_LIMITS = np.array(
    [
        next((most for kind, most in FASTEST.items() if name.startswith(kind)), SLOW)
        for name in PARAMETERS
    ]
)


class Jump(NamedTuple):
    """A parameter that moved too far.

    Args:
        sample: Of the frame in which it is seen.
        name: Of the parameter.
        moved: How far, in the parameter's own unit.
    """

    sample: int
    name: str
    moved: float


def jumps(faces: Mapping[int, FaceState], period: int) -> list[Jump]:
    """Where a face moved further from one frame to the next than a frame's motion.

    Args:
        faces: By sample. Frames that were not drawn are left out, and so is what follows them.
        period: Samples from one frame to the next; what may move in them grows with it.
    """
    at = np.array(sorted(faces), dtype=np.int64)
    if len(at) < 2:
        return []
    values = np.stack([faces[int(sample)].values for sample in at])
    moved = np.abs(np.diff(values, axis=0))
    too_far = (moved > _LIMITS * (period / FRAME_SAMPLES)) & (np.diff(at) == period)[:, None]
    return [
        Jump(int(at[frame + 1]), PARAMETERS[column], float(moved[frame, column]))
        for frame, column in np.argwhere(too_far)
    ]


class Observed(Around):
    """A `Renderer` that notes each face before another draws it.

    Args:
        renderer: What draws.

    Attributes:
        faces: What it was last asked to draw, by sample.
    """

    def __init__(self, renderer: Renderer) -> None:
        super().__init__(renderer)
        self.faces: dict[int, FaceState] = {}

    def render(self, moments: Sequence[Moment]) -> Frames:
        for moment in moments:
            self.faces[moment.start] = moment.value
        return super().render(moments)
