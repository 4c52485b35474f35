"""How eyes and head move from one point to the next.

Each move starts from wherever those before it have got to, so points may follow each other closely
and nothing jumps. A move takes longer the farther it goes, as in people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

_SMOOTH = (1.875 - SACCADE_PEAK) / (1.875 - 1.5)


class Point(NamedTuple):
    """Degrees to the picture's right and up."""

    yaw_deg: float
    pitch_deg: float


class Move(NamedTuple):
    """How one part moves: its least time, the time added by each degree, and its path in time."""

    base_s: float
    s_per_deg: float
    path: Callable[[float], float]


def glide(part: float) -> float:
    """The share of a saccade done after `part` of its time, in [0, 1].

    Two polynomials that peak at 1.5 and 1.875 of the mean velocity, mixed to `SACCADE_PEAK`.
    """
    x = min(1.0, max(0.0, part))
    return _SMOOTH * x * x * (3.0 - 2.0 * x) + (1.0 - _SMOOTH) * ease(x)


SACCADE = Move(SACCADE_S, SACCADE_S_PER_DEG, glide)

HEAD_TURN = Move(0.4, 0.02, ease)
"""The head starts with the eyes and arrives long after them."""

VERGENCE = Move(0.35, 0.0, ease)
"""Eyes turn in and out slowly, during and after the saccade (Leigh and Zee)."""


def distance_deg(one: Point, other: Point) -> float:
    """The angle between two points, nearly."""
    return hypot(one.yaw_deg - other.yaw_deg, one.pitch_deg - other.pitch_deg)


def moved(points: Sequence[tuple[int, Point]], sample: int, move: Move) -> Point:
    """Where what moves from point to point, setting off for each at its sample, is at `sample`."""
    start, to = points[-1]
    if len(points) == 1:
        return to
    length_s = move.base_s + move.s_per_deg * distance_deg(points[-2][1], to)
    if seconds(sample - start) >= length_s:
        return to
    yaw_deg, pitch_deg = moved(points[:-1], sample, move)
    part = move.path(seconds(sample - start) / length_s)
    return Point(
        yaw_deg + (to.yaw_deg - yaw_deg) * part, pitch_deg + (to.pitch_deg - pitch_deg) * part
    )
