"""Drawn outlines, as distances.

Takes a few points of a closed curve; gives how far each point of a grid is from that curve,
in pixels, positive inside. A distance is smooth, so a coarse grid of it holds a crisp shape.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Point = tuple[float, float]

STEPS = 24
"""Straight pieces between two points of a curve: less than 2 px each in this picture."""


def curve(points: Sequence[Point], *, closed: bool = True) -> Floats:
    """[N, 2]: a Catmull-Rom curve through `points`, as a dense line."""
    given = np.asarray(points, np.float64)
    if closed:
        padded = np.concatenate([given[-1:], given, given[:2]])
    else:
        padded = np.concatenate([given[:1], given, given[-1:]])
    t = np.linspace(0, 1, STEPS, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        pieces.append(
            (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
             + (3 * b - a - 3 * c + d) * t**3) / 2
        )  # fmt: skip
    return np.concatenate(pieces if closed else [*pieces, given[-1:]])


def mirrored(half: Sequence[Point]) -> list[Point]:
    """The whole outline of a shape that is symmetrical about x = 0, from its right half (given
    from the top of the axis to the bottom)."""
    left = [(-x, y) for x, y in reversed(half) if x != 0]
    return [*half, *left]


def _to_pieces(line: Floats, x: Floats, y: Floats, *, closed: bool) -> Floats:
    ends = np.roll(line, -1, axis=0) if closed else line[1:]
    nearest = np.full(x.shape, np.inf)
    for (ax, ay), (bx, by) in zip(line, ends, strict=False):
        dx, dy = bx - ax, by - ay
        length = max(dx * dx + dy * dy, 1e-12)
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1)
        nearest = np.minimum(nearest, (x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2)
    distance: Floats = np.sqrt(nearest)
    return distance


def _within(line: Floats, x: Floats, y: Floats) -> NDArray[np.bool_]:
    crossings = np.zeros(x.shape, np.bool_)
    for (ax, ay), (bx, by) in zip(line, np.roll(line, -1, axis=0), strict=True):
        if ay != by:
            spans = (ay > y) != (by > y)
            crossings ^= spans & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return crossings


def inside(points: Sequence[Point], x: Floats, y: Floats) -> Floats:
    """Distance to a closed curve in pixels, positive within it."""
    line = curve(points)
    distance = _to_pieces(line, x, y, closed=True)
    return np.where(_within(line, x, y), distance, -distance)


def away(points: Sequence[Point], x: Floats, y: Floats) -> Floats:
    """Distance to an open curve in pixels, never negative."""
    return _to_pieces(curve(points, closed=False), x, y, closed=False)
