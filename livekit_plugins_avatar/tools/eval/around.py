"""Base of renderers that wrap another renderer."""

from __future__ import annotations

from collections.abc import Sequence

from ...render.renderer import Frames, Moment, Renderer


class Around:
    """A `Renderer` that is like the one within.

    Args:
        renderer: What draws.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    @property
    def size(self) -> tuple[int, int]:
        return self._renderer.size

    @property
    def fps(self) -> int:
        return self._renderer.fps

    @property
    def batch(self) -> int:
        return int(getattr(self._renderer, "batch", 1))

    def render(self, moments: Sequence[Moment]) -> Frames:
        return self._renderer.render(moments)

    def close(self) -> None:
        self._renderer.close()
