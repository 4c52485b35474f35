"""The lids of a second picture of the same person, with the eyes shut, in place of those that are
put together.

A lid that comes down shows that picture's skin and lashes; once it is shut, its fold, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from .canvas import SIDE_PX
from .landmarks import BROWS, Landmarks
from .motion import STEP, Motion, nodes
from .picture import PictureError
from .sampling import Floats, blurred, grid, sampled
from .slits import Slit, slits_of
from .teeth import registered

REACH = 2.0
"""Half the side of what is taken around an eye, in halves of its width."""

OPEN, SHUT = 0.1, 0.5
"""Eyes are open from this share of their width on, unless the nets' score of a blink is above this:
of dark skin they read the line of lashes as an opening."""

STILL = (1, 2, 4, 5, 6, 8, 9, 48, 98, 133, 168, 195, 197, 278, 327, 362)
"""Landmarks of the nose and the inner corners of the eyes: the outer ones move in a blink."""

ALIKE, UNLIKE = (*STILL, 0, 17, 61, 152, 291), 0.025
"""With mouth and chin: a face is another one, or held otherwise, if these are further off than this
share of the eyes' distance. Of seven people they are off by .005 to .016, and by .021 after a turn
of 6 degrees; of other people by .02 to .08."""

LINE_PX = 0.5
"""The line of lashes is looked for in a picture blurred by so much."""

BROW_PX, ROOM = 4.0, (0.55, 0.95)
"""The second picture's skin ends so far below the brows, and fades out over this part of the way
there from the line of lashes."""

ENDS = (1.15, 1.5)
"""And over this part of half the eye's width beside its middle."""

SKIN_FROM, SKIN_TO = 0.45, 0.8
"""Skin by which both pictures' light is compared: so far below the lower lid, in halves of the
eye's width."""

LINE_WIDE_PX = 1.6
"""The line of lashes is at least so wide, as eyes show where lids do not meet."""

OFF_MOST = 2.0
"""Medians of the difference from which on a place is no skin, when light is compared."""

LASH_DOWN, LASH_OVER, LASH_CLOSING = 0.4, 1.0, 0.35
"""How far lashes hang below their line, in halves of the eye's width; how far above it they begin,
in pixels; and the size of what is as thin as lashes, in the same halves."""


@dataclass(frozen=True, slots=True)
class EyesClosed:
    """A picture with shut eyes, framed.

    Args:
        pixels: [512, 512, 3].
        face: Its landmarks.
        slits: Both eyes by side; their edges meet where the lashes are.
    """

    pixels: Floats
    face: Landmarks
    slits: Mapping[str, Slit]


@dataclass(frozen=True, slots=True)
class ShutLids:
    """What a second picture shows of lids, where the first has them before they come down.

    Args:
        plate: RGB, [512, 512, 3]: the first picture around the eyes' lids.
        lashes: How much of each pixel below a lid's edge is lashes, 0 to 1, [512, 512].
        unfolded: How much of each pixel the second picture shows of all that is above the line of
            lashes, once eyes are shut, [512, 512].
        line: RGB of the lashes by side, [3].
    """

    plate: Floats
    lashes: Floats
    unfolded: Floats
    line: Mapping[str, Floats]


def closed_of(pixels: Floats, face: Landmarks, first: Landmarks) -> EyesClosed:
    """Take the eyes from a picture of the same person.

    Args:
        pixels: [512, 512, 3].
        face: The face in it.
        first: The face in the first picture.

    Raises:
        PictureError: They are open, or it is another face, or one that is turned otherwise.
    """
    luma = pixels @ LUMA_OF_RGB
    slits = {side: slit for side, slit in slits_of(face, luma).items() if side in BROWS}
    blink = np.mean([face.scores.get(f"eyeBlink{side}", 0.0) for side in slits])
    if max(slit.openness for slit in slits.values()) > OPEN and blink < SHUT:
        raise PictureError(
            "the picture of the closed eyes shows them open: use one of the same person with both "
            "eyes shut"
        )
    places = [each.points[list(ALIKE), :2] for each in (first, face)]
    off = registered(first, face, ALIKE)(places[0]) - places[1]
    if np.sqrt((off**2).sum(axis=1).mean()) > UNLIKE * face.eyes_px:
        raise PictureError(
            "the picture of the closed eyes does not fit the first one: use one of the same person "
            "with head and mouth held alike"
        )
    for slit in slits.values():
        slit.close_on_line(luma)
    return EyesClosed(pixels, face, slits)


def shut_lids(
    picture: Floats,
    face: Landmarks,
    slits: Mapping[str, Slit],
    motion: Motion,
    closed: EyesClosed,
) -> ShutLids:
    """Bring lids of a second picture to where the first has them.

    Args:
        picture: The first, [512, 512, 3].
        face, slits, motion: Of the first.
        closed: The second.
    """
    plate, lines = np.array(picture), {}
    lashes, unfolded = np.zeros((2, SIDE_PX, SIDE_PX))
    for side in BROWS:
        eye = _Eye(picture, face, slits[side], motion, closed, side)
        reach = int(REACH * slits[side].half)
        left, top = (int(place) - reach for place in slits[side].middle)
        here = np.s_[top : top + 2 * reach, left : left + 2 * reach]
        points = grid(2 * reach, 2 * reach, left, top)
        plate[here] += (eye.lid(points) - plate[here]) * eye.taken(points)[..., None]
        lashes[here] = np.maximum(lashes[here], eye.lashes(points))
        unfolded[here] = np.maximum(unfolded[here], eye.unfolded(points))
        lines[side] = eye.dark
    return ShutLids(plate, lashes, unfolded, lines)


class _Eye:
    """One eye in both pictures."""

    def __init__(
        self,
        picture: Floats,
        face: Landmarks,
        slit: Slit,
        motion: Motion,
        closed: EyesClosed,
        side: str,
    ) -> None:
        self.slit, self.other = slit, closed.slits[side]
        self.moved = registered(face, closed.face, STILL)
        field = motion.lids[..., motion.names.index(f"eyeBlink{side}")]
        first = nodes()[motion.top, motion.left]
        edge = (slit.at(slit.t, slit.upper) - first) / STEP
        self.way = np.maximum(sampled(field, edge) @ slit.across, 0)
        self.reach = motion.reach[side][1]
        self.line = slit.upper + self.way
        self.down = self._down()
        brow = face.points[list(BROWS[side]), :2]
        self.room = self._room(slit, self.line, brow)
        their_brow = closed.face.points[list(BROWS[side]), :2]
        theirs = self._room(self.other, self.other.upper, their_brow)
        self.room = np.minimum(self.room, theirs / self._scale())
        self.pixels = closed.pixels
        self.light = self._light(picture)
        self.thin = self._thin()
        self.dark = self._dark()

    def _scale(self) -> float:
        """Pixels of the second picture for one of the first."""
        ends = self.moved(self.slit.at(np.array([-1.0, 1.0]), np.zeros(2)))
        return float(np.linalg.norm(ends[1] - ends[0]) / (2 * self.slit.half))

    def _down(self) -> Floats:
        """How much lower the second picture has the line of lashes, [points]."""
        theirs = self.moved(self.slit.at(self.slit.t, self.line))
        t, n = self.other.coordinates(theirs)
        apart = np.interp(t, self.other.t, self.other.upper) - n
        return np.asarray(blurred(apart[:, None], 2.0)[:, 0])

    def _room(self, slit: Slit, line: Floats, brow: Floats) -> Floats:
        """How far it is from the line of lashes to the brow, [points]."""
        t, n = slit.coordinates(brow)
        order = np.argsort(t)
        free = np.interp(slit.t, t[order], (np.interp(t, slit.t, line) - n)[order])
        return np.asarray(np.maximum(free - BROW_PX, slit.half * 0.3))

    def places(self, t: Floats, high: Floats) -> Floats:
        """Where the second picture has what lies so far above the line of lashes, px, [..., 2]."""
        line, down = (np.interp(t, self.slit.t, each) for each in (self.line, self.down))
        there = self.moved(self.slit.at(t, line - high))
        return np.asarray(there + down[..., None] * self.other.across)

    def seen(self, t: Floats, high: Floats) -> Floats:
        """What it shows there, in the first picture's light, [..., 3]."""
        found = sampled(self.pixels, self.places(t, high))
        up = high / np.interp(t, self.slit.t, self.room)
        shape = _shape(t.clip(-1.3, 1.3), up.clip(-0.8, 1))
        return np.asarray((found * np.exp(shape @ self.light)).clip(0, 255))

    def _light(self, picture: Floats) -> Floats:
        """Logarithms of how much brighter the first picture is, [terms, 3]: even, and sloping."""
        spots = grid(21, 6, 0.0, 0.0, 0.1).reshape(-1, 2)
        t, share = spots[:, 0] - 1, 2 * spots[:, 1]
        room, line = (np.interp(t, self.slit.t, each) for each in (self.room, self.line))
        below = -(SKIN_FROM + (SKIN_TO - SKIN_FROM) * share) * self.slit.half
        above = room * (ROOM[0] + (1 - ROOM[0]) * share)
        high = np.concatenate([below, above])
        t, line, room = (np.tile(each, 2) for each in (t, line, room))
        ours = sampled(blurred(picture, 2.0), self.slit.at(t, line - high))
        theirs = sampled(blurred(self.pixels, 2.0), self.places(t, high))
        wanted = np.log(np.maximum(ours, 4) / np.maximum(theirs, 4))
        weight: Floats = np.ones(len(t))
        shape = _shape(t, (high / room).clip(-0.8, 1))
        for _ in range(8):
            rows, found = (each * weight[:, None] for each in (shape, wanted))
            light = np.linalg.lstsq(rows, found, rcond=None)[0]
            off = np.abs(wanted - shape @ light).max(axis=1)
            weight = 1 / np.maximum(1, off / (OFF_MOST * np.median(off) + 1e-6))
        return np.asarray(light)

    def _thin(self) -> Floats:
        """How much of each pixel of the second picture is what is dark and thin, [512, 512]."""
        luma = blurred(self.pixels @ LUMA_OF_RGB, LINE_PX)
        size = 2 * int(LASH_CLOSING * self.other.half) + 1
        skin = blurred(ndimage.grey_closing(luma, size), 2.0)
        line = sampled(luma, self.other.at(self.other.t, self.other.upper))
        dark = np.quantile(line[np.abs(self.other.t) < 0.8], 0.2)
        return np.asarray(((skin - luma) / np.maximum(skin - dark, 8)).clip(0, 1))

    def _dark(self) -> Floats:
        """The colour of the lashes, [3]."""
        seen = self.seen(self.slit.t, np.zeros(len(self.slit.t)))[np.abs(self.slit.t) < 0.8]
        luma = seen @ LUMA_OF_RGB
        return np.asarray(seen[luma <= np.quantile(luma, 0.3)].mean(axis=0))

    def _before(self, points: Floats) -> tuple[Floats, Floats]:
        """t of points, and how far above the line of lashes a blink brings what is there."""
        t, n = self.slit.coordinates(points)
        return t, np.interp(t, self.slit.t, self.slit.upper) - n

    def lid(self, points: Floats) -> Floats:
        """The lid before it comes down, [..., 3]."""
        return self.seen(*self._before(points))

    def taken(self, points: Floats) -> Floats:
        """How much of it is taken, 0 to 1, [...]: of the cheek nothing."""
        t, n = self.slit.coordinates(points)
        below = self.slit.edges(t)[1] + 0.5 * self.reach - n
        return np.asarray(np.clip(np.minimum(below, (REACH - np.abs(t)) * 9) / 4, 0, 1))

    def lashes(self, points: Floats) -> Floats:
        """The lashes before they come down, 0 to 1, [...]."""
        t, high = self._before(points)
        # Below the edge a lid's motion falls, as `lids.shut` has it.
        behind, way = (
            np.interp(t, self.slit.t, each)
            for each in (self.slit.lower - self.slit.upper + self.reach, self.way)
        )
        start = np.minimum(STEP, 0.4 * behind)
        high -= np.minimum(high + start, 0) * way / (behind - start)
        thin = sampled(self.thin, self.places(t, high))
        thin = np.maximum(thin, np.exp(-((high / LINE_WIDE_PX) ** 2)))
        low = 1 + high / (LASH_DOWN * self.slit.half)
        over = (LASH_OVER - high) / LASH_OVER
        ends = (1.05 - np.abs(t)) * 8
        return np.asarray(thin * np.clip(np.minimum(np.minimum(2 * low, over), ends), 0, 1))

    def unfolded(self, points: Floats) -> Floats:
        """How much of it shows above shut eyes, 0 to 1, [...]."""
        t, n = self.slit.coordinates(points)
        line, room = (np.interp(t, self.slit.t, each) for each in (self.line, self.room))
        high = line - n
        top = np.clip((ROOM[1] - high / room) / (ROOM[1] - ROOM[0]), 0, 1)
        ends = np.clip((ENDS[1] - np.abs(t)) / (ENDS[1] - ENDS[0]), 0, 1)
        share = np.minimum(top, ends)
        share = share * share * (3 - 2 * share)
        return np.asarray(share * np.clip(high / 2 + 0.5, 0, 1))


def _shape(t: Floats, up: Floats) -> Floats:
    return np.stack([np.ones_like(t), t, up], axis=-1)
