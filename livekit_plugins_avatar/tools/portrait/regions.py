"""Parts of the picture that a figure may reach as the head moves: only they are drawn anew."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...face.limits import HEAD_LIMITS
from .canvas import SIDE_PX
from .head import LIMITS, POSE, Head, powers
from .sampling import Floats, resized
from .window import Window

CELL_PX = 4
CELLS = SIDE_PX // CELL_PX
"""How finely it is known."""

BAND_PX = 128
"""Rows that are drawn together: what they come from fits into a processor's cache."""

MATTE_LEAST = 0.02
"""Less of a figure is not seen."""

POSES, SEED = 150, 0
"""Poses at random, besides the corners of what is possible."""

MOST = np.minimum(HEAD_LIMITS / LIMITS, 1.0)
"""The pose is held within so much of `LIMITS`: no face asks for more."""

Mask = NDArray[np.bool_]


class Reach:
    """Where the head carries things.

    Args:
        head: How it moves.
    """

    def __init__(self, head: Head) -> None:
        corners = np.array(list(product((-1, 1), repeat=len(POSE))))
        inner = np.random.default_rng(SEED).uniform(-1, 1, (POSES, len(POSE)))
        factors = powers(np.concatenate([corners, inner, np.zeros((1, len(POSE)))]) * MOST)
        count = head.terms.shape[-1]
        terms = resized(head.terms.reshape(*head.terms.shape[:2], -1), CELLS, CELLS)
        table = terms.reshape(CELLS * CELLS, 2, count)
        here = np.stack(np.meshgrid(np.arange(CELLS), np.arange(CELLS)), -1).reshape(-1, 2)
        self._targets = []
        for factor in factors:
            where = np.rint(here + table @ factor / CELL_PX).astype(int).clip(0, CELLS - 1)
            self._targets.append(where[:, 1] * CELLS + where[:, 0])

    def of(self, mask: Mask) -> Mask:
        """Cells that may show something of others, bool [128, 128] both."""
        wide = ndimage.binary_dilation(mask).ravel()
        seen = np.zeros(CELLS * CELLS, bool)
        for target in self._targets:
            seen[target[wide]] = True
        # Where skin is stretched, neighbours come to lie apart.
        return np.asarray(ndimage.binary_dilation(seen.reshape(CELLS, CELLS), iterations=2))

    def around(self, window: Window) -> Window:
        """Where what lies in a window may come to lie."""
        mask = np.zeros((CELLS, CELLS), bool)
        mask[window.cells(CELL_PX)] = True
        return _bounds(self.of(mask))


def bands(reach: Reach, matte: Floats, skin: Window) -> list[Window]:
    """Windows below each other, in which all is that may not be the wall.

    Args:
        reach: Of the head.
        matte: How much of each block of 2 x 2 pixels is the figure, [256, 256].
        skin: Where skin moves with the head at rest.
    """
    mask = matte.reshape(CELLS, 2, CELLS, 2).max(axis=(1, 3)) > MATTE_LEAST
    mask[skin.cells(CELL_PX)] = True
    seen = reach.of(mask)
    out = []
    for row in range(0, CELLS, BAND_PX // CELL_PX):
        band = np.zeros_like(seen)
        rows = slice(row, row + BAND_PX // CELL_PX)
        band[rows] = seen[rows]
        if band.any():
            window = _bounds(band)
            out.append(Window(window.left, row * CELL_PX, window.width, BAND_PX))
    return out


def _bounds(mask: Mask) -> Window:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]) * CELL_PX, int(rows[0]) * CELL_PX
    width = (int(columns[-1]) + 1) * CELL_PX - left
    return Window(left, top, width, (int(rows[-1]) + 1) * CELL_PX - top)
