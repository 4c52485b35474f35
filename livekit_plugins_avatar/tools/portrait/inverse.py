"""Where moving skin comes from, in the graph: fields say where it goes, and Newton's steps find the
way back, for all fields at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .graph import Tensor
from .planes import fetched
from .sampling import Floats

STAGES, SMOOTH = (0.6, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0)
"""Shares of the motion at which Newton's steps look for where a node comes from; of motion that is
smooth. With one less of the first a wide open mouth lacks its lower lip."""

MOVE_MOST, SCALE_LEAST = 5.0, 0.15
"""Nodes of one step, and the least determinant it divides by: where a field folds."""

STILL_NODES = 0.02
"""A field that moves nothing by more is not kept."""

Cells = tuple[slice, slice]


class Atlas:
    """Fields side by side in one, each with a rim that repeats its edge.

    Args:
        fields: Each [rows, columns, 2, F], in nodes.
        like: Rows and columns of the first field to which fields of these numbers are added.
    """

    def __init__(self, fields: Sequence[Floats], like: Mapping[int, Cells] | None = None) -> None:
        self._fields = fields
        self._like = like or {}
        self.sizes = [field.shape[:2] for field in fields]
        widths = [columns + 2 for _, columns in self.sizes]
        tried = [self._packed(width) for width in range(max(widths), sum(widths) + 1)]
        self.width, self.height, self.corners = min(tried, key=lambda each: each[0] * each[1])

    def _packed(self, width: int) -> tuple[int, int, list[tuple[int, int]]]:
        """Width, height, and row and column of each field's first node: one beside the other, as
        far as a width allows."""
        corners, top, left, below = [], 0, 0, 0
        for rows, columns in self.sizes:
            if left + columns + 2 > width:
                top, left = below, 0
            corners.append((top + 1, left + 1))
            left, below = left + columns + 2, max(below, top + rows + 2)
        return width, below, corners

    def moved(self, weights: Tensor) -> Tensor:
        """All fields for weights of their last axis, [B, F], as [B, 2, rows, columns]."""
        whole, count = None, self._fields[0].shape[3]
        tables = [_table(weights, field) for field in self._fields]
        for number, (down, across) in self._like.items():
            part = tables[0].window(down.start, down.stop, across.start, across.stop)
            tables[number] = tables[number] + part
        for field, table, (row, column) in zip(self._fields, tables, self.corners, strict=True):
            rows, columns = field.shape[:2]
            table = table.framed(1, 1, 1, 1, "edge")
            below, right = self.height - row - rows - 1, self.width - column - columns - 1
            table = table.framed(row - 1, below, column - 1, right)
            whole = table if whole is None else whole + table
        assert whole is not None
        size = (2, self.height, self.width)
        return (weights @ whole.reshaped(count, -1)).reshaped(-1, *size)

    def limits(self) -> tuple[Floats, Floats, Floats]:
        """Each node's own place, and the least and most of where it may come from: its field's
        first and last node; x and y in nodes, [1, 2, rows, columns] each."""
        own = np.stack(np.meshgrid(np.arange(self.width), np.arange(self.height))).astype(float)
        least, most = own.copy(), own.copy()
        for (rows, columns), (row, column) in zip(self.sizes, self.corners, strict=True):
            at = np.s_[:, row : row + rows, column : column + columns]
            least[at] = np.array([column, row])[:, None, None]
            most[at] = np.array([column + columns - 1, row + rows - 1])[:, None, None]
        return own[None], least[None], most[None]

    def part(self, whole: Tensor, number: int) -> Tensor:
        """One field of [B, C, rows, columns]."""
        (rows, columns), (row, column) = self.sizes[number], self.corners[number]
        return whole.window(row, row + rows, column, column + columns)


def origins(
    weights: Tensor,
    fields: Sequence[Floats],
    like: Mapping[int, Cells] | None = None,
    stages: Sequence[float] = STAGES,
) -> list[Tensor]:
    """Where the nodes of moving fields come from: displacements in nodes, [B, 2, h, w] each.

    Args:
        weights: Of the fields' last axis, [B, F].
        fields: Each [rows, columns, 2, F], in nodes.
        like: Rows and columns of the first field to which fields of these numbers are added.
        stages: Shares of the motion.
    """
    atlas = Atlas(fields, like)
    graph, rows, columns = weights.graph, atlas.height, atlas.width
    motion = atlas.moved(weights)
    known = _with_slopes(motion, rows, columns)
    own, least, most = (graph.codes(places) for places in atlas.limits())
    unit = graph.constant(np.array([2 / columns, 2 / rows]).reshape(1, 2, 1, 1))
    start = (own + 0.5) * unit - 1.0
    least, most = least - own, most - own
    # At first each node is thought to come from its own place.
    back = _stepped(known * stages[0], None)
    for stage in stages[1:]:
        places = back.within(least, most) * unit + start
        at = fetched(known, places.turned(0, 2, 3, 1))
        back = _stepped(at if stage == 1 else at * stage, back)
    return [atlas.part(back, number) for number in range(len(fields))]


def _table(weights: Tensor, field: Floats) -> Tensor:
    """A field's numbers, [F, 2, rows, columns], of which the file has those that move anything."""
    moving = np.abs(field).max(axis=(0, 1, 2)) > STILL_NODES
    kept = np.concatenate([field[..., moving], np.zeros((*field.shape[:3], 1))], axis=-1)
    number = np.where(moving, np.cumsum(moving) - 1, moving.sum())
    return weights.graph.half(kept.transpose(3, 2, 0, 1)).columns(number.tolist(), axis=0)


def _with_slopes(motion: Tensor, rows: int, columns: int) -> Tensor:
    """Motion in x and y, then dy/dy, dx/dx, dx/dy and dy/dx, [B, 6, rows, columns]."""
    framed = motion.framed(1, 1, 1, 1, "edge")
    right, left = (framed.window(1, rows + 1, k, k + columns) for k in (2, 0))
    under, over = (framed.window(k, k + rows, 1, columns + 1) for k in (2, 0))
    slopes = motion.graph.joined([right - left, under - over], 1) * 0.5
    return motion.graph.joined([motion, slopes.columns([3, 0, 2, 1])], 1)


def _stepped(at: Tensor, back: Tensor | None) -> Tensor:
    """Where a node comes from, after a step from where it was thought to: None is its own place."""
    off, straight, across = at.split(2, 2, 2, axis=1)
    off = off if back is None else off + back
    straight = straight + 1.0
    (d, a), (b, c) = straight.split(1, 1, axis=1), across.split(1, 1, axis=1)
    scale = (a * d - b * c).at_least(SCALE_LEAST)
    step = (straight * off - across * off.columns([1, 0])) / scale
    step = step.clip(-MOVE_MOST, MOVE_MOST)
    return -step if back is None else back - step
