"""Fits pictures into the frame that is published: portrait, square or wide, 360p to 1080p."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .mark import Mark
from .persona import Aspect
from .renderer import Frames, Moment, Renderer

Resolution = Literal["360p", "480p", "720p", "1080p"]
"""The shorter side of a picture in pixels."""

RATIOS: dict[Aspect, float] = {"square": 1.0, "wide": 16 / 9, "portrait": 9 / 16}
"""Width by height."""

ABOVE = 1 / 3
"""Of what is cut from the height, the part from above: a head is nearer to the top."""


def framed(
    renderer: Renderer, aspect: Aspect, resolution: Resolution | None, mark: str | None
) -> Renderer:
    """Return a renderer whose pictures have the aspect, the resolution and the mark.

    Without a resolution nothing is scaled: only a portrait is cut out of the picture.
    """
    size = size_of(renderer.size, aspect, resolution)
    if size == renderer.size and mark is None:
        return renderer
    return Framed(renderer, size, mark)


def size_of(
    drawn: tuple[int, int], aspect: Aspect, resolution: Resolution | None
) -> tuple[int, int]:
    """Width and height of the frame, for pictures of the size `drawn`."""
    ratio = RATIOS[aspect]
    if resolution is not None:
        short = int(resolution[:-1])
        long = round(short * max(ratio, 1 / ratio) / 4) * 4
        return (short, long) if ratio < 1 else (long, short)
    return (drawn[1] * 9 // 32 * 2, drawn[1]) if aspect == "portrait" else drawn


class Framed:
    """Fits `Renderer`. Cuts the middle out of another's pictures, and scales it to `size`."""

    def __init__(self, renderer: Renderer, size: tuple[int, int], mark: str | None) -> None:
        self.renderer = renderer
        self.size = width, height = size
        self._mark = Mark(mark, size) if mark is not None else None
        self._drawn = renderer.size
        self._luma = Scale(renderer.size, size)
        self._chroma = Scale(_halved(renderer.size), (width // 2, height // 2))

    @property
    def fps(self) -> int:
        """Frames a second."""
        return self.renderer.fps

    def __getattr__(self, name: str) -> Any:
        # `batch`, `face_only`, `fresh`, `device`, `persona`, where the renderer has them.
        return getattr(self.renderer, name)

    def render(self, moments: Sequence[Moment]) -> Frames:
        """Draw one picture per moment, in order."""
        drawn = np.asarray(self.renderer.render(moments))
        (width, height), (before_w, before_h) = self.size, self._drawn
        frames: Frames = np.empty((len(drawn), height * 3 // 2, width), np.uint8)
        for picture, frame in zip(drawn, frames, strict=True):
            self._luma(picture[:before_h], frame[:height])
            colours = picture[before_h:].reshape(2, before_h // 2, before_w // 2)
            for colour, out in zip(
                colours, frame[height:].reshape(2, height // 2, width // 2), strict=True
            ):
                self._chroma(colour, out)
        if self._mark is not None:
            self._mark.draw(frames)
        return frames

    def close(self) -> None:
        """Close the renderer."""
        self.renderer.close()


class Scale:
    """Cuts the largest part of the target's shape out of a plane, and scales it, bilinearly."""

    def __init__(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        width, height = min(before[0], before[1] * after[0] / after[1]), before[1]
        if width == before[0]:
            height = min(before[1], round(before[0] * after[1] / after[0]))
        left, top = (before[0] - width) / 2, (before[1] - height) * ABOVE
        self._plain = round(width) == after[0] and height == after[1]
        self._left, self._top = round(left), round(top)
        self._columns, self._across = _taps(left, width, after[0], before[0])
        rows, down = _taps(top, height, after[1], before[1])
        self._rows, self._down = rows, down[:, None]

    def __call__(self, plane: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
        """Scale a plane, uint8 [H, W], into another."""
        if self._plain:
            height, width = out.shape
            out[:] = plane[self._top : self._top + height, self._left : self._left + width]
            return
        wide = _mixed(plane.astype(np.int16), self._columns, self._across, 1)
        out[:] = _mixed(wide, self._rows, self._down, 0)


def _taps(
    first: float, length: float, count: int, most: int
) -> tuple[NDArray[np.intp], NDArray[np.int16]]:
    """For each of `count` pixels the first of two that are mixed, and the second's 128ths."""
    at = first + (np.arange(count) + 0.5) * length / count - 0.5
    at = np.clip(at, 0, most - 1)
    nearest = np.minimum(at.astype(np.intp), most - 2)
    return nearest, np.rint(128 * (at - nearest)).astype(np.int16)


def _mixed(
    plane: NDArray[np.int16], at: NDArray[np.intp], part: NDArray[np.int16], axis: int
) -> NDArray[np.int16]:
    one: NDArray[np.int16] = plane.take(at, axis)
    mix: NDArray[np.int16] = plane.take(at + 1, axis)
    # 128 times a difference of two bytes is less than 2^15.
    mix -= one
    mix *= part
    mix += 64
    mix >>= 7
    mix += one
    return mix


def _halved(size: tuple[int, int]) -> tuple[int, int]:
    return size[0] // 2, size[1] // 2
