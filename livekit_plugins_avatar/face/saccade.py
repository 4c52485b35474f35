"""How eyes and head move from one point to the next.

Each move starts from wherever those before it have got to, so points may follow each other closely
and nothing jumps. A move takes longer the farther it goes, as in people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import hypot
from typing import NamedTuple

from ..timeline import seconds
from .easing import ease

SACCADE_S = 0.025
SACCADE_S_PER_DEG = 0.0025
"""Length of a saccade: 20-30 ms + 2.2-2.7 ms per degree (the main sequence of Bahill et al. 1975;
Carpenter 1988)."""

SACCADE_PEAK = 1.65
"""Peak over mean velocity of a saccade, the same at all sizes (Harwood et al. 1999)."""

HEAD_S = 0.4
HEAD_S_PER_DEG = 0.02
"""Length of a turn of the head: it starts with the eyes and arrives long after them."""

VERGENCE_S = 0.35
"""Length of a change of vergence: eyes turn in and out slowly, during and after the saccade (Leigh
and Zee)."""


class Point(NamedTuple):
    """Degrees to the picture's right and up."""

    yaw_deg: float
    pitch_deg: float


def glide(part: float) -> float:
    """The share of a saccade done after `part` of its time, in [0, 1].

    Two polynomials that peak at 1.5 and 1.875 of the mean velocity, mixed to `SACCADE_PEAK`.
    """
    x = min(1.0, max(0.0, part))
    return _SMOOTH * x * x * (3.0 - 2.0 * x) + (1.0 - _SMOOTH) * ease(x)


_SMOOTH = (1.875 - SACCADE_PEAK) / (1.875 - 1.5)


def saccades(points: Sequence[tuple[int, Point]], sample: int) -> Point:
    """Where eyes that jump from point to point are at `sample`."""
    return _arrived(points, sample, SACCADE_S, SACCADE_S_PER_DEG, glide)


def turns(points: Sequence[tuple[int, Point]], sample: int) -> Point:
    """Where a head that follows from point to point is at `sample`."""
    return _arrived(points, sample, HEAD_S, HEAD_S_PER_DEG, ease)


def depths(points: Sequence[tuple[int, float]], sample: int) -> float:
    """How far eyes that follow a chain of depths are turned apart at `sample`, in degrees."""
    chain = [(start, Point(apart_deg, 0.0)) for start, apart_deg in points]
    return _arrived(chain, sample, VERGENCE_S, 0.0, ease).yaw_deg


def distance_deg(one: Point, other: Point) -> float:
    """The angle between two points, nearly."""
    return hypot(one.yaw_deg - other.yaw_deg, one.pitch_deg - other.pitch_deg)


def _arrived(
    points: Sequence[tuple[int, Point]],
    sample: int,
    base_s: float,
    per_deg_s: float,
    path: Callable[[float], float],
) -> Point:
    """Where a chain of moves has got to at `sample`."""
    sizes_deg = [0.0, *(distance_deg(a, b) for (_, a), (_, b) in pairwise(points))]
    lengths_s = [base_s + per_deg_s * size_deg for size_deg in sizes_deg]
    first = len(points) - 1
    while first > 0 and seconds(sample - points[first][0]) < lengths_s[first]:
        first -= 1
    yaw_deg, pitch_deg = points[first][1]
    for (start, to), length_s in zip(points[first + 1 :], lengths_s[first + 1 :], strict=True):
        part = path(seconds(sample - start) / length_s)
        yaw_deg += (to.yaw_deg - yaw_deg) * part
        pitch_deg += (to.pitch_deg - pitch_deg) * part
    return Point(yaw_deg, pitch_deg)
