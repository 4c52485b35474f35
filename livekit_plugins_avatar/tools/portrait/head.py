"""How the head moves in the picture: depth, a turn about the neck, and what is behind.

Where a node of the moved picture comes from is a sum of terms of the pose, solved by least squares
from poses at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..i420 import LUMA_OF_RGB
from .canvas import SIDE_PX
from .fit import Fit
from .landmarks import BETWEEN_EYES, CHIN, Landmarks
from .motion import NODES, Motion
from .sampling import Floats, blurred, grid, resized, sampled
from .smooth import filled

CELLS = 64
CELL_PX = SIDE_PX // CELLS
"""The head's motion is smoother than the skin's: a node every 8 pixels."""

PIVOT_CM = np.array([0.0, -7.0, -9.0])
"""About the joint of skull and neck, in the rig's axes."""

FLAT_CM, SOFT_CM = 7.0, 4.0
"""Depth behind the nearest point that is kept, and what is left of more: what a turn uncovers
behind the cheeks is not in the picture."""

POSE = ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")
LIMITS = np.array([0.21, 0.16, 0.14, 0.03, 0.03, 0.05])
"""Radians and metres; beyond them the picture breaks."""

POWERS = (
    (0,), (1,), (2,), (3,), (4,), (5,), (0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2),
    (0, 0, 0), (1, 1, 1), (0, 0, 1), (0, 1, 1),
)  # fmt: skip
"""Terms of the pose: products of its numbers, as shares of `LIMITS`. So their factors are pixels,
which float16 holds."""

POSES, SEED = 80, 0
NEWTON_STEPS = 4
RIM_CELLS = 4
"""At the picture's left, right and upper rim nothing moves."""

FALL = 1.1
"""The share in a turn goes from all to nothing within so many distances of eyes and chin."""

MATTE_LOW, MATTE_SPAN = 0.2, 0.6
GUIDE_RADIUS_PX, GUIDE_NOISE = 13, 2e-4
WALL_PX = 128


@dataclass(frozen=True, slots=True)
class Head:
    """The head's motion and the background.

    Args:
        terms: Displacements to where a node comes from, in pixels, [CELLS, CELLS, 2, terms].
        matte: How much of each block of 2 x 2 pixels is the person, [256, 256].
        wall: What is behind, [512, 512, 3].
        error_px: Root mean square of what the terms leave over.
    """

    terms: Floats
    matte: Floats
    wall: Floats
    error_px: float


def head_of(picture: Floats, fit: Fit, face: Landmarks, motion: Motion, matte: Floats) -> Head:
    """Work out how the head moves.

    Args:
        picture: [512, 512, 3].
        fit, face, motion: Of the same picture.
        matte: The person, [512, 512].
    """
    depth = _depth(fit, motion)
    share = _share(face)
    terms, error = _terms(fit, depth, share)
    luma = picture @ LUMA_OF_RGB
    rough = np.clip((matte - MATTE_LOW) / MATTE_SPAN, 0, 1)
    sharp = _guided(luma / 255, rough)
    half = resized(sharp, SIDE_PX // 2, SIDE_PX // 2)
    return Head(terms, half, _wall(picture, sharp), error)


def powers(pose: Floats) -> Floats:
    """The terms of poses in shares of `LIMITS`, [..., 6] to [..., terms]."""
    return np.stack([np.prod(pose[..., list(power)], axis=-1) for power in POWERS], axis=-1)


def _cells() -> Floats:
    middle = CELL_PX / 2 - 0.5
    return grid(CELLS, CELLS, middle, middle, CELL_PX)


def _depth(fit: Fit, motion: Motion) -> Floats:
    """Distance from the camera at each cell, in cm, continued beyond the face."""
    known = motion.raster.seen & ndimage.binary_dilation(motion.sure, iterations=2)
    away = np.zeros((NODES, NODES, 1))
    away[motion.raster.seen] = motion.raster(fit.rest[:, 2:])
    half = NODES // CELLS
    blocks = away[..., 0].reshape(CELLS, half, CELLS, half)
    inside = known.reshape(CELLS, half, CELLS, half)
    whole = inside.all(axis=(1, 3))
    depth = filled(blocks.mean(axis=(1, 3))[..., None], whole)[..., 0]
    behind = depth - np.quantile(depth[whole], 0.01)
    kept = np.minimum(behind, FLAT_CM)
    soft = SOFT_CM * np.tanh(np.maximum(behind - FLAT_CM, 0) / SOFT_CM)
    return blurred(depth - behind + kept + soft, 1.0)


def _share(face: Landmarks) -> Floats:
    """How much of a turn each cell takes part in: the head all, the shoulders nothing."""
    chin, eyes = face.points[CHIN, 1], face.points[BETWEEN_EYES, 1]
    height = chin - eyes
    fall = np.clip((_cells()[..., 1] - (chin - 0.05 * height)) / (FALL * height), 0, 1)
    return np.asarray(1 - fall * fall * (3 - 2 * fall))


def _moved(pose: Floats, fit: Fit, depth: Floats, share: Floats) -> Floats:
    """How far each cell moves in a pose, in pixels, [CELLS, CELLS, 2]."""
    cells = _cells()
    pivot = fit.placed(PIVOT_CM)
    flat = (cells - fit.middle) / fit.focal_px * depth[..., None]
    x, y, z = flat[..., 0] - pivot[0], flat[..., 1] - pivot[1], depth - pivot[2]
    yaw, pitch, roll, right, up, near = (number * share for number in pose)
    x, z = x * np.cos(yaw) - z * np.sin(yaw), z * np.cos(yaw) + x * np.sin(yaw)
    y, z = y * np.cos(pitch) + z * np.sin(pitch), z * np.cos(pitch) - y * np.sin(pitch)
    x, y = x * np.cos(roll) - y * np.sin(roll), y * np.cos(roll) + x * np.sin(roll)
    x, y, z = x + pivot[0] + 100 * right, y + pivot[1] - 100 * up, z + pivot[2] - 100 * near
    seen = np.stack([x, y], axis=-1) / z[..., None] * fit.focal_px + fit.middle
    column, row = np.meshgrid(np.arange(CELLS), np.arange(CELLS))
    rim = np.minimum(np.minimum(column, CELLS - 1 - column), row)
    return np.asarray((seen - cells) * np.clip(rim / RIM_CELLS, 0, 1)[..., None])


def _terms(fit: Fit, depth: Floats, share: Floats) -> tuple[Floats, float]:
    shares = np.random.default_rng(SEED).uniform(-1, 1, (POSES, len(POSE)))
    known = powers(shares)
    back = np.stack([_inverse(_moved(each * LIMITS, fit, depth, share)) for each in shares])
    wanted = back.reshape(POSES, -1)
    solved = np.linalg.lstsq(known, wanted, rcond=None)[0]
    error = float(np.sqrt(((known @ solved - wanted) ** 2).mean()))
    return solved.T.reshape(CELLS, CELLS, 2, len(POWERS)), error


def _inverse(moved: Floats) -> Floats:
    """Where each cell comes from, as a displacement in pixels."""
    motion = moved / CELL_PX
    slope = np.concatenate([np.gradient(motion, axis=1), np.gradient(motion, axis=0)], axis=-1)
    here = grid(CELLS, CELLS)
    where = here.copy()
    for _ in range(NEWTON_STEPS):
        at, tilt = sampled(motion, where), sampled(slope, where)
        off = where + at - here
        a, b, c, d = 1 + tilt[..., 0], tilt[..., 2], tilt[..., 1], 1 + tilt[..., 3]
        scale = 1 / np.maximum(a * d - b * c, 0.2)
        where[..., 0] -= (d * off[..., 0] - b * off[..., 1]) * scale
        where[..., 1] -= (a * off[..., 1] - c * off[..., 0]) * scale
    return np.asarray((where - here) * CELL_PX)


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


def _wall(picture: Floats, matte: Floats) -> Floats:
    """The background, continued smoothly behind the person."""
    person = ndimage.binary_dilation(matte > 0.05, iterations=6)
    open_ = resized((~person).astype(np.float32), WALL_PX, WALL_PX)
    known = open_ > 0.5
    if known.sum() < WALL_PX:
        return picture
    small = resized(picture * ~person[..., None], WALL_PX, WALL_PX)
    wall = filled(small / np.maximum(open_, 1e-3)[..., None], known)
    behind = resized(wall, SIDE_PX, SIDE_PX)
    soft = blurred(person.astype(np.float32), 2.0)[..., None]
    return np.asarray(np.where(person[..., None], behind, picture * (1 - soft) + behind * soft))
