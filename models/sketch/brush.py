"""Shapes for features, exact at every pixel.

Takes positions in pixels around a feature; gives distances in pixels, positive inside, and
coverages in 0..1. Lids, lips and brows are all the area between two arches: polynomials over the
feature's width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .graph import Tensor


class Arch:
    """A curve v = sum of c[k] * t^k, over t in -1..1 across `half_px` pixels to either side.

    Args:
        coefficients: Pixels; numbers or controls [B, 1, 1].
        half_px: Half the width in pixels.
    """

    def __init__(self, coefficients: Sequence[Tensor | float], half_px: Tensor | float) -> None:
        self._coefficients = list(coefficients)
        self._half_px = half_px

    def below(self, t: Tensor, v: Tensor) -> Tensor:
        """How far a point lies below the curve, across it, in pixels."""
        height = _polynomial(self._coefficients, t)
        slopes = [c * float(k) for k, c in enumerate(self._coefficients)][1:]
        slope = _polynomial(slopes, t) / self._half_px
        return (v - height) / (slope.square() + 1.0).sqrt()


def _polynomial(coefficients: Sequence[Tensor | float], t: Tensor) -> Tensor:
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = t * total + coefficient
    assert isinstance(total, Tensor)
    return total


def edge(distance: Tensor) -> Tensor:
    """Coverage of a pixel whose middle is this far inside, in pixels."""
    return (distance + 0.5).unit()


def strictly(distance: Tensor) -> Tensor:
    """As `edge`, but nothing at all of a shape without area."""
    return distance.unit()


def line(distance: Tensor, half_px: Tensor | float) -> Tensor:
    """Coverage of a line this far away and twice `half_px` thick."""
    return (half_px - distance.abs() + 0.5).unit()


def disc(
    u: Tensor, v: Tensor, at_u: Tensor | float, at_v: Tensor | float, radius_px: Tensor | float
) -> Tensor:
    """Distance into a circle."""
    return radius_px - ((u - at_u).square() + (v - at_v).square()).sqrt()


def oval(
    u: Tensor,
    v: Tensor,
    at_u: Tensor | float,
    at_v: Tensor | float,
    wide: Tensor | float,
    high: Tensor | float,
) -> Tensor:
    """Distance into an ellipse, exact along its axes and near enough between them."""
    across, along = (u - at_u) / wide, (v - at_v) / high
    radius = (across.square() + along.square() + 1e-6).sqrt()
    slope = ((across / wide).square() + (along / high).square() + 1e-6).sqrt()
    return (1.0 - radius) * radius / slope


def spot(
    u: Tensor,
    v: Tensor,
    at_u: Tensor | float,
    at_v: Tensor | float,
    wide: Tensor | float,
    high: Tensor | float,
) -> Tensor:
    """A soft spot: 1 in its middle, 0 at its rim."""
    across, along = (u - at_u) / wide, (v - at_v) / high
    return (1.0 - across.square() - along.square()).relu().square()


def stroke(
    u: Tensor, v: Tensor, start: tuple[float, float], end: tuple[float, float]
) -> tuple[Tensor, Tensor]:
    """Distance from a straight stroke, and how far along it a point lies, 0..1."""
    du, dv = end[0] - start[0], end[1] - start[1]
    length = math.hypot(du, dv)
    along = ((u - start[0]) * (du / length**2) + (v - start[1]) * (dv / length**2)).unit()
    away = ((u - start[0] - along * du).square() + (v - start[1] - along * dv).square()).sqrt()
    return away, along
