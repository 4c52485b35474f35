"""Cuts the person out of a picture, to be shown before another background.

Beside the outline a pixel shows the person and the wall at once. How much of each is solved for,
and then what colour each has, so that nothing of the wall is left at the outline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import cg

from ...render.i420 import halved, yuv
from .sampling import Floats

SURE, NONE = 0.9, 0.1
"""More of a rough matte is the person, and less is the wall, away from the line between them."""

INNER_PX, OUTER_PX = 6, 8
"""So far from that line, inside and outside, a rough matte is right."""

FLAT = 1e-5
"""Colours within 3 x 3 pixels that differ by less, squared, are noise."""

TOLERANCE, STEPS = 1e-3, 400
"""Of the solution."""

FAINT, SPAN = 0.06, 0.88
"""Less of a solved matte is nothing: a solution never quite ends."""

WHOLE, BARE = 0.97, 0.02
"""More of a pixel than this is the person alone, and less the wall alone."""

REACHES_PX = (1.5, 3.0, 6.0, 12.0, 24.0, 48.0)
"""Colours are carried on from the nearest of these distances that knows any."""

ROUNDS, NOISE = 2, 0.02

SAME = 1.5
"""Codes that differ by less are those of the figure."""

NEARBY_PX, MORE = 15, 4.0
"""A colour of the person is one that it has within half of this, and so many codes more."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """Codes of video; chroma and matte of blocks of 2 x 2 pixels.

    Args:
        luma, chroma: The person's own, [512, 512], [2, 256, 256]; beyond the outline they go on.
        matte: How much of a block is the person, [256, 256], 0 to 1.
    """

    luma: Floats
    chroma: Floats
    matte: Floats

    def outline(self, luma: Floats, chroma: Floats) -> dict[str, Floats]:
        """What a file keeps beside a figure, by name: the matte in codes, [1, 1, 256, 256], and the
        blocks where it is neither 0 nor 255, [n, 6]: four pixels of luma, and chroma. All others
        are the figure's, or are not seen.

        Args:
            luma, chroma: The figure's.
        """
        matte = np.rint(self.matte * 255)
        own, figure = (_blocks(*planes) for planes in ((self.luma, self.chroma), (luma, chroma)))
        # Beside a block that is seen its neighbour counts, for mattes are interpolated.
        beside = (matte == 0) & (ndimage.maximum_filter(matte, 3) > 0)
        other = (matte == 255) & (np.abs(own - figure).max(axis=-1) > SAME)
        matte = np.where(beside, 1, np.where(other, 254, matte))
        seen = own[(matte > 0) & (matte < 255)]
        return {"cutout_matte": matte[None, None], "cutout_blocks": seen}


def _blocks(luma: Floats, chroma: Floats) -> Floats:
    """Planes as blocks, [256, 256, 6]."""
    height, width = chroma.shape[1:]
    pixels = luma.reshape(height, 2, width, 2).transpose(0, 2, 1, 3).reshape(height, width, 4)
    return np.concatenate([pixels, chroma.transpose(1, 2, 0)], axis=-1)


def cut_out(picture: Floats, rough: Floats, known: Floats | None = None) -> Cutout:
    """Cut the person out.

    Args:
        picture: [512, 512, 3].
        rough: How much of each pixel is the person, about, [512, 512].
        known: The same exactly, if it is known.
    """
    matte = _matte(picture / 255, rough) if known is None else known
    codes = yuv(_colours(picture, matte))
    return Cutout(codes[0], halved(codes[1:]), halved(matte))


def _matte(picture: Floats, rough: Floats) -> Floats:
    """How much of each pixel is the person, where colours within 3 x 3 pixels lie on a line (Levin
    et al., closed-form matting)."""
    person = ndimage.distance_transform_edt(rough > SURE) > INNER_PX
    wall = ndimage.distance_transform_edt(rough < NONE) > OUTER_PX
    known = (person | wall).ravel()
    matte = person.ravel().astype(np.float64)
    if known.all() or not known.any():
        return rough
    rows = _laplacian(picture, ~known.reshape(person.shape))[~known]
    within = rows[:, ~known]
    scale = sparse.diags(1 / np.maximum(within.diagonal(), 1e-9))
    right = -(rows[:, known] @ matte[known])
    start = rough.ravel()[~known]
    solved, _ = cg(within, right, x0=start, rtol=TOLERANCE, maxiter=STEPS, M=scale)
    matte[~known] = solved
    return np.asarray(((matte - FAINT) / SPAN).clip(0, 1).reshape(person.shape))


def _laplacian(picture: Floats, wanted: NDArray[np.bool_]) -> sparse.csr_matrix:
    """The matting Laplacian of the windows that touch what is wanted, [pixels, pixels]."""
    height, width, _ = picture.shape
    row, column = np.nonzero(ndimage.binary_dilation(wanted, np.ones((3, 3)))[1:-1, 1:-1])
    first = row * width + column
    places = first[:, None] + np.array([k * width + j for k in range(3) for j in range(3)])
    colours = picture.reshape(-1, 3)[places]
    colours = colours - colours.mean(axis=1, keepdims=True)
    spread = colours.transpose(0, 2, 1) @ colours / 9 + np.eye(3) * (FLAT / 9)
    alike = (1 + colours @ np.linalg.inv(spread) @ colours.transpose(0, 2, 1)) / 9
    values = np.eye(9) - alike
    at = np.repeat(places, 9, axis=1).ravel(), np.tile(places, 9).ravel()
    return sparse.csr_matrix((values.ravel(), at), (height * width, height * width))


def _colours(picture: Floats, matte: Floats) -> Floats:
    """The person's own colours, [512, 512, 3]: from where it is alone, brought towards what the
    picture shows of them beside the wall."""
    alone = matte > WHOLE
    person, wall = _carried(picture, alone), _carried(picture, matte < BARE)
    share = matte[..., None]
    for _ in range(ROUNDS):
        off = (picture - share * person - (1 - share) * wall) / (
            share**2 + (1 - share) ** 2 + NOISE
        )
        person, wall = person + off * share, wall + off * (1 - share)
    size, inside = (NEARBY_PX, NEARBY_PX, 1), alone[..., None]
    most = ndimage.maximum_filter(np.where(inside, picture, 0), size) + MORE
    least = ndimage.minimum_filter(np.where(inside, picture, 255), size) - MORE
    near = np.where(most > least, person.clip(np.minimum(least, most), most), person)
    return np.where(inside, picture, near).clip(0, 255)


def _carried(picture: Floats, known: NDArray[np.bool_]) -> Floats:
    """A picture carried on, smoothly, from where it is known."""
    found, left = np.zeros_like(picture), np.ones(known.shape)
    weight = known.astype(np.float64)
    for reach in REACHES_PX:
        near = ndimage.gaussian_filter(weight, reach)
        sums = ndimage.gaussian_filter(picture * weight[..., None], (reach, reach, 0))
        part = left if reach == REACHES_PX[-1] else (near * 8).clip(0, 1) * left
        found += sums / np.maximum(near, 1e-6)[..., None] * part[..., None]
        left = left - part
    return found
