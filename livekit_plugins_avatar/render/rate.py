"""Draws as many frames a second as are asked for: a face is a function of time, at any rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .renderer import Frames, Moment, Renderer


class AtRate:
    """Fits `Renderer`: another one, at `fps` frames a second."""

    def __init__(self, renderer: Renderer, fps: int) -> None:
        self.renderer = renderer
        self.fps = fps
        self.size = renderer.size

    def __getattr__(self, name: str) -> Any:
        # `batch`, `face_only`, `fresh`, `device`, `persona`, where the renderer has them.
        return getattr(self.renderer, name)

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order."""
        return self.renderer.render(moments)

    def close(self) -> None:
        """Close the renderer."""
        self.renderer.close()
