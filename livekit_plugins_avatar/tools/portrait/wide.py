"""The wide picture of a persona: the square one between two still sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...render.i420 import halved, yuv
from .canvas import SIDE_PX, WIDE_PX
from .graph import Tensor
from .sampling import Floats

BESIDE_PX = (WIDE_PX - SIDE_PX) // 2
"""Width of each side."""


SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Sides:
    """Codes of video of both sides, left and right.

    Args:
        luma: [512, 200] each.
        chroma: [2, 256, 100] each.
        cover: How much of each pixel is the person, [512, 200] each; nothing where it is not known.
    """

    luma: tuple[Floats, Floats]
    chroma: tuple[Floats, Floats]
    cover: tuple[Floats, Floats]


def sides_of(wide: NDArray[np.uint8], cover: NDArray[np.uint8] | None = None) -> Sides:
    """The sides of a wide picture, [512, 912, 3], and of what covers it, [512, 912]."""
    left, right = (yuv(part) for part in (wide[:, :BESIDE_PX], wide[:, -BESIDE_PX:]))
    known = np.zeros(wide.shape[:2]) if cover is None else cover.astype(np.float64)
    return Sides(
        (left[0], right[0]),
        (halved(left[1:]), halved(right[1:])),
        (known[:, :BESIDE_PX], known[:, -BESIDE_PX:]),
    )


def beside(frame: Tensor, sides: Sides) -> Tensor:
    """Wide frames of square ones, I420, bytes [B, 768, 512] to [B, 768, 912].

    Their sides are in the file as `left_luma`, `left_chroma`, `left_cover` and so on; covers are
    for another background (`render/background.py`), no node takes them.
    """
    graph = frame.graph
    luma, chroma = frame.split(SIDE_PX, SIDE_PX // 2, axis=1)
    chroma = chroma.reshaped(-1, 2, SIDE_PX // 2, SIDE_PX // 2)
    batch = graph.node("Slice", graph.node("Shape", frame), graph.whole(0), graph.whole(1))
    for side, plane in zip(SIDES, sides.cover, strict=True):
        graph.bytes_(plane, f"{side}_cover")
    planes = []
    for kind, middle, pair in (("luma", luma, sides.luma), ("chroma", chroma, sides.chroma)):
        many = graph.joined([batch, graph.whole(*[1] * pair[0].ndim)], 0)
        left, right = (
            graph.node("Expand", graph.bytes_(plane[None], f"{side}_{kind}"), many)
            for side, plane in zip(SIDES, pair, strict=True)
        )
        planes.append(graph.joined([left, middle, right], pair[0].ndim))
    return graph.joined([planes[0], planes[1].reshaped(-1, SIDE_PX // 2, WIDE_PX)], 1)
