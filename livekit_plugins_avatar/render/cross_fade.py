"""Draws with one renderer, then with another; between them the pictures fade into each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..face.easing import ease
from ..timeline import samples
from .renderer import Frames, Moment, Renderer

FADE_SAMPLES = samples(0.13)
"""Three mixed frames at 30 a second: a hard cut between two faces looks like a fault, and a longer
fade shows two mouths."""


class CrossFade:
    """Fits `Renderer`. `before` and `after` have one size and fps.

    Which of the two a picture shows depends on its sample alone, so that frames may be drawn again.
    """

    def __init__(self, before: Renderer, after: Renderer, start: int) -> None:
        self.size, self.fps = after.size, after.fps
        self.before, self.after = before, after
        self._start = start
        self.end = start + FADE_SAMPLES
        """The sample from which on `before` is not needed."""

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order."""
        return np.stack([self._picture(moment) for moment in moments])

    def _picture(self, moment: Moment) -> NDArray[np.uint8]:
        part = ease((moment.start - self._start) / FADE_SAMPLES)
        # Copied each time: a renderer may draw the next picture into the same memory.
        if part in (0.0, 1.0):
            alone = self.after if part else self.before
            return np.array(alone.render([moment])[0])
        weight = round(256 * part)
        before = self.before.render([moment])[0].astype(np.uint16)
        after = self.after.render([moment])[0].astype(np.uint16)
        mixed: NDArray[np.uint16] = (before * (256 - weight) + after * weight) >> 8
        return mixed.astype(np.uint8)

    def close(self) -> None:
        """Close both."""
        try:
            self.before.close()
        finally:
            self.after.close()
