"""Measures how well a face is seen: what covers lips and eyes, how sharp it is, how sure it is one.

Nets that find a person's face also find a dog's, and guess what a mask covers. What they guess,
they guess otherwise in the picture's mirror image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ..i420 import LUMA_OF_RGB
from .fit import eyes_between
from .landmarks import BETWEEN_EYES, CHIN, EYES, LIPS, MESH, Box, Landmarks, faces, landmarks
from .rig import Rig
from .sampling import Floats, blurred, grid, sampled
from .slits import Slit

LIP_POINTS = (37, 0, 267, 39, 269, 72, 302, 11, 84, 17, 314, 181, 405, 85, 315, 16)
AROUND_LIPS = (205, 425, 57, 287, 200, 199, 164, 18)
LOWER_FACE = (205, 425, 4, 199, 200, 57, 287)
UPPER_FACE = (151, 9, 108, 337, 6)
SKIN = (50, 280, 205, 425, 151, 9, 101, 330)
"""Landmarks on the lips, beside them, on cheeks and chin, on the forehead, and on clear skin."""

BRIDGE = (-0.2, 0.45)
"""Where on the ridge of a nose glasses rest: below the eyes, in distances of the eyes."""

RIM = (0.2, 0.5)
"""How far below an iris the rim of a lens runs, in distances of the eyes."""

STROKE = 17
"""Samples of a line: a change within fewer is a thing of its own, of more it is shading."""

FEATURES = ((33, 133, 159, 145), (263, 362, 386, 374), (61, 291, 0, 17))
FEATURE_MARGIN_PX = 8
"""Eyes and mouth, where a sharp picture has edges."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """How well a face is seen, in its frame. Brightness is in shares of the skin's.

    Args:
        score: The detector's, for the picture and its mirror image the lesser.
        mirrored: How far landmarks lie from those of the mirror image, in eyes' distances.
        mirrored_lips: The same of the lips alone.
        redness: How much redder lips are than what is around them.
        darkness: How much darker.
        tint: How much the colour of the lower face differs from the forehead's.
        brightness: Of the lower face against the forehead, a logarithm.
        irises: How much darker each iris is than the white beside it, the picture's left first.
        bridge: The strongest stroke across the ridge of the nose.
        rims: Along the curve below each eye.
        sharpness: Contrast of the finest details against that of larger ones.
    """

    score: float
    mirrored: float
    mirrored_lips: float
    redness: float
    darkness: float
    tint: float
    brightness: float
    irises: tuple[float, float]
    bridge: float
    rims: tuple[float, float]
    sharpness: float


def visibility_of(square: NDArray[np.uint8], box: Box, face: Landmarks, rig: Rig) -> Visibility:
    """Measure a face in its frame.

    Args:
        square: uint8 [H, W, 3].
        box, face: What the detector and the mesh say of it.
        rig: Knows which landmark is which's mirror image.
    """
    pixels: Floats = square.astype(np.float64)
    luma = pixels @ LUMA_OF_RGB
    points = face.points[:, :2]

    def colour(of: tuple[int, ...], blur: float) -> Floats:
        return np.asarray(np.median(sampled(blurred(pixels, blur), points[list(of)]), axis=0)) + 0.5

    skin = float(colour(SKIN, 2.0) @ LUMA_OF_RGB)
    lips, around = colour(LIP_POINTS, 1.0), colour(AROUND_LIPS, 1.5)
    lower, upper = colour(LOWER_FACE, 3.0), colour(UPPER_FACE, 3.0)
    away, score = _mirrored(square, face, rig)
    right, left = (_eye(luma, face, side, skin) for side in ("Right", "Left"))
    return Visibility(
        score=min(box.score, score),
        mirrored=float(away.mean()),
        mirrored_lips=float(away[list(sum(LIPS, ()))].mean()),
        redness=float(lips[0] / lips.sum() - around[0] / around.sum()),
        darkness=float((around - lips) @ LUMA_OF_RGB) / skin,
        tint=float(np.abs(lower / lower.sum() - upper / upper.sum()).max()),
        brightness=float(np.log((lower @ LUMA_OF_RGB) / (upper @ LUMA_OF_RGB))),
        irises=(right[0], left[0]),
        bridge=_bridge(luma, face) / skin,
        rims=(right[1], left[1]),
        sharpness=_sharpness(luma, points),
    )


def _mirrored(square: NDArray[np.uint8], face: Landmarks, rig: Rig) -> tuple[Floats, float]:
    """How far each landmark lies from that of the mirror image, and the detector's score there."""
    mirror: NDArray[np.uint8] = np.ascontiguousarray(square[:, ::-1])
    found = faces(mirror)
    if not found:
        return np.ones(MESH), 0.0
    seen = landmarks(mirror, found[0]).points[:MESH, :2]
    back = np.stack([square.shape[1] - 1 - seen[:, 0], seen[:, 1]], axis=1)
    rest = rig.at_landmarks(rig.skin)
    apart = np.linalg.norm(rest[:, None] * [-1, 1, 1] - rest[None], axis=-1)
    away = back[apart.argmin(axis=1)] - face.points[:MESH, :2]
    return np.asarray(np.linalg.norm(away, axis=1) / face.eyes_px), found[0].score


def _eye(luma: Floats, face: Landmarks, side: str, skin: float) -> tuple[float, float]:
    """Contrast of an iris, and of the strongest stroke along a curve below it."""
    upper, lower, iris = EYES[side]
    points = face.points[:, :2]
    slit = Slit(points[list(upper)], points[list(lower)])
    centre = points[iris]
    radius = float(np.linalg.norm(points[iris + 1 : iris + 5] - centre, axis=1).mean())
    half = int(1.5 * slit.half) + 2
    around = grid(2 * half, 2 * half, round(centre[0]) - half, round(centre[1]) - half)
    inside, away = slit.inside(around), np.linalg.norm(around - centre, axis=-1)
    seen = sampled(luma, around)
    dark = seen[(inside > 1) & (away < 0.8 * radius)]
    bright = seen[(inside > 1) & (away > 1.15 * radius)]
    few = min(dark.size, bright.size) < 6
    contrast = 0.0 if few else float(np.quantile(bright, 0.7) - np.median(dark)) / skin
    angle = np.radians(np.arange(30, 151, 6))[:, None]
    reach = np.linspace(*RIM, 40) * face.eyes_px
    lines = centre + np.stack([1.15 * np.cos(angle) * reach, np.sin(angle) * reach], axis=-1)
    return contrast, _stroke(sampled(blurred(luma, 0.7), lines)) / skin


def _bridge(luma: Floats, face: Landmarks) -> float:
    down = face.points[CHIN, :2] - face.points[BETWEEN_EYES, :2]
    down = down / np.linalg.norm(down) * face.eyes_px
    across = np.array([down[1], -down[0]])
    along = np.linspace(*BRIDGE, 60)[:, None] * down
    aside = np.linspace(-0.06, 0.06, 7)[:, None, None] * across
    lines = sampled(blurred(luma, 0.7), eyes_between(face) + aside + along)
    return _stroke(np.median(lines, axis=0)[None])


def _stroke(lines: Floats) -> float:
    """What stands out most along each line, [N, samples]; the median of the lines."""
    plain = median_filter(lines, (1, STROKE), mode="nearest")
    return float(np.median(np.abs(lines - plain).max(axis=1)))


def _sharpness(luma: Floats, points: Floats) -> float:
    softer = [blurred(luma, sigma) for sigma in (1.0, 2.0, 4.0)]
    found = []
    for feature in FEATURES:
        low = np.maximum(points[list(feature)].min(0) - FEATURE_MARGIN_PX, 0).astype(int)
        high = (points[list(feature)].max(0) + FEATURE_MARGIN_PX).astype(int)
        cut = np.s_[low[1] : high[1], low[0] : high[0]]
        fine, large = (luma - softer[0])[cut], (softer[1] - softer[2])[cut]
        found.append(float(fine.std() / (large.std() + 0.3)))
    return float(np.median(found))
