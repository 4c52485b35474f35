"""Which parts of the picture are rendered and learnt apart.

A crop costs a quarter of a whole frame, and mouth and eyes are what must be right. A box holds all
that its axes move with the head at rest. In pixels of the square picture, origin upper left; sides
are multiples of 16 for the decoders, corners are even for the chroma.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Its rows in a picture."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """Its columns in a picture."""
        return slice(self.x, self.x + self.width)

    def grown(self, by: int) -> Box:
        """With so many pixels more on every side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def within(self, other: Box) -> Box:
        """The same, counted from another box's corner."""
        return Box(self.x - other.x, self.y - other.y, self.width, self.height)

    @property
    def halved(self) -> Box:
        """The same in a plane of chroma."""
        return Box(self.x // 2, self.y // 2, self.width // 2, self.height // 2)


BOXES: Mapping[str, Box] = {
    "mouth": Box(160, 208, 192, 192),
    "eyes": Box(176, 160, 160, 96),
}
"""By region; "whole" has none."""

EYE_BOXES = {"Left": Box(268, 200, 48, 32), "Right": Box(196, 200, 48, 32)}
"""Where the two openings lie in the picture, by the face's own side."""
