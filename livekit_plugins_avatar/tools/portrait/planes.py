"""Pictures in a graph: luma and chroma as video has them, less 16 and 128, so that black is 0.

The files' own planes have no batch. What is fetched from them lies as [planes, B, H, W], and one
source serves all faces of a batch: their places follow each other as rows.
"""

from __future__ import annotations

import numpy as np

from ...render.i420 import OFFSET, yuv
from .blocks import Blocks
from .canvas import SIDE_PX
from .graph import Graph, Tensor
from .sampling import Floats

BLACK, GREY = 16, 128
"""Codes of luma and chroma that are 0 in the graph."""


def pictures(graph: Graph, rgb: Floats) -> Tensor:
    """Pictures of the file, RGB [K, H, W, 3], as [K, 3, H, W]."""
    return graph.codes(yuv(rgb)) - graph.constant(OFFSET.reshape(3, 1, 1))


def shifted(plane: Tensor) -> list[Tensor]:
    """Four copies of a plane, each shifted by a pixel: of [A, 1, H + 1, W + 1], for a pixel more is
    needed at its right and at its bottom."""
    ends = 2**31 - 1
    return [
        plane.window(down, down - 1 or ends, right, right - 1 or ends)
        for down in (0, 1)
        for right in (0, 1)
    ]


def fetched(source: Tensor, places: Tensor) -> Tensor:
    """Fetch [N, C, h, w] from places in it, -1 to 1, [N, H, W, 2]; outside it is 0."""
    kind = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": 0}
    return source.graph.node("GridSample", source, places, **kind)


def ramps(
    graph: Graph,
    window: tuple[int, int, int, int],
    source: tuple[int, int],
    step: int = 1,
    first: float = 0.5,
) -> Tensor:
    """Where pixels lie in a source, -1 to 1, if nothing moves, [1, 2, H / step, W / step].

    Args:
        graph: To write to.
        window: Left, top, width and height in the source.
        source: Width and height of the source.
        step: Pixels from one to the next.
        first: Where the first one lies in the window, in pixels; its corner is 0.
    """
    left, top, width, height = window
    across, down = np.zeros((1, 2, 1, width // step)), np.zeros((1, 2, height // step, 1))
    across[0, 0, 0] = (left + first + step * np.arange(width // step)) * 2 / source[0] - 1
    down[0, 1, :, 0] = (top + first + step * np.arange(height // step)) * 2 / source[1] - 1
    return graph.constant(across) + graph.constant(down)


def finer(nodes: int, by: int, within: tuple[int, int] | None = None) -> Floats:
    """Linear interpolation between nodes as a matrix, [nodes * by, nodes]; it goes on beyond the
    first and the last.

    Args:
        nodes: How many.
        by: Places a node.
        within: The first place and how many; all others are 0 there.
    """
    place = (np.arange(nodes * by) + 0.5) / by - 0.5
    low = np.clip(np.floor(place).astype(int), 0, nodes - 2)
    rows, part = np.arange(nodes * by), place - low
    matrix = np.zeros((nodes * by, nodes))
    matrix[rows, low], matrix[rows, low + 1] = 1 - part, part
    if within is None:
        return matrix
    first, count = within
    out = np.zeros((count, nodes))
    start, stop = max(first, 0), min(first + len(matrix), count)
    out[start:stop] = matrix[start - first : stop - first]
    return out


def eighths(graph: Graph, matrix: Floats) -> Tensor:
    """A matrix of `finer`: its numbers are eighths, and small."""
    return graph.codes(matrix * 8 + 128) * 0.125 - 16.0


class Wall:
    """What is behind the figure, in the file once, as `wall_luma` and `wall_chroma`.

    Args:
        graph: To write to.
        luma, chroma: Codes, [512, 512], [2, 256, 256].
    """

    def __init__(self, graph: Graph, luma: Floats, chroma: Floats) -> None:
        self._bytes = (
            graph.bytes_(luma[None, None], "wall_luma"),
            graph.bytes_(chroma[None], "wall_chroma"),
        )
        codes = (planes_.floats() for planes_ in self._bytes)
        self.luma, self.chroma = (
            each - float(zero) for each, zero in zip(codes, (BLACK, GREY), strict=True)
        )
        self.blocks = self.luma.halved()
        """Luma of blocks of 2 x 2 pixels, [1, 1, 256, 256]."""

    def still(self, scale: int, top: int, bottom: int, left: int, right: int) -> Tensor:
        """Bytes of a part: luma, [1, 1, H, W], or with scale 2 chroma, [1, 2, H, W]."""
        return self._bytes[scale - 1].window(top, bottom, left, right)


def figure_blocks(graph: Graph, luma: Floats, chroma: Floats, matte: Floats, wall: Wall) -> Blocks:
    """What every block of 2 x 2 pixels is taken from, as codes: the luma of its four pixels before
    the block's wall, its chroma as far as the figure covers it, how much of it is the figure, and
    that wall.

    Every second pixel of each plane is a block's own. Luma is covered by the pixel. It has the wall
    in it, which is taken off again: cover alone would differ between pixels of a block, which come
    from further apart or nearer than those of blocks.

    Args:
        graph: To write to.
        luma, chroma: Codes of the figure, [512, 512], [2, 256, 256]; in the file as `figure_luma`
            and `figure_chroma`.
        matte: How much of each block it is, [256, 256]; in the file as `matte`.
        wall: Behind it.
    """
    own = graph.bytes_(luma[None, None], "figure_luma").floats()
    colours = graph.bytes_(chroma[None], "figure_chroma").floats()
    cover = graph.bytes_(matte[None, None] * 255, "matte").floats() * (1 / 255)
    blocks = graph.joined([(colours - float(GREY)) * cover, cover, wall.blocks], 1)
    colour, share, behind = blocks.enlarged(2, "asymmetric").split(2, 1, 1, axis=1)
    pairs = zip(
        *(shifted(p.framed(0, 1, 0, 1, "edge")) for p in (own - float(BLACK), cover.enlarged(2))),
        strict=True,
    )
    near = [((copy - behind) * over + behind).codes(BLACK) for copy, over in pairs]
    tints = colour.codes(GREY).split(1, 1, axis=1)
    planes_ = [*near, *tints, (share * 255.0).codes(0), behind.codes(0)]
    return Blocks(None, planes_, [], WHOLE)


def interleaved(luma: Tensor, height: int, width: int) -> Tensor:
    """Bytes of blocks of 2 x 2 pixels, [4, B, H / 2, W / 2], as a picture, [B, H, W]."""
    rows = luma.reshaped(2, 2, -1).turned(0, 2, 1)
    return rows.reshaped(2, -1, width).turned(1, 0, 2).reshaped(-1, height, width)


WHOLE = (SIDE_PX, SIDE_PX)
