"""Writes how blocks of 2 x 2 pixels are taken from places in a picture that never changes.

To take a row of bytes costs as much as to take one number, and `GridSample` looks for each number
by itself. So there is a row for each pixel, made when the file is opened, with all that is needed
to draw a block that comes from there or from just beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ...render.composition import Plane
from .graph import Graph, Tensor

LUMA, SMOOTH = 3, 2
"""A row has so many pixels each way of luma, and of what is smooth."""


class Blocks:
    """A picture to take blocks from.

    Args:
        luma: Bytes [1, 1, H, W], as all planes; None where the pixels of a block are given apart,
            as the first four of what is smooth.
        smooth: Planes that are asked for between their pixels, one value for each block. Their
            even pixels are enough, the others lie between them.
        rough: Such planes of which the next pixel's value will do.
        size: W and H, both even.
    """

    def __init__(
        self,
        luma: Tensor | None,
        smooth: Sequence[Tensor],
        rough: Sequence[Tensor],
        size: tuple[int, int],
    ) -> None:
        width, height = self._size = size
        self._lines = [LUMA] * LUMA if luma else []
        self._parts = [*self._lines, *[len(smooth)] * SMOOTH**2, *([len(rough)] if rough else [])]
        pixels = [_shifted(luma, *by) for by in np.ndindex(LUMA, LUMA)] if luma else []
        for down, right in np.ndindex(SMOOTH, SMOOTH):
            pixels += [_shifted(plane, down, right) for plane in smooth]
        planes = smooth[0].graph.joined([*pixels, *rough], 1)
        self._planes = planes.name
        # Of each line first the even pixels: what neighbouring blocks take lies side by side.
        apart = planes.reshaped(-1, height, width // 2, 2).turned(1, 3, 2, 0)
        self._rows = apart.reshaped(height * width, -1)

    def taken(self, at: Tensor, size: tuple[int, int], wider: Tensor | None = None) -> list[Tensor]:
        """Codes of a window's blocks, [planes, B, h, w]: luma, if it has some, what is smooth, and
        what is rough, if there is any. Beyond the rim the outermost blocks are taken.

        Args:
            at: Columns and rows of pixels that the blocks come from, [B, 2, h, w].
            size: w and h.
            wider: How much further to the right the right pixels of a block come from than a pixel
                beside the left ones, half of it for each, where they are given apart, [B, 1, h, w].
        """
        graph, (width, height), columns = at.graph, size, self._size[0]
        last = graph.constant(np.array(self._size).reshape(1, 2, 1, 1) - 2.0)
        at = graph.node("Min", at.at_least(0.0), last)
        first = at.truncated().floats()
        column, row = first.split(1, 1, axis=1)
        pair = (column * 0.5).truncated().floats()
        place = (row + column * 0.5) * float(columns) - pair * (columns - 1.0)
        found = graph.node("Gather", self._rows, place.truncated(), axis=0)
        planes = found.turned(4, 0, 1, 2, 3).reshaped(sum(self._parts), -1, height, width)
        right, below = (at - first).turned(1, 0, 2, 3).split(1, 1, axis=0)
        if wider is not None:
            half = wider.turned(1, 0, 2, 3) * 0.5
            sides = [right - half, right + half]
            right = graph.joined([*sides, *sides, *[right] * (self._parts[0] - 4)], 0)
        # Bytes are cut, not numbers: they are a quarter as long.
        parts = [part.floats() for part in planes.split(*self._parts, axis=0)]
        lines = [parts.pop(0) for _ in self._lines]
        rows = [_between(*pair, below) for pair in itertools.pairwise(lines)]
        pairs = [_between(row.part(0, -1, 0), row.part(1, None, 0), right) for row in rows]
        near, beside, under, across, *rough = parts
        smooth = _between(_between(near, beside, right), _between(under, across, right), below)
        return [*([graph.joined(pairs, 0)] if pairs else []), smooth, *rough]

    def planes(self) -> tuple[Plane, list[Plane], list[Plane]]:
        """Luma, or the first plane of those that are smooth; these; and those that are rough."""
        first = len(self._lines) * LUMA
        smooth = self._parts[len(self._lines)]
        rough = first + SMOOTH**2 * smooth
        whole = [Plane(self._planes, number) for number in range(sum(self._parts))]
        return whole[0], whole[first : first + smooth], whole[rough:]


def corners(graph: Graph, left: int, top: int, width: int, height: int) -> Tensor:
    """Where the first pixels of a window's blocks lie, column and row, [1, 2, height, width]; the
    window begins at a pixel."""
    across, down = np.zeros((1, 2, 1, width)), np.zeros((1, 2, height, 1))
    across[0, 0, 0] = left + 2 * np.arange(width)
    down[0, 1, :, 0] = top + 2 * np.arange(height)
    return graph.constant(across) + graph.constant(down)


def _shifted(plane: Tensor, down: int, right: int) -> Tensor:
    """A plane moved up and left, with its edge repeated."""
    if not (down or right):
        return plane
    ends = 2**31 - 1
    return plane.framed(0, down, 0, right, "edge").window(down, ends, right, ends)


def _between(one: Tensor, other: Tensor, part: Tensor) -> Tensor:
    """What lies between two, at a part of the way."""
    return one + (other - one) * part
