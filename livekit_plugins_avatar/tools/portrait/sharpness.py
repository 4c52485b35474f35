"""Gives back in the graph what interpolation takes: pixels fetched from between others are softer
than the picture, by how far they lie between them.

Linear interpolation at a part f of the way is a blur whose second moment is f (1 - f). What a pixel
has more than the mean of those around it, times the share of that, takes the blur away again. Where
nothing moves, nothing changes.
"""

from __future__ import annotations

import numpy as np

from .graph import Tensor
from .sampling import Floats

DIAGONAL = 0.66
"""Of the difference to the four pixels at a corner, for the sum of both moments. At half a pixel
each way that leaves all of structures of four pixels, of which the blur leaves 0.71."""

AROUND = 3 / 2 * DIAGONAL
"""The same of the difference to all of 3 x 3 pixels, which are nearer."""

MOST = 6.0
"""Codes by which a pixel of a block is changed at most: of an edge the picture shows each step."""

PADS = ((1, 1, 0, 0), (1, 0, 0, 1), (0, 1, 1, 0), (0, 0, 1, 1))
"""Of a block's four pixels: on which sides blocks beside it have those at their corners."""


def lost(moved: Tensor) -> Tensor:
    """How much was lost where a picture comes from between its pixels.

    Args:
        moved: Displacements in pixels, [N, 2, h, w].

    Returns:
        The sum of both moments, at most 0.5, [N, 1, h, w].
    """
    part = moved - moved.apply("Floor")
    across, down = (part - part * part).split(1, 1, axis=1)
    return across + down


def regained(luma: Tensor, share: Tensor) -> Tensor:
    """A picture, [N, 1, h, w], with what it lost; `share` as `lost` gives it."""
    mean = luma.graph.node("AveragePool", luma, kernel_shape=[3, 3], pads=[1] * 4)
    return luma + (luma - mean) * (share * AROUND)


def regained_blocks(luma: Tensor, share: Tensor) -> Tensor:
    """The same of blocks of 2 x 2 pixels, [4, N, h, w], with a share each, [1, N, h, w]."""
    graph = luma.graph
    corners = [
        graph.node("AveragePool", plane, kernel_shape=[2, 2], pads=list(pads))
        for plane, pads in zip(reversed(luma.each(4)), PADS, strict=True)
    ]
    more = (luma - graph.joined(corners, 0)) * (share * DIAGONAL)
    return luma + more.clip(-MOST, MOST)


def moved_whole(picture: Tensor, shift: Tensor, side: int) -> Tensor:
    """Pictures moved as a whole, by cubic convolution (Keys 1981), which keeps them sharp; as
    products with matrices, which costs less than fetching.

    Args:
        picture: [K, C, 1, side, side].
        shift: To the right and down, in pixels, [2, K, 1, B, 1, 1].
        side: Pixels.

    Returns:
        [K, C, B, side, side]; beyond its rim a picture is 0.
    """
    graph = picture.graph
    place = np.arange(side)
    apart = place[:, None] - place
    both = np.stack([apart, apart.T]).reshape(2, 1, 1, 1, side, side)
    away = (shift + graph.constant(both)).apply("Abs")
    near, wide = (1.0 - away).apply("Relu"), (2.0 - away).clip(0, 1)
    share = near * (near * (2.0 - near * 1.5) + 0.5) - wide * wide * (1.0 - wide) * 0.5
    across, down = (each.reshaped(2, 1, -1, side, side) for each in share.split(1, 1, axis=0))
    return down @ picture @ across


def within(height: int) -> Floats:
    """Rows of a part of the picture that have others above and below, [1, 1, height, 1]."""
    rows = np.ones((1, 1, height, 1))
    rows[:, :, [0, -1]] = 0
    return rows
