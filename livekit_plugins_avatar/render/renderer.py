"""What the conductor asks of whatever draws the face.

In flow moments (a FaceState and the audio sample it is to be seen with), out flow pictures. A
renderer is treated as something that may be slow, may stall and may raise: it runs on a thread of
its own, and nothing that it does can delay the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..face.state import FaceState
from ..timeline import Timed

Moment = Timed[FaceState]
"""A face, the sample of the published audio that it is to be seen with, and for how long."""

Frames = NDArray[np.uint8]
"""Pictures as planar I420: uint8 [B, H * 3 / 2, W]. Rows 0..H are luma, then H/4 rows of the
first chroma plane and H/4 of the second, each chroma plane packed at half width and half height.
So W is even and H a multiple of 4."""


@runtime_checkable
class Renderer(Protocol):
    """Bring your own by passing any object that fits; all calls come from one thread.

    One that draws several pictures together about as fast as one may say how many, as `batch`, an
    int of 1 or more: after a stall its reserve is then refilled in one go. Without it, 1.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Width (even) and height (a multiple of 4) of the picture in pixels; constant."""
        ...

    @property
    def fps(self) -> int:
        """Frames a second the renderer wants to be asked for, 10 to 60; constant."""
        ...

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order."""
        ...

    def close(self) -> None:
        """Let go of everything; called once, after the last `render`."""
        ...
