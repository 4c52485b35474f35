"""The interface of renderers, which draw faces.

A renderer may be slow, stall or raise: it runs on a thread of its own and cannot delay the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..face.state import FaceState
from ..timeline import Timed

Moment = Timed[FaceState]
"""A face, the sample of the published audio that it is shown with, and for how long."""

Frames = NDArray[np.uint8]
"""Pictures as planar I420: uint8 [B, H * 3 / 2, W]. Rows 0 to H - 1 are Y, then come H / 4 rows of
U and H / 4 of V, each packed at half width and half height. W is even, H a multiple of 4."""


@runtime_checkable
class Renderer(Protocol):
    """Draws faces. Any object that fits will do; `render` is called on one thread.

    A renderer that draws several pictures together about as fast as one may have a `batch`, an int
    of 1 or more: it is then asked for as many at a time. Without it, 1.

    One whose pictures depend on the face alone may say so by a true `face_only`: it is then asked
    only for faces that look different from the last. Without it, for every frame.

    One that gives new memory each time may say so by a true `fresh`: its pictures are not copied.
    """

    @property
    def size(self) -> tuple[int, int]:
        """Width (even) and height (a multiple of 4) of a picture in pixels; constant."""

    @property
    def fps(self) -> int:
        """Frames a second, 10 to 60, a divisor of 48,000; constant."""

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order. Unless it is `fresh`, they are copied at once."""

    def close(self) -> None:
        """Release everything; called once, on the thread of the last `render` if there was one."""
