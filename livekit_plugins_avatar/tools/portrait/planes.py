"""Pictures in a graph: luma at full size, chroma at half, as video has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .graph import Graph, Tensor
from .sampling import Floats

YUV_OF_RGB = np.array(
    [
        [0.256788, 0.504129, 0.097906],
        [-0.148223, -0.290993, 0.439216],
        [0.439216, -0.367788, -0.071427],
    ]
)
"""ITU-R BT.601-7, limited range."""

OFFSET = np.array([16.0, 128.0, 128.0])


def yuv(picture: Floats) -> tuple[Floats, Floats]:
    """RGB [H, W, 3] as luma [1, 1, H, W] and chroma [1, 2, H/2, W/2]."""
    full = picture @ YUV_OF_RGB.T + OFFSET
    height, width = full.shape[:2]
    small = full[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean(axis=(1, 3))
    return full[..., 0][None, None], small.transpose(2, 0, 1)[None]


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture.

    Args:
        luma: [B, 1, H, W].
        chroma: [B, 2, H/2, W/2].
    """

    luma: Tensor
    chroma: Tensor

    @classmethod
    def of(cls, graph: Graph, picture: Floats) -> Planes:
        """A picture of the file, RGB [H, W, 3]."""
        luma, chroma = yuv(picture)
        return cls(graph.codes(luma), graph.codes(chroma))

    def each(self, change: Callable[[Tensor], Tensor]) -> Planes:
        """Change both."""
        return Planes(change(self.luma), change(self.chroma))

    def under(self, other: Planes, cover: Tensor) -> Planes:
        """With another picture over it, as far as that covers, [B, 1, H, W]."""
        return Planes(
            self.luma + (other.luma - self.luma) * cover,
            self.chroma + (other.chroma - self.chroma) * cover.halved(),
        )

    def window(self, top: int, bottom: int, left: int, right: int) -> Planes:
        """A part; all numbers are even."""
        return Planes(
            self.luma.window(top, bottom, left, right),
            self.chroma.window(top // 2, bottom // 2, left // 2, right // 2),
        )

    def put(self, part: Planes, top: int, bottom: int, left: int, right: int) -> Planes:
        """With a part of it replaced; bottom and right are margins."""
        luma = part.luma.framed(top, bottom, left, right)
        chroma = part.chroma.framed(top // 2, bottom // 2, left // 2, right // 2)
        return Planes(self.luma + luma, self.chroma + chroma)


@dataclass(frozen=True, slots=True)
class Places:
    """Where each block of 2 x 2 pixels of a window comes from.

    Args:
        blocks: From -1 to 1 across the source, [B, H/2, W/2, 2].
        source: Width and height of the source.
    """

    blocks: Tensor
    source: tuple[int, int]

    @classmethod
    def moved(
        cls,
        motion: Tensor,
        enlarge: int,
        window: tuple[int, int, int, int],
        source: tuple[int, int],
    ) -> Places:
        """Places from displacements.

        Args:
            motion: In pixels, [B, 2, H / enlarge, W / enlarge].
            enlarge: Pixels per node.
            window: Left, top, width and height in the source.
            source: Width and height of the source.
        """
        return cls(places_of(motion.enlarged(enlarge // 2), window, source, 2), source)

    def window(self, top: int, bottom: int, left: int, right: int) -> Places:
        """A part; all numbers are even."""
        graph = self.blocks.graph
        first, last = (graph.whole(a // 2, b // 2) for a, b in ((top, left), (bottom, right)))
        cut = graph.node("Slice", self.blocks, first, last, graph.whole(1, 2))
        return Places(cut, self.source)

    def within(self, left: int, top: int, width: int, height: int) -> Places:
        """The same places, as those of a window of the source."""
        graph = self.blocks.graph
        size, corner = np.array([width, height]), np.array([left, top])
        whole = np.array(self.source)
        scale, shift = whole / size, (whole - 2 * corner) / size - 1
        moved = self.blocks * graph.constant(scale) + graph.constant(shift)
        return Places(moved, (width, height))


def places_of(
    motion: Tensor, window: tuple[int, int, int, int], source: tuple[int, int], step: int
) -> Tensor:
    graph = motion.graph
    sides = []
    for axis in (0, 1):
        first, length, whole = window[axis], window[2 + axis] // step, source[axis]
        ramp = (first + step * (np.arange(length) + 0.5)) * 2 / whole - 1
        shape = (1, 1, 1, length) if axis == 0 else (1, 1, length, 1)
        part = motion.channels(axis, axis + 1) * (2 / whole) + graph.constant(ramp.reshape(shape))
        sides.append(part.reshaped(0, window[3] // step, window[2] // step, 1))
    return graph.joined(sides, axis=3)


class Fetcher:
    """Fetches pictures from elsewhere, for a batch.

    Args:
        graph: To write to.
        face: The input, [B, P], which says how large the batch is.
    """

    def __init__(self, graph: Graph, face: Tensor) -> None:
        self._graph = graph
        batch = graph.node("Slice", graph.node("Shape", face), graph.whole(0), graph.whole(1))
        self._shape = graph.joined([batch, graph.whole(1, 1, 1)], axis=0)

    def batched(self, value: Tensor) -> Tensor:
        """A value of the file, repeated for the batch."""
        return self._graph.node("Expand", value, self._shape)

    def __call__(self, source: Tensor, places: Tensor, padding: str = "zeros") -> Tensor:
        """Fetch [B, C, H, W] from places [B, h, w, 2]."""
        kind = {"mode": "bilinear", "padding_mode": padding, "align_corners": 0}
        return self._graph.node("GridSample", source, places, **kind)

    def shifted(self, source: Tensor) -> Tensor:
        """Four copies of planes [B, C, H, W], each shifted by a pixel: [B, 4 C, H, W]."""
        size = self._graph.node("Shape", source)
        rows, columns = (size.columns([side], axis=0) for side in (2, 3))
        padded = source.framed(0, 1, 0, 1, "edge")
        whole = self._graph.whole
        copies = []
        for down in (0, 1):
            for right in (0, 1):
                last = [rows + whole(down), columns + whole(right)]
                ends = self._graph.joined(last, 0)
                copies.append(
                    self._graph.node("Slice", padded, whole(down, right), ends, whole(2, 3))
                )
        return self._graph.joined(copies, 1)

    def blocks(self, shifted: Tensor, places: Places) -> Tensor:
        """Fetch planes at full size by blocks of 2 x 2 pixels.

        The four pixels of a block come from one place in four shifted copies, which costs half of
        looking for each.
        """
        first = places.blocks - self._graph.constant(1 / np.array(places.source))
        return self._graph.node("DepthToSpace", self(shifted, first), blocksize=2)

    def fixed(self, values: Tensor, places: Places) -> Tensor:
        """Fetch planes of the file, [1, C, H, W]."""
        return self.blocks(self.batched(self.shifted(values)), places)
