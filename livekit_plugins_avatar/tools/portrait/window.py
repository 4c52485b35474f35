"""Parts of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .canvas import SIDE_PX
from .eyes import Eyeball
from .motion import STEP
from .mouth import Inside
from .sampling import Floats

WIDER_MOST = 0.7
"""Skin is stretched to at most three times its width without steps between blocks."""

FADE_PX = 4
"""Mouth and eyes fade into the skin around them within this."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column after it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row below it."""
        return self.top + self.height

    def within(self, other: Window) -> Window:
        """What of it lies in another."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Window(left, top, right - left, bottom - top)

    def grown(self, by: int) -> Window:
        """With so many pixels more on every side."""
        return Window(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)

    def cells(self, size: int) -> tuple[slice, slice]:
        """Rows and columns of cells of so many pixels that it touches."""
        return (
            slice(self.top // size, -(-self.bottom // size)),
            slice(self.left // size, -(-self.right // size)),
        )

    def halved(self, by: int = 2) -> Window:
        """The same in a picture with so many times fewer pixels."""
        return Window(self.left // by, self.top // by, self.width // by, self.height // by)

    def moved(self, right: int, down: int) -> Window:
        """The same, counted from another corner."""
        return Window(self.left + right, self.top + down, self.width, self.height)

    def of(self, field: Floats, left: int = 0, top: int = 0) -> Floats:
        """Cut it out of [H, W, ...], whose first pixel is at a place of the picture; beyond its rim
        a field goes on as it ends."""
        rows = np.arange(self.top, self.bottom) - top
        columns = np.arange(self.left, self.right) - left
        height, width = field.shape[:2]
        return np.asarray(field[rows.clip(0, height - 1)[:, None], columns.clip(0, width - 1)])


def mouth_window(inner: Inside, box: Window, below: int) -> Window:
    """Where a mouth is drawn: in a box, and below the eyes."""
    whole = Window(inner.left, inner.top, inner.width, inner.height).within(box)
    return whole.within(Window(0, below, SIDE_PX, SIDE_PX))


def eye_windows(eyes: Sequence[Eyeball], box: Window) -> list[Window]:
    """Where both eyes are drawn: squares of one size beside each other, in a box."""
    apart = abs(eyes[0].left - eyes[1].left) // STEP * STEP
    side = min(apart, *(eye.side for eye in eyes))
    out = []
    for eye in eyes:
        left, top = (first + (eye.side - side) // 2 // STEP * STEP for first in (eye.left, eye.top))
        left = min(max(left, box.left), box.right - side)
        out.append(Window(left, min(max(top, box.top), box.bottom - side), side, side))
    return out


def around(windows: Sequence[Window]) -> Window:
    """The smallest window with all of these in it."""
    left, top = (min(getattr(w, side) for w in windows) for side in ("left", "top"))
    right, bottom = (max(getattr(w, side) for w in windows) for side in ("right", "bottom"))
    return Window(left, top, right - left, bottom - top)


def across(window: Window) -> tuple[Floats, Floats]:
    """Factor and addition that make places of the picture places of a window, [1, 2, 1, 1]."""
    size, corner = np.array([window.width, window.height]), np.array([window.left, window.top])
    scale, shift = SIDE_PX / size, (SIDE_PX - 2 * corner) / size - 1
    return scale.reshape(1, 2, 1, 1), shift.reshape(1, 2, 1, 1)


def fade(window: Window) -> Floats:
    """1 inside a window, falling to 0 two pixels before its rim, [H, W]."""
    sides = [np.minimum(np.arange(n), np.arange(n)[::-1]) for n in (window.height, window.width)]
    return np.clip((np.minimum(sides[0][:, None], sides[1]) - 1.5) / FADE_PX, 0, 1)
