"""Writes where the blocks of a turned head come from: known every 8 pixels, splined between them.

The net knows it every 4 pixels. Its nodes lie 8 pixels apart, so that little is lost, and a quarter
of the places has to be worked out. `warp.Turn` says what the two parts are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.tools.portrait.graph import Graph, Tensor
from livekit_plugins_avatar.tools.portrait.planes import fetched

UNIT_PX = 100.0
"""What 1 of the head's motion stands for: `warp.UNIT_PX`."""

CELL_PX, CELLS, BLOCKS = 8, 64, 256
"""How finely it is known, how often, and how many blocks of 2 pixels there are."""

NODES = (17, 65)
"""Of the motion about, and of the exact one."""

Floats = NDArray[np.float64]


class Carried:
    """Where blocks come from.

    Args:
        graph: To write to.
        terms: The name of what motion depends on.
        splines: The net's splines of both motions at every fourth pixel, by name: `about.across`,
            [17, 128], `about.down`, [128, 17], and so on.
    """

    def __init__(self, graph: Graph, terms: str, splines: dict[str, Floats]) -> None:
        self.graph = graph
        about, exactly = (
            (graph.input(terms) @ graph.input(f"net.head.{kind}.nodes")).reshaped(
                -1, 2, count, count
            )
            for kind, count in zip(("about", "exactly"), NODES, strict=True)
        )
        down, across = (
            graph.constant(pairs(splines[f"about.{way}"], axis))
            for axis, way in enumerate(("down", "across"))
        )
        about = down @ about @ across
        middles = (np.arange(CELLS) * 2 + 1) / CELLS - 1
        blocks = graph.constant(np.stack(np.meshgrid(middles, middles))[None])
        where = (about * (2 * UNIT_PX / (CELLS * CELL_PX)) + blocks).turned(0, 2, 3, 1)
        down, across = (graph.input(f"net.head.exactly.{way}") for way in ("down", "across"))
        self.cells = about + fetched(down @ exactly @ across, where)
        """Displacements at every eighth pixel in units of `UNIT_PX`, x then y, [B, 2, 64, 64]."""

    def window(self, first: int, last: int, left: int, right: int) -> Tensor:
        """Displacements of the blocks in a window, px, [B, 2, h, w]."""
        rows, columns = (splined(begin, end) for begin, end in ((first, last), (left, right)))
        used = np.flatnonzero(rows.any(axis=0))
        top, bottom = int(used[0]), int(used[-1]) + 1
        cells = self.cells.window(top, bottom, 0, CELLS)
        along = cells @ self.graph.constant(columns.T * UNIT_PX)
        return self.graph.constant(rows[:, top:bottom]) @ along

    def quarters(self) -> Tensor:
        """Displacements at every fourth pixel, px, [B, 2, 128, 128]."""
        rows = splined(0, CELLS * 2, CELLS * 2)
        return self.graph.constant(rows) @ self.cells @ self.graph.constant(rows.T * UNIT_PX)


def pairs(splines: Floats, axis: int) -> Floats:
    """Between each two places along an axis, by the four around."""
    rows = np.moveaxis(splines, axis, 0)
    padded = np.concatenate([rows[:1], rows, rows[-1:]])
    before, first, second, after = (padded[k : k + len(rows) : 2] for k in range(4))
    return np.moveaxis((9 * (first + second) - before - after) / 16, 0, axis)


def splined(begin: int, end: int, count: int = BLOCKS) -> Floats:
    """From cells to the middles of some of so many blocks, [end - begin, CELLS]: Catmull and Rom's
    spline; the outermost cells go on beyond the rim."""
    blocks = count // CELLS
    place = (np.arange(begin, end) + 0.5) / blocks - 0.5
    low = np.floor(place).astype(int)
    part = place - low
    weights = (
        part * (-0.5 + part * (1 - part / 2)),
        1 + part * part * (-2.5 + 1.5 * part),
        part * (0.5 + part * (2 - 1.5 * part)),
        part * part * (-0.5 + part / 2),
    )
    matrix = np.zeros((end - begin, CELLS))
    for step, weight in enumerate(weights):
        np.add.at(matrix, (np.arange(end - begin), (low - 1 + step).clip(0, CELLS - 1)), weight)
    return matrix
