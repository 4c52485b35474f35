"""Lays what was drawn on the wall behind it: a whole frame of video, as bytes."""

from __future__ import annotations

from collections.abc import Sequence

from .canvas import SIDE_PX
from .graph import Tensor
from .planes import Wall
from .window import Window


def on_wall(
    wall: Wall, face: Tensor, regions: Sequence[Window], parts: Sequence[tuple[Tensor, Tensor]]
) -> Tensor:
    """Frames, I420, bytes [B, 768, 512].

    Args:
        wall: All that no region covers.
        face: The input, [B, P]: a frame for each.
        regions: Windows below each other.
        parts: What is drawn in each: luma, [B, H, W], and chroma, [B, 2, H / 2, W / 2].
    """
    graph = face.graph
    size = graph.node("Slice", graph.node("Shape", face), graph.whole(0), graph.whole(1))
    batch = graph.joined([size, graph.whole(1, 1, 1)], 0)
    luma = _banded(wall, batch, regions, [part[0] for part in parts], 1)
    chroma = _banded(wall, batch, regions, [part[1] for part in parts], 2)
    flat = chroma.reshaped(-1, SIDE_PX // 2, SIDE_PX)
    return graph.joined([luma.reshaped(-1, SIDE_PX, SIDE_PX), flat], 1)


def _banded(
    wall: Wall, batch: Tensor, regions: Sequence[Window], parts: Sequence[Tensor], scale: int
) -> Tensor:
    """Parts between what is left of the wall, bytes, [B, planes, H, W]."""
    graph, bands, row, side = batch.graph, [], 0, SIDE_PX // scale
    for window, part in zip(regions, parts, strict=True):
        top, bottom = window.top // scale, window.bottom // scale
        left, right = window.left // scale, window.right // scale
        bands += _still(wall, batch, scale, row, top, 0, side)
        inner = part.reshaped(-1, scale, bottom - top, right - left)
        before = _still(wall, batch, scale, top, bottom, 0, left)
        after = _still(wall, batch, scale, top, bottom, right, side)
        bands.append(graph.joined([*before, inner, *after], 3))
        row = bottom
    bands += _still(wall, batch, scale, row, side, 0, side)
    return graph.joined(bands, 2)


def _still(wall: Wall, batch: Tensor, scale: int, *part: int) -> list[Tensor]:
    """A part of the wall for each of the batch, if there is any."""
    top, bottom, left, right = part
    if top == bottom or left == right:
        return []
    return [batch.graph.node("Expand", wall.still(scale, *part), batch)]
