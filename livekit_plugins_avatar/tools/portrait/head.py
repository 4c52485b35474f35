"""How the head moves in the picture: depth, a turn about the neck, and its outline.

How far what lies at a node moves is a sum of terms of the pose, solved by least squares from poses
at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from .canvas import SIDE_PX
from .fit import Fit
from .landmarks import BETWEEN_EYES, CHIN, Landmarks
from .motion import NODES, STEP, Motion, chin_of
from .sampling import Floats, blurred, grid, resized
from .smooth import filled

CELLS = 64
CELL_PX = SIDE_PX // CELLS
"""The head's motion is smoother than the skin's: a node every 8 pixels."""

PIVOT_CM = np.array([0.0, -7.0, -9.0])
"""About the joint of skull and neck, in the rig's axes."""

RELIEF, EYES_BEHIND_CM = 1.04, 4.0
"""Depth is smoothed: so much more of it, about the eyes' distance from the tip of the nose, turns
faces as far as rendered people turn."""

YAW_SHARE = 0.97
"""Of a yaw, so much is turned: nets see rendered people who turn by 8 degrees turn by 7.9."""

DEEPEST_CM = 13.0
"""Depth behind the nearest point that is kept."""

RIM_CM = 11.5
"""Depth behind the nearest point of what is at the outline of a head and is no skin: a skull is
widest about its middle. Outlines of rendered people move as what lies 11 to 12 cm deep."""

HOLE_NODES = 5
"""Openings of the skin no higher or wider than this have the depth of what is around them."""

SMOOTH_CELLS = 0.8
ABOVE_CHIN, THROAT_CM = 1, 2.0
"""From so many cells above the chin on, depth may grow by so much a cell: a nod would fold the
throat under the chin, which has no second layer."""

POSE = ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")
TURNS = POSE[:3]
LIMITS = np.array([0.21, 0.16, 0.14, 0.03, 0.03, 0.05])
"""Radians and metres; beyond them the picture breaks."""

POWERS = (
    (0,), (1,), (2,), (3,), (4,), (5,), (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2),
    (0, 0, 0), (1, 1, 1), (0, 0, 1), (0, 1, 1),
)  # fmt: skip
"""Terms of the pose: products of its numbers, as shares of `LIMITS`. So their factors are pixels,
which float16 holds."""

POSES, SEED = 80, 0
RIM_CELLS, TOUCHES = 8, 0.3
"""A side of the picture that cuts off hair, so much of the person, does not move, nor what is near
it: there is nothing to follow."""

FALL, FALL_ASIDE, BEFORE_CHIN = 0.8, 1.1, 0.05
"""The share in a nod goes from all to nothing within so many distances of eyes and chin, in a yaw
or roll within these; it begins so many above the chin."""

BEHIND = 0.9
"""In a yaw or roll, what lies further behind than the chin takes part as what lies so much of that
lower: collars and necks beside the jaw of rendered people stay, or go part of its way."""

MATTE_LOW, MATTE_SPAN = 0.2, 0.6
GUIDE_RADIUS_PX, GUIDE_NOISE = 13, 2e-4


@dataclass(frozen=True, slots=True)
class Head:
    """The head's motion and its outline.

    Args:
        terms: Displacements of what lies at a node, in pixels, [CELLS, CELLS, 2, terms].
        matte: How much of each pixel is the person, [512, 512].
        error_px: Root mean square of what the terms leave over.
    """

    terms: Floats
    matte: Floats
    error_px: float


def head_of(picture: Floats, fit: Fit, face: Landmarks, motion: Motion, matte: Floats) -> Head:
    """Work out how the head moves.

    Args:
        picture: [512, 512, 3].
        fit, face, motion: Of the same picture.
        matte: The person, [512, 512].
    """
    depth = _depth(fit, face, motion, matte)
    share = _share(face)
    shares = np.stack([_share_aside(face, fit, depth), share], axis=-1)
    terms, error = _terms(fit, depth, shares * _rim(matte, share)[..., None])
    luma = picture @ LUMA_OF_RGB
    rough = np.clip((matte - MATTE_LOW) / MATTE_SPAN, 0, 1)
    return Head(terms, _guided(luma / 255, rough), error)


def powers(pose: Floats) -> Floats:
    """The terms of poses in shares of `LIMITS`, [..., 6] to [..., terms]."""
    return np.stack([np.prod(pose[..., list(power)], axis=-1) for power in POWERS], axis=-1)


def turned(points: Floats, yaw: Floats, pitch: Floats, roll: Floats) -> Floats:
    """Points or normals, [..., 3] in camera coordinates, turned about the origin, in radians."""
    x, y, z = np.moveaxis(points, -1, 0)
    x, z = x * np.cos(yaw) - z * np.sin(yaw), z * np.cos(yaw) + x * np.sin(yaw)
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    x, y = x * np.cos(roll) - y * np.sin(roll), y * np.cos(roll) + x * np.sin(roll)
    return np.stack([x, y, z], axis=-1)


def _cells() -> Floats:
    middle = CELL_PX / 2 - 0.5
    return grid(CELLS, CELLS, middle, middle, CELL_PX)


def _depth(fit: Fit, face: Landmarks, motion: Motion, matte: Floats) -> Floats:
    """Distance from the camera at each cell, in cm: of the rig's skin, continued beyond it."""
    seen = motion.raster.seen
    away = np.zeros((NODES, NODES))
    away[seen] = motion.raster(fit.rest[:, 2:])[:, 0]
    nearest = np.quantile(away[seen], 0.01)
    # Open eyes, nostrils and lips are holes in the rig's skin.
    away = ndimage.grey_opening(filled(away[..., None], seen)[..., 0], HOLE_NODES)
    behind = np.minimum((away - nearest) * RELIEF, DEEPEST_CM)
    depth = nearest - (RELIEF - 1) * EYES_BEHIND_CM + behind
    person = resized(matte, NODES, NODES) > 0.5
    rim = person & ~ndimage.binary_erosion(person, border_value=1)
    rim &= ~seen
    rim[int(chin_of(face) / STEP) :] = False
    depth[rim] = nearest + RIM_CM
    depth = filled(depth[..., None], (seen & person) | rim)[..., 0]
    if person.any():
        down, right = ndimage.distance_transform_edt(
            ~person, return_distances=False, return_indices=True
        )
        depth = depth[down, right]
    half = NODES // CELLS
    blocks = depth.reshape(CELLS, half, CELLS, half).mean(axis=(1, 3))
    first = int(chin_of(face) / CELL_PX) - ABOVE_CHIN
    for row in range(first, CELLS):
        blocks[row] = np.minimum(blocks[row], blocks[row - 1] + THROAT_CM)
    return blurred(blocks, SMOOTH_CELLS)


def _share(face: Landmarks) -> Floats:
    """How much of a turn each cell takes part in: the head all, the shoulders nothing."""
    chin, height = _chin_and_height(face)
    return _fallen(_cells()[..., 1] - chin, height, FALL)


def _share_aside(face: Landmarks, fit: Fit, depth: Floats) -> Floats:
    """The same of yaw and roll."""
    chin, height = _chin_and_height(face)
    at_chin = depth[int(chin / CELL_PX) - 1, int(face.points[CHIN, 0] / CELL_PX)]
    behind_px = np.maximum(depth - at_chin, 0) * fit.px_per_cm
    return _fallen(_cells()[..., 1] - chin + BEHIND * behind_px, height, FALL_ASIDE)


def _chin_and_height(face: Landmarks) -> tuple[float, float]:
    """Row of the chin, and how far below the eyes it is, in pixels."""
    chin = chin_of(face)
    return chin, chin - float(face.points[BETWEEN_EYES, 1])


def _fallen(below: Floats, height: float, within: float) -> Floats:
    """1 above the chin, going to 0 below it.

    Args:
        below: Pixels below the chin.
        height: Of the face from the eyes to the chin.
        within: So many heights.
    """
    fall = np.clip((below + BEFORE_CHIN * height) / (within * height), 0, 1)
    return np.asarray(1 - fall * fall * (3 - 2 * fall))


def _rim(matte: Floats, share: Floats) -> Floats:
    """What is left of the share of each cell beside a side that cuts the person off."""
    person = resized(matte, CELLS, CELLS) * share > TOUCHES
    column, row = np.meshgrid(np.arange(CELLS), np.arange(CELLS))
    left = np.ones((CELLS, CELLS))
    for edge, away in (
        (person[0], row),
        (person[:, 0], column),
        (person[:, -1], CELLS - 1 - column),
    ):
        if edge.any():
            near = np.clip(away / RIM_CELLS, 0, 1)
            left = np.minimum(left, near * near * (3 - 2 * near))
    return left


def _moved(pose: Floats, fit: Fit, depth: Floats, shares: Floats) -> Floats:
    """How far each cell moves in a pose, in pixels, [CELLS, CELLS, 2].

    Args:
        pose: As `POSE`.
        fit, depth: Of the picture.
        shares: In yaw and roll, and in all else, [CELLS, CELLS, 2].
    """
    cells = _cells()
    pivot = fit.placed(PIVOT_CM)
    flat = (cells - fit.middle) / fit.focal_px * depth[..., None]
    x, y, z = flat[..., 0] - pivot[0], flat[..., 1] - pivot[1], depth - pivot[2]
    aside, share = np.moveaxis(shares, -1, 0)
    yaw, roll = pose[0] * aside, pose[2] * aside
    pitch, right, up, near = (number * share for number in pose[[1, 3, 4, 5]])
    yaw = yaw * YAW_SHARE
    x, y, z = np.moveaxis(turned(np.stack([x, y, z], axis=-1), yaw, pitch, roll), -1, 0)
    x, y, z = x + pivot[0] + 100 * right, y + pivot[1] - 100 * up, z + pivot[2] - 100 * near
    seen = np.stack([x, y], axis=-1) / z[..., None] * fit.focal_px + fit.middle
    return np.asarray(seen - cells)


def _terms(fit: Fit, depth: Floats, shares: Floats) -> tuple[Floats, float]:
    poses = np.random.default_rng(SEED).uniform(-1, 1, (POSES, len(POSE)))
    known = powers(poses)
    moved = np.stack([_moved(each * LIMITS, fit, depth, shares) for each in poses])
    wanted = moved.reshape(POSES, -1)
    solved = np.linalg.lstsq(known, wanted, rcond=None)[0]
    error = float(np.sqrt(((known @ solved - wanted) ** 2).mean()))
    return solved.T.reshape(CELLS, CELLS, 2, len(POWERS)), error


def _guided(guide: Floats, matte: Floats) -> Floats:
    """A matte that follows the picture's edges (He et al., guided filter)."""

    def mean(field: Floats) -> Floats:
        return np.asarray(ndimage.uniform_filter(field, GUIDE_RADIUS_PX, mode="nearest"))

    bright, share = mean(guide), mean(matte)
    slope = (mean(guide * matte) - bright * share) / (
        mean(guide * guide) - bright * bright + GUIDE_NOISE
    )
    sharp = mean(slope) * guide + mean(share - slope * bright)
    return np.clip((sharp - 0.08) / 0.84, 0, 1)
