"""Where the sketch is painted: a picture in cells, and windows that travel over it.

Takes distances and colours; gives planar I420. The picture is kept as square cells of
`CELL_PX` pixels with all pixels of a cell side by side, so that a window is a list of rows to
gather and scatter, and a smooth field that is known only at the cells' corners ("nodes") becomes
pixels with one small matrix product. Edges are sharpened after that, at full resolution, which is
why they are crisp and cheap at once. Chroma has half the resolution; its coverage is the mean of
the luma's, so no colour bleeds over an edge.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .colour import Colour
from .graph import FLOAT, INT64, UINT8, Graph, Operand, Tensor

SIZE_PX = 512
CELL_PX = 8
CELLS = SIZE_PX // CELL_PX
LUMA = CELL_PX**2
"""Luma pixels in a cell."""
HALF_PX = CELL_PX // 2
CHROMA = 2 * HALF_PX**2
"""Chroma pixels in a cell: first those of U, then those of V."""
MARGIN = 4
"""Nodes that a cell's pixels depend on, along each axis: one before it to two after."""


class Paint(NamedTuple):
    """Colour at every pixel of a window: luma [B, n, LUMA] and chroma [B, n, CHROMA]."""

    luma: Tensor
    chroma: Tensor


def cubic(offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom weights [4, n] of the nodes -1, 0, 1, 2 for positions between 0 and 1."""
    t = offset
    return np.stack(
        [
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        ]
    )


def _upsampling(pixels: int) -> NDArray[np.float32]:
    """[16, pixels^2]: from the 4 x 4 nodes around a cell to its pixels, row by row."""
    weights = cubic((np.arange(pixels) + 0.5) / pixels)
    both: NDArray[np.float64] = np.einsum("ay,bx->abyx", weights, weights)
    return both.reshape(16, pixels**2).astype(np.float32)


def _for_both(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """[32, CHROMA]: the same for U and V, which take turns in the nodes."""
    both: NDArray[np.float32] = np.einsum("np,ab->nabp", weights, np.eye(2, dtype=np.float32))
    return both.reshape(2 * weights.shape[0], -1)


def _averaging() -> NDArray[np.float32]:
    """[LUMA, CHROMA]: the mean of each 2 x 2 luma pixels of a cell, for U and again for V."""
    mean = np.zeros((CELL_PX, CELL_PX, 2, HALF_PX, HALF_PX), np.float32)
    for row in range(CELL_PX):
        for column in range(CELL_PX):
            mean[row, column, :, row // 2, column // 2] = 0.25
    return mean.reshape(LUMA, CHROMA)


UPSAMPLE_LUMA = _upsampling(CELL_PX)
UPSAMPLE_CHROMA = _for_both(_upsampling(HALF_PX))
AVERAGE = _averaging()


class Surface:
    """Cells that can be painted on: the canvas, or a window.

    Args:
        graph: What to write to.
        rows, columns: Its size in cells.
        top, left: Its first row and column on the canvas: numbers, or [B, 1, 1].
        first: int64 [B, 1], the number of each picture's first cell among all cells of the batch.
        luma, chroma: float32 [B * rows * columns, LUMA] and [..., CHROMA].
    """

    def __init__(
        self,
        graph: Graph,
        *,
        rows: int,
        columns: int,
        top: Tensor | float,
        left: Tensor | float,
        first: Tensor,
        luma: Tensor,
        chroma: Tensor,
    ) -> None:
        self.graph = graph
        self.rows, self.columns = rows, columns
        self.top, self.left = top, left
        self.first = first
        self.luma, self.chroma = luma, chroma

    def nodes(self) -> tuple[Tensor, Tensor]:
        """x and y in pixels at every node, each [B, rows + 3, columns + 3]."""
        x = (np.arange(self.columns + MARGIN - 1) - 1.0) * CELL_PX
        y = (np.arange(self.rows + MARGIN - 1) - 1.0) * CELL_PX
        shape = (1, len(y), len(x))
        grid_x = outer_sum(self.graph, *_floats(y * 0.0, x)).reshape(*shape)
        grid_y = outer_sum(self.graph, *_floats(y, x * 0.0)).reshape(*shape)
        return grid_x + self.left * float(CELL_PX), grid_y + self.top * float(CELL_PX)

    def spread(self, *fields: Tensor) -> list[Tensor]:
        """Fields at the nodes, at every pixel: [B, n, LUMA] each."""
        return [self._spread(field.reshape(-1, self._nodes), UPSAMPLE_LUMA) for field in fields]

    def shaded(self, y: Tensor, u: Tensor, v: Tensor) -> Paint:
        """A paint from colours at the nodes."""
        (luma,) = self.spread(y)
        # U and V side by side are gathered in one go, which is most of the cost.
        both = self.graph.op(
            "Concat", *(part.reshape(-1, self._nodes, 1) for part in (u, v)), axis=2
        )
        return Paint(luma, self._spread(both, UPSAMPLE_CHROMA))

    @property
    def _nodes(self) -> int:
        return (self.rows + MARGIN - 1) * (self.columns + MARGIN - 1)

    def _spread(self, nodes: Tensor, matrix: NDArray[np.float32]) -> Tensor:
        around = nodes_around(self.graph, self.rows, self.columns)
        near = self.graph.op("Gather", nodes, around, axis=1)
        flat = near.reshape(-1, self.rows * self.columns, matrix.shape[0])
        return self.graph.op("MatMul", flat, matrix)

    def paint(self, coverage: Tensor, paint: Paint | Colour) -> None:
        """Lay a colour over what is there; `coverage` is [B, n, LUMA] in 0..1."""
        if isinstance(paint, Colour):
            y: Operand = paint.y
            chroma: Operand = np.repeat(np.array([paint.u, paint.v], np.float32), CHROMA // 2)
        else:
            y, chroma = paint
        thin = self.graph.op("MatMul", coverage, AVERAGE)
        self.luma = self.luma.towards(y, coverage)
        self.chroma = self.chroma.towards(chroma, thin)


class Canvas(Surface):
    """The whole picture; starts as a copy of one backdrop for every picture of the batch.

    Args:
        graph: What to write to.
        batch: int64 [1], the number of pictures.
        backdrop: Colour at the nodes, float32 [3, CELLS + 3, CELLS + 3].
    """

    def __init__(self, graph: Graph, batch: Tensor, backdrop: NDArray[np.float32]) -> None:
        one = np.array([1], np.int64)
        pictures = graph.op("Range", np.int64(0), graph.op("Squeeze", batch), np.int64(1))
        super().__init__(
            graph,
            rows=CELLS,
            columns=CELLS,
            top=0.0,
            left=0.0,
            first=pictures.reshape(-1, 1) * np.int64(CELLS**2),
            luma=pictures,
            chroma=pictures,
        )
        nodes = graph.constant(backdrop.astype(np.float16)).to(FLOAT)
        still = self.shaded(*graph.ops("Split", nodes, np.ones(3, np.int64), outputs=3, axis=0))
        shape = graph.op("Concat", batch, one, one, axis=0)
        self.luma, self.chroma = (graph.op("Expand", plane, shape) for plane in still)

    def i420(self) -> Tensor:
        """The picture as uint8 [B, SIZE * 3 / 2, SIZE]."""
        luma, chroma = ((plane + 0.5).to(UINT8) for plane in (self.luma, self.chroma))
        rows = self.graph.op(
            "Transpose", luma.reshape(-1, CELLS, CELLS, CELL_PX, CELL_PX), perm=[0, 1, 3, 2, 4]
        )
        half_rows = self.graph.op(
            "Transpose",
            chroma.reshape(-1, CELLS, CELLS, 2, HALF_PX, HALF_PX),
            perm=[0, 3, 1, 4, 2, 5],
        )
        return self.graph.op(
            "Concat",
            rows.reshape(-1, SIZE_PX, SIZE_PX),
            half_rows.reshape(-1, SIZE_PX // 2, SIZE_PX),
            axis=1,
        )


def _floats(*parts: NDArray[Any]) -> list[NDArray[np.float32]]:
    return [part.astype(np.float32) for part in parts]


def outer_sum(graph: Graph, *parts: NDArray[np.generic]) -> Tensor:
    """The sum of vectors over all combinations, the last one fastest: a big constant from small
    ones, which ONNX Runtime works out once when it loads the file."""
    total = graph.constant(parts[0])
    for part in parts[1:]:
        total = graph.op("Unsqueeze", total, np.array([-1], np.int64)) + part
    return total


def nodes_around(graph: Graph, rows: int, columns: int) -> Tensor:
    """int64 [rows * columns, 16]: for each cell the nodes it depends on, in a grid of
    (rows + 3) x (columns + 3) nodes that begins one node before the first cell."""
    stride = columns + MARGIN - 1
    index = outer_sum(
        graph, np.arange(rows) * stride, np.arange(columns), np.arange(MARGIN) * stride,
        np.arange(MARGIN),
    )  # fmt: skip
    return index.reshape(rows * columns, MARGIN**2)


class Window(Surface):
    """A rectangle of cells of another surface that is painted at once, and laid back at the end.

    Args:
        below: What it is cut from.
        centre: x and y of its middle in pixels, each [B, 1, 1], or None for a window that stays
            at the surface's lower edge. It is held within the surface.
        rows, columns: Its size in cells.
    """

    def __init__(
        self, below: Surface, centre: tuple[Tensor, Tensor] | None, *, rows: int, columns: int
    ) -> None:
        graph = below.graph
        down: Tensor | float
        right: Tensor | float
        corner: Operand
        if centre is None:
            down, right = float(below.rows - rows), float(below.columns - columns)
            corner = np.array([[down * below.columns + right]], np.int64)
        else:
            down = _first(centre[1], below.top, rows, below.rows)
            right = _first(centre[0], below.left, columns, below.columns)
            corner = (down * float(below.columns) + right).to(INT64).reshape(-1, 1)
        cells = outer_sum(graph, np.arange(rows) * below.columns, np.arange(columns))
        index = below.first + (cells.reshape(1, rows * columns) + corner)
        # Every picture has a window, so the batch is counted again in the window's cells.
        super().__init__(
            graph,
            rows=rows,
            columns=columns,
            top=down + below.top if isinstance(down, Tensor) else below.top + down,
            left=right + below.left if isinstance(right, Tensor) else below.left + right,
            first=_div(below.first, below.rows * below.columns) * np.int64(rows * columns),
            luma=graph.op("Gather", below.luma.reshape(-1, LUMA), index, axis=0),
            chroma=graph.op("Gather", below.chroma.reshape(-1, CHROMA), index, axis=0),
        )
        self._below = below
        self._index = graph.op("Unsqueeze", index, np.array([2], np.int64))

    def lay(self) -> None:
        """Give the window back to what it was cut from."""
        below = self._below
        cells = below.rows * below.columns
        below.luma = self.graph.op(
            "ScatterND", below.luma.reshape(-1, LUMA), self._index, self.luma
        ).reshape(-1, cells, LUMA)
        below.chroma = self.graph.op(
            "ScatterND", below.chroma.reshape(-1, CHROMA), self._index, self.chroma
        ).reshape(-1, cells, CHROMA)


def _first(centre_px: Tensor, offset: Tensor | float, cells: int, room: int) -> Tensor:
    """The first cell, counted from `offset`, of a window around a point."""
    middle = centre_px * (1 / CELL_PX) - offset
    return (middle - (cells - 1) / 2).clip(0.0, float(room - cells)).floor()


def _div(value: Tensor, by: int) -> Tensor:
    return value.graph.op("Div", value, np.int64(by))
