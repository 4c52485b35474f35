"""The teeth of a second picture of the same person, in place of those that everyone gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..i420 import LUMA_OF_RGB
from .landmarks import Landmarks
from .sampling import Floats, blurred, sampled
from .slits import Slit, cheapest
from .smooth import filled

SKULL = (33, 133, 263, 362, 168, 6, 197)
"""Landmarks that a smile does not move: corners of the eyes, ridge of the nose."""

SHOWN_PX = 0.7
"""Pixels this far inside the lips are teeth, not their shadow."""

LIP_PX = 1.5
"""Nearer to the lower lip a second picture's teeth have its colour."""

SMILING = 0.08
"""Lips are parted by a smile from this share of the mouth's width on."""

UNDER_LIP = 0.5
"""How far teeth go on under the upper lip, in halves of the mouth's width."""

ROWS_AT, ROWS_MIDDLE = (0.25, 0.9), 0.6
"""Where the line between both rows of teeth is looked for, as shares of the way from lip to lip and
of half the mouth's width."""

END_AT, DEEP_AT, DEEP_DARK = (0.05, 0.95), 0.65, 0.5
"""Where the end of upper teeth is looked for, as shares of the way from lip to lip; and from where
on, and by what share of the teeth, it is dark below them in a mouth that is wide open."""

ROWS_DARK, WHITE = 0.85, 6.0
"""It is at most so bright as a share of both rows; what white costs a path along it."""


@dataclass(frozen=True, slots=True)
class Teeth:
    """A picture that shows teeth, framed.

    Args:
        pixels: [512, 512, 3].
        face: Its landmarks.
        slit: Its mouth, open.
        end: Where its upper teeth end along the slit, [points]: above the lower lip, if the mouth
            is wide open.
    """

    pixels: Floats
    face: Landmarks
    slit: Slit
    end: Floats | None = None

    def places(self, face: Landmarks, edge: Floats, points: Floats) -> Floats:
        """Where points of another picture of the same head lie in this one, [..., 2].

        Args:
            face: The landmarks of the other picture.
            edge: Where the incisors end in it, [2]; heads that nod differ in height.
            points: [..., 2].
        """
        moved = registered(face, self.face, SKULL)
        last = self.slit.lower if self.end is None else self.end
        end = self.slit.at(np.zeros(1), np.interp([0.0], self.slit.t, last))[0]
        down = (end - moved(edge)) @ self.slit.across
        return np.asarray(moved(points) + down * self.slit.across)


def registered(
    first: Landmarks, second: Landmarks, still: Sequence[int]
) -> Callable[[Floats], Floats]:
    """Where points of one picture of a head lie in another one, [..., 2] to [..., 2], by landmarks
    that do not move.

    A turn, a scale and a shift of the plane are one factor and one term of complex numbers.
    """
    theirs, ours = (each.points[list(still), :2] @ [1, 1j] for each in (first, second))
    away = theirs - theirs.mean()
    factor = np.vdot(away, ours) / np.vdot(away, away)

    def moved(at: Floats) -> Floats:
        place = (at @ [1, 1j] - theirs.mean()) * factor + ours.mean()
        return np.stack([place.real, place.imag], axis=-1)

    return moved


def between_rows(picture: Floats, slit: Slit) -> Floats | None:
    """Where upper teeth end and lower ones begin along a slit, [points]; None if a picture shows
    one row, or too little of the other."""
    share = np.linspace(*ROWS_AT, 27)
    places = slit.upper[:, None] + np.outer(slit.lower - slit.upper, share)
    t = np.repeat(slit.t[:, None], len(share), axis=1)
    seen = sampled(blurred(picture, 0.5) @ LUMA_OF_RGB, slit.at(t, places))
    middle = np.flatnonzero(np.abs(slit.t) < ROWS_MIDDLE)
    path = cheapest(seen[middle] / 255 * WHITE)
    rows = seen[middle]
    beyond = np.arange(len(share)) - path[:, None]
    sides = [np.where(side, rows, 0).max(axis=1) for side in (beyond < 0, beyond > 0)]
    dark = rows[np.arange(len(path)), path] / np.maximum(np.minimum(*sides), 1)
    if np.median(dark) > ROWS_DARK:
        return None
    line = np.interp(slit.t, slit.t[middle], share[path])
    return np.asarray(slit.upper + line * (slit.lower - slit.upper))


def upper_end(picture: Floats, slit: Slit) -> Floats | None:
    """Where upper teeth end along a slit above a dark depth, [points]; None if they reach down to
    the lower lip."""
    share = np.linspace(*END_AT, 33)
    places = slit.upper[:, None] + np.outer(slit.lower - slit.upper, share)
    t = np.repeat(slit.t[:, None], len(share), axis=1)
    seen = sampled(blurred(picture, 0.5) @ LUMA_OF_RGB, slit.at(t, places))
    middle = np.flatnonzero(np.abs(slit.t) < ROWS_MIDDLE)
    rows = seen[middle]
    deep = rows[:, share > DEEP_AT].mean(axis=1) / np.maximum(rows.max(axis=1), 1)
    if np.median(deep) > DEEP_DARK:
        return None
    path = cheapest(np.gradient(rows, axis=1) / 255 * WHITE * len(share) / 4)
    line = np.interp(slit.t, slit.t[middle], share[path])
    return np.asarray(slit.upper + line * (slit.lower - slit.upper))


def shown(
    picture: Floats, slit: Slit, places: Floats, lip_px: float = 0.0, end: Floats | None = None
) -> Floats:
    """Upper teeth that a picture shows, at places in it, premultiplied with coverage, [..., 4].

    They end `lip_px` before the lower lip, or at a line along the slit; their colour goes on under
    the upper lip.
    """
    t, n = slit.coordinates(places)
    upper, lower = slit.edges(t)
    last = lower - lip_px if end is None else np.interp(t, slit.t, end)
    known = (slit.inside(places) > SHOWN_PX + lip_px) & (n < last - SHOWN_PX)
    colour = filled(sampled(picture, places), known)
    within = np.minimum(last - n, n - upper + UNDER_LIP * slit.half)
    cover = np.clip(np.minimum(within, (1 - np.abs(t)) * slit.half) / 1.5 + 0.5, 0, 1)
    return np.concatenate([colour * cover[..., None], cover[..., None]], axis=-1)
