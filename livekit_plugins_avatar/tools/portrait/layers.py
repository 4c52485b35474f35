"""The picture in two layers, the figure and the wall behind it, which at rest are the picture.

What a turn uncovers is filled with pieces of the wall. What lies beside the outline and is no wall,
such as strands of hair, goes with the figure: it covers what it must so that its colours are ones
that the figure has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...render.i420 import halved, yuv
from .canvas import SIDE_PX
from .exemplar import fill
from .head import Head
from .sampling import Floats, blurred, resized

FIGURE_LEAST, FIGURE_SURE = 0.05, 0.9
"""Less of a matte is the wall, or a strand; more is the figure alone."""

BESIDE_PX, FADE_PX = 9, 4.0
"""Beside the figure so much may be its own, and fades out at the end."""

WALL_PX, GRAIN_PX, UNLIKE, SOFT_PX = 4.0, 1.0, 14.0, 3.0
"""Beside the figure is the wall, too, where the picture, blurred by the second, differs by less
than so many codes from the wall nearby, blurred by the first; further than the last from the
figure, whose edge is soft. With the figure, the wall's grain would be stretched into stripes."""

DEEPER_PX = 12
"""How far behind the outline the wall is filled, besides what turns uncover."""

WALL_SHARE = 0.05
"""The share of the picture that has to be wall for any of it to be continued."""

COLOURS_PX, COLOURS_MORE = 15, 6.0
"""The figure's colours are those it has within half of this, and so many codes more."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Codes of video, 0 to 255; chroma and matte of blocks of 2 x 2 pixels.

    Args:
        luma, chroma: The figure, [512, 512], [2, 256, 256].
        wall_luma, wall_chroma: What is behind it.
        matte: How much of a block is the figure, [256, 256], 0 to 1 in steps of 1/255.
    """

    luma: Floats
    chroma: Floats
    wall_luma: Floats
    wall_chroma: Floats
    matte: Floats


def layers_of(picture: Floats, head: Head, behind: Floats | None = None) -> Layers:
    """Separate a picture.

    Args:
        picture: [512, 512, 3].
        head: How it moves, and how much of each pixel it is.
        behind: The wall where the figure covers it, [512, 512, 3], if it is known.
    """
    matte = np.clip((head.matte - FIGURE_LEAST) / (FIGURE_SURE - FIGURE_LEAST), 0, 1)
    away = ndimage.distance_transform_edt(matte == 0)
    known = _beside(picture, away)
    wall = picture if behind is None else behind
    if behind is None and known.mean() > WALL_SHARE:
        deep = ndimage.distance_transform_edt(~known)
        wall = fill(picture, known, deep < DEEPER_PX + _moves(head)).clip(0, 255)
    own = np.clip((BESIDE_PX - away) / FADE_PX, 0, 1) * ~known
    wall = picture + (wall - picture) * own[..., None]
    seen, behind = yuv(picture), yuv(wall)
    luma, colours = np.rint(seen[0]), np.rint(halved(seen[1:]))
    wall_luma, wall_colours = np.rint(behind[0]), np.rint(halved(behind[1:]))
    figure = matte > 0.5
    blocks = figure.reshape(SIDE_PX // 2, 2, -1, 2).max(axis=(1, 3))
    least = _pooled(_least(luma, wall_luma, figure))
    for colour, of_wall in zip(colours, wall_colours, strict=True):
        least = np.maximum(least, _least(colour, of_wall, blocks))
    # Between blocks the matte is interpolated.
    share = np.maximum(resized(matte, *blocks.shape), ndimage.maximum_filter(least, 3))
    share = np.rint(share.clip(0, 1) * 255) / 255
    own = np.rint(wall_colours + (colours - wall_colours) / np.maximum(share, 1 / 255))
    return Layers(
        _luma(luma, wall_luma, share),
        np.where(share > 0, own, colours).clip(0, 255),
        wall_luma,
        wall_colours,
        share,
    )


def _beside(picture: Floats, away: Floats) -> NDArray[np.bool_]:
    """What is the wall, bool [512, 512]: all that is far from the figure, and beside it what looks
    as the wall does there. What does not is a strand of hair, say.

    Args:
        picture: [512, 512, 3].
        away: Pixels from the figure, [512, 512].
    """
    far = away > BESIDE_PX
    if not far.any():
        return far
    share = blurred(far.astype(np.float64), WALL_PX)[..., None]
    wall = blurred(picture * far[..., None], WALL_PX) / np.maximum(share, 1e-6)
    down, right = ndimage.distance_transform_edt(~far, return_distances=False, return_indices=True)
    differs = np.abs(blurred(picture, GRAIN_PX) - wall[down, right]).max(axis=-1)
    like = ndimage.maximum_filter(differs, 3) < UNLIKE
    return np.asarray(far | like & (away > SOFT_PX))


def _moves(head: Head) -> Floats:
    """How far each pixel of the picture may move, [512, 512]."""
    most = np.linalg.norm(np.abs(head.terms[..., :6]).sum(axis=-1), axis=-1)
    return resized(ndimage.maximum_filter(most, 5), SIDE_PX, SIDE_PX)


def _least(seen: Floats, wall: Floats, figure: Floats) -> Floats:
    """How much of each pixel has to be the figure, if it has the colours that it has nearby."""
    most = ndimage.maximum_filter(np.where(figure, seen, 0), COLOURS_PX)
    least = ndimage.minimum_filter(np.where(figure, seen, 255), COLOURS_PX)
    most, least = np.maximum(most, seen) + COLOURS_MORE, np.minimum(least, seen) - COLOURS_MORE
    differs = seen - wall
    room = np.where(differs > 0, most - wall, least - wall)
    return np.asarray(np.clip(differs / room, 0, 1))


def _pooled(field: Floats) -> Floats:
    """The most of each 2 x 2 pixels."""
    return np.asarray(field.reshape(SIDE_PX // 2, 2, SIDE_PX // 2, 2).max(axis=(1, 3)))


def _luma(seen: Floats, wall: Floats, share: Floats) -> Floats:
    """Codes of the figure that give what is seen, as `figure_blocks` lays it on the wall."""
    fine = resized(share, SIDE_PX, SIDE_PX)
    blocks, share = (np.kron(each, np.ones((2, 2))) for each in (halved(wall), share))
    own = blocks + (seen - blocks * share - wall * (1 - share)) / np.maximum(fine, 1 / 255)
    return np.rint(np.where(fine > 0, own, seen)).clip(0, 255)
