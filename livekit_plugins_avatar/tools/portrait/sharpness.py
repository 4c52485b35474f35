"""Keeps in the graph a moved picture as sharp as it was: pixels fetched from between others are
softer, by how far they lie between them, and what is pushed together is harder.

Linear interpolation at a part f of the way is a blur whose second moment is f (1 - f). What a pixel
has more than the mean of those around it, times the share of that, takes the blur away again. Where
a picture is pushed together across, its edges get narrower, and pixels are left out: there the
share is negative, and blurs. Where nothing moves, nothing changes.
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
"""Codes by which a pixel of a block is changed at most, where none is blurred: of an edge the
picture shows each step."""

CROWDED, CROWDED_MORE, CODES = 0.1, 1.5, 255.0
"""From so much less width on, shares become negative, by so much for each of it, as far as -1: at
two thirds of its width an edge of usual softness keeps it."""

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


def slope_of(motion: Tensor, width: int) -> Tensor:
    """How much further apart than they are two pixels beside each other come from, [B, 1, h, w]:
    the slope of a motion from left to right, of blocks of 2 x 2 pixels. Pixels of a block are only
    brought nearer by it: where they come from further apart, blocks leave some out and show no
    steps."""
    framed = motion.columns([0]).framed(0, 0, 1, 1, "edge")
    return (framed.part(2, None, 3) - framed.part(0, width, 3)) * 0.25


def crowded(slope: Tensor) -> Tensor:
    """What is added to `lost`, -1 to 0, where a picture comes from pixels further apart.

    Args:
        slope: Of a motion, from left to right, [N, 1, h, w].
    """
    return ((CROWDED - slope) * CROWDED_MORE).clip(-1, 0)


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
    most = (-share).apply("Relu") * CODES + MOST
    return luma + more.within(-most, most)


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
