"""Slits: where a mouth or an eye opens.

A slit has an axis from corner to corner and two curves across it, the edges of what lies above and
below. Along the axis t runs from -1 to 1; across it n is in pixels, downwards.
"""

from __future__ import annotations

import numpy as np

from .landmarks import EYES, LIPS, Landmarks
from .sampling import Floats, blurred, sampled

POINTS = 65
SMOOTHING = np.array([1, 4, 6, 4, 1]) / 16

CLOSED = 0.05
"""Lips are closed where the gap is less than this share of the mouth's width."""

TOOTHY = 0.13
"""From this share on a picture shows teeth that are worth keeping."""

FOLD_EARLIER_PX = 4.0
"""What lies above a fold covers what is below again so far before the lid under it does."""

TEETH_PX = 1.2
"""The landmarks' lower edge lies so far within teeth that are seen, which stay with the skull."""

LINE_REACH_PX, LINE_STEP_PX = 6.0, 0.5
LINE_PULL, LINE_BEND = 0.04, 0.25
"""Cost of a lip line that leaves the landmarks, and of one that bends, against 6 for white."""


class Slit:
    """One slit.

    Args:
        upper, lower: Points of the edges from the picture's left corner to its right, [N, 2].
    """

    def __init__(self, upper: Floats, lower: Floats) -> None:
        first, last = upper[0], upper[-1]
        self.middle = (first + last) / 2
        self.half = float(np.linalg.norm(last - first) / 2)
        self.along = (last - first) / (2 * self.half)
        self.across = np.array([-self.along[1], self.along[0]])
        self.t = np.linspace(-1, 1, POINTS)
        self.upper, self.lower = self._curve(upper), self._curve(lower)

    @property
    def gap(self) -> float:
        """The widest opening in pixels."""
        return float((self.lower - self.upper).max())

    @property
    def openness(self) -> float:
        """The widest opening as a share of the width."""
        return self.gap / (2 * self.half)

    def coordinates(self, points: Floats) -> tuple[Floats, Floats]:
        """t and n of points, [..., 2]."""
        away = points - self.middle
        return away @ self.along / self.half, away @ self.across

    def at(self, t: Floats, n: Floats) -> Floats:
        """Points at t and n, [..., 2]."""
        along = np.asarray(t)[..., None] * (self.half * self.along)
        return np.asarray(self.middle + along + np.asarray(n)[..., None] * self.across)

    def edges(self, t: Floats) -> tuple[Floats, Floats]:
        """n of the upper and the lower edge at t."""
        return np.interp(t, self.t, self.upper), np.interp(t, self.t, self.lower)

    def inside(self, points: Floats) -> Floats:
        """Distance into the opening in pixels, negative outside."""
        t, n = self.coordinates(points)
        upper, lower = self.edges(t)
        return np.where(np.abs(t) > 0.98, -9.0, np.minimum(n - upper, lower - n))

    def sides(
        self, points: Floats, up: float, down: float, fold: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Distances into what lies above, and into what lies below, in pixels.

        Both are positive everywhere but behind the other: what is above goes on behind what is
        below for `down` pixels, and the other way round for `up`. The ends of that zone are blunt,
        or an open mouth would become a V. With `fold`, pixels at each of the slit's points, what is
        above ends so far above the slit.
        """
        t, n = self.coordinates(points)
        upper, lower = self.edges(t)
        height = 0.0 if fold is None else np.interp(t, self.t, fold)
        down -= 0.0 if fold is None else FOLD_EARLIER_PX
        blunt = np.sqrt(np.clip(1 - t**8, 0, 1))
        beyond = (np.abs(t) - 1) * self.half
        above = np.maximum(np.maximum(upper - height - n, n - lower - down * blunt), beyond)
        below = np.maximum(np.maximum(n - lower, upper - up * blunt - n), beyond)
        return above, below

    def close_on_line(self, luma: Floats) -> None:
        """Put both edges of a closed mouth on the dark line between the lips."""
        offsets = np.arange(-LINE_REACH_PX, LINE_REACH_PX + 0.01, LINE_STEP_PX)
        middle = (self.upper + self.lower) / 2
        t = np.repeat(self.t[:, None], len(offsets), axis=1)
        seen = blurred(sampled(luma, self.at(t, middle[:, None] + offsets)), 0.8)
        cost = seen / 255 * 6 + LINE_PULL * offsets**2
        line = middle + offsets[cheapest(cost)] * np.clip((1 - np.abs(self.t)) * 8, 0, 1)
        window = np.hanning(15) / np.hanning(15).sum()
        self.upper = self.lower = np.convolve(np.pad(line, 7, "edge"), window, "valid")

    def _curve(self, points: Floats) -> Floats:
        t, n = self.coordinates(points)
        order = np.argsort(t)
        curve = np.interp(self.t, t[order], n[order])
        for _ in range(2):
            curve = np.convolve(np.pad(curve, 2, "edge"), SMOOTHING, "valid")
        return curve


def cheapest(cost: Floats) -> Floats:
    """The cheapest path from the first row to the last, as a column per row."""
    far = np.full(1, np.inf)
    best, ways = cost[0], []
    for row in cost[1:]:
        options = np.stack(
            [np.r_[far, best[:-1]] + LINE_BEND, best, np.r_[best[1:], far] + LINE_BEND]
        )
        way = options.argmin(axis=0)
        ways.append(np.arange(len(best)) + way - 1)
        best = options.min(axis=0) + row
    path = [int(best.argmin())]
    for way in reversed(ways):
        path.append(int(way[path[-1]]))
    return np.array(path[::-1])


def slits_of(face: Landmarks, luma: Floats) -> dict[str, Slit]:
    """The slits of a face: `mouth`, `Left` and `Right`, the face's own sides."""
    points = face.points[:, :2]
    mouth = Slit(points[list(LIPS[0])], points[list(LIPS[1])])
    if mouth.openness < CLOSED:
        mouth.close_on_line(luma)
    elif mouth.openness > TOOTHY:
        mouth.lower += TEETH_PX * np.clip((1 - np.abs(mouth.t)) * 8, 0, 1)
    found = {"mouth": mouth}
    for side, (upper, lower, _) in EYES.items():
        found[side] = Slit(points[list(upper)], points[list(lower)])
    return found
