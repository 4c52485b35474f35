"""Fills a hole of a picture with what is around it: pieces of the picture itself, with its grain.

Every patch of the hole looks for the patch outside that is most like it, and pixels are mixed from
these (Wexler et al. 2007), from coarse to fine; the search is PatchMatch's (Barnes et al. 2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .sampling import Floats, blurred, resized
from .smooth import filled

LEVELS = ((8, 8, 3), (4, 6, 3), (2, 3, 2), (1, 2, 1))
"""Pixels a pixel, how often pixels are mixed anew, and rounds of search before each."""

RADIUS = 3
"""Patches are 7 pixels wide."""

REACH_PX = 96
"""How far away a patch may come from at first."""

GRAIN_PX = 3.0
"""Structure finer than this is one patch's own; what is larger is the mean of all patches."""

RIM_PX, OFF_MOST = 2.5, 25.0
"""Brightness at a rim is the mean of about so many pixels, and differs by at most so many codes."""

BY, SCREEN = 4, 0.01
"""A difference at the rim is known for blocks of 4 x 4 pixels, and dies away within ten of them."""

SEED = 0

Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(slots=True)
class _Level:
    """A hole at one scale.

    Args:
        picture: With the hole as it is thought to be, [H * W, 3], with a rim of `RADIUS`.
        width: Of that, with the rim.
        hole: Pixels of the hole, flat.
        number: Their numbers by pixel, -1 elsewhere.
        whole: Whether a patch around a pixel lies in what is known, by pixel.
        source: Where each pixel's patch comes from, flat.
    """

    picture: Floats
    width: int
    hole: Whole
    number: Whole
    whole: Mask
    source: Whole

    def search(self, rounds: int, reach: float, draw: np.random.Generator) -> None:
        """Let each patch of the hole look for one that is more like it: where its neighbours
        found theirs, and at random."""
        steps = _steps(self.width)
        mine = self.picture[self.hole[:, None] + steps]
        cost = self._cost(mine, self.source, steps)
        for _ in range(rounds):
            for step in (1, -1, self.width, -self.width):
                beside = self.number[self.hole + step]
                there = np.where(beside >= 0, self.source[beside] - step, -1)
                cost = self._tried(mine, there, cost, steps)
            far = reach
            while far >= 1:
                away = draw.integers(-int(far), int(far) + 1, (2, len(self.hole)))
                there = self.source + away[0] * self.width + away[1]
                cost = self._tried(mine, there, cost, steps)
                far /= 3

    def mixed(self) -> Floats:
        """The hole's pixels, each the mean of what patches around it say."""
        total, count = np.zeros((len(self.hole), 3), np.float32), np.zeros(len(self.hole))
        for step in _steps(self.width):
            beside = self.number[self.hole - step]
            found = np.flatnonzero(beside >= 0)
            total[found] += self.picture[self.source[beside[found]] + step]
            count[found] += 1
        return total / count[:, None].astype(np.float32)

    def _tried(self, mine: Floats, there: Whole, cost: Floats, steps: Whole) -> Floats:
        fits = np.flatnonzero((there >= 0) & (there < len(self.whole)))
        fits = fits[self.whole[there[fits]]]
        asked = self._cost(mine[fits], there[fits], steps)
        better = asked < cost[fits]
        self.source[fits[better]] = there[fits[better]]
        cost[fits[better]] = asked[better]
        return cost

    def _cost(self, mine: Floats, there: Whole, steps: Whole) -> Floats:
        away = mine - self.picture[there[:, None] + steps]
        return np.asarray(np.einsum("nkc,nkc->n", away, away))


def fill(picture: Floats, known: Mask, wanted: Mask) -> Floats:
    """Fill what is wanted and not known.

    Args:
        picture: [H, W, 3]; sides are multiples of 8.
        known: What may be copied, bool [H, W].
        wanted: What is to be filled, bool [H, W]; all else that is not known is only smooth.

    Returns:
        [H, W, 3].
    """
    draw = np.random.default_rng(SEED)
    out: Floats = picture
    source: NDArray[np.int64] | None = None
    for number, (by, mixings, rounds) in enumerate(LEVELS):
        small, sure = _smaller(picture, known, by)
        if not ndimage.binary_erosion(sure, np.ones((2 * RADIUS + 1,) * 2)).any():
            continue
        hole = _any(wanted & ~known, by) & ~sure
        if not hole.any():
            return picture
        before = filled(small, sure) if source is None else resized(out, *small.shape[1::-1])
        level = _level(np.where(sure[..., None], small, before), sure, hole, source, draw)
        for _ in range(mixings):
            level.search(rounds, REACH_PX / by if number < 2 else 4, draw)
            level.picture[level.hole] = level.mixed()
        out = _inner(level.picture.reshape(-1, level.width, 3))
        source = _found(level, hole)
    if source is None:
        return filled(picture, known)
    return _joined(_with_grain(out, level, wanted & ~known), picture, known)


def _joined(out: Floats, picture: Floats, known: Mask) -> Floats:
    """Bring a filled hole to the brightness of what is around it: a difference at its rim dies away
    towards its middle. Patches fit in structure; of a slope of light they miss a few codes, and the
    rim would show as a line."""

    def mean(values: Floats, where: Mask) -> Floats:
        weight = where.astype(np.float32)
        near = np.maximum(blurred(weight, RIM_PX), 1e-6)[..., None]
        return np.asarray(blurred(values * weight[..., None], RIM_PX) / near)

    height, width = known.shape
    rim = ndimage.binary_dilation(known) & ~known
    off = (mean(picture, known) - mean(out, ~known)).clip(-OFF_MOST, OFF_MOST)
    blocks = (off * rim[..., None]).reshape(height // BY, BY, width // BY, BY, -1).sum(axis=(1, 3))
    count = rim.reshape(height // BY, BY, width // BY, BY).sum(axis=(1, 3))
    smooth = filled(blocks / np.maximum(count, 1)[..., None], count > 0, SCREEN)
    return np.asarray(np.where(known[..., None], out, out + resized(smooth, width, height)))


def _with_grain(out: Floats, level: _Level, hole: Mask) -> Floats:
    """Give the mean of patches the fine structure of one of them."""
    own = out.copy()
    own[hole] = level.picture[level.source]
    return np.asarray(np.where(hole[..., None], own + blurred(out - own, GRAIN_PX), out))


def _level(
    picture: Floats, sure: Mask, hole: Mask, coarse: Whole | None, draw: np.random.Generator
) -> _Level:
    padded = np.pad(
        picture.astype(np.float32), ((RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)), "edge"
    )
    width = padded.shape[1]
    whole = ndimage.binary_erosion(sure, np.ones((2 * RADIUS + 1,) * 2), border_value=0)
    whole = np.pad(whole, RADIUS).ravel()
    flat = np.flatnonzero(np.pad(hole, RADIUS))
    number = np.full(len(whole), -1)
    number[flat] = np.arange(len(flat))
    nearest = ndimage.distance_transform_edt(
        ~whole.reshape(-1, width), return_distances=False, return_indices=True
    )
    source = (nearest[0] * width + nearest[1]).ravel()[flat]
    if coarse is not None:
        rows, columns = np.nonzero(hole)
        there = coarse[rows // 2, columns // 2] * 2 + np.stack([rows % 2, columns % 2], -1)
        asked = (there[:, 0] + RADIUS) * width + there[:, 1] + RADIUS
        fits = (coarse[rows // 2, columns // 2, 0] >= 0) & (asked < len(whole))
        fits[fits] = whole[asked[fits]]
        source[fits] = asked[fits]
    return _Level(padded.reshape(-1, 3), width, flat, number, whole, source)


def _found(level: _Level, hole: Mask) -> Whole:
    """Row and column from which each pixel of the hole comes, -1 elsewhere, [H, W, 2]."""
    out = np.full((*hole.shape, 2), -1)
    rows, columns = np.divmod(level.source, level.width)
    out[hole] = np.stack([rows - RADIUS, columns - RADIUS], -1)
    return out


def _steps(width: int) -> Whole:
    side = np.arange(-RADIUS, RADIUS + 1)
    return (side[:, None] * width + side).ravel()


def _smaller(picture: Floats, known: Mask, by: int) -> tuple[Floats, Mask]:
    if by == 1:
        return picture, known
    sure = ~_any(~known, by)
    height, width = known.shape
    blocks = picture.reshape(height // by, by, width // by, by, -1)
    return np.asarray(blocks.mean(axis=(1, 3))), sure


def _any(mask: Mask, by: int) -> Mask:
    height, width = mask.shape
    return np.asarray(mask.reshape(height // by, by, width // by, by).any(axis=(1, 3)))


def _inner(field: Floats) -> Floats:
    return field[RADIUS:-RADIUS, RADIUS:-RADIUS]
