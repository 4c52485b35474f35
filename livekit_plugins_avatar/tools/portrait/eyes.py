"""Eyeballs: the white without an iris, and the iris without lids, out of what is seen of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..i420 import LUMA_OF_RGB
from .fit import Fit
from .landmarks import EYES, Landmarks
from .lids import colours, folds
from .motion import BALL_CM
from .sampling import Floats, blurred, grid, sampled
from .slits import Slit

REACH = 1.7
"""Half the side of what is drawn, in halves of the slit."""

SEEN_TURN = 1.02
"""A flat iris that moves is seen less far than an eyeball that turns. With 1.2, 20 degrees of five
rendered people's gaze were seen as 23 on average, and as 29 once; of two rendered so, as 18."""

SHINE_LEAST, SHINE_BLUR_PX = 25.0, 0.5
"""What is brighter than its ring of the iris by this is a reflection."""

HALF_SHUT, SHINE_BELOW_PX = 0.55, 3.0
"""How far a lid is closed at half a blink, as a share of its way, and how far below its edge what
an eye reflects is seen then: a reflection that a lid hides leaves an eye dull."""

RINGS = 12
"""Rings of an iris whose middle colour is known."""

LASHES = 0.25
"""The darkest part of what is seen of the white, which is lashes and their shadow."""

LIMBUS = 1.25
"""Radii of an iris from which on the white is not shaded by it."""

WHITE_PRIOR = (0.0, 0.6, 0.3)
"""How much a slope and a curve of the white's brightness along the eye are doubted."""

WHITE_BLUR_PX = 2.0

CORNER = (0.75, 0.15)
"""From this part of half the eye's width on, and within so much more, a corner is as it is seen."""

LASH_PX = (1.1, 2.6)
"""How far the line that lashes of closed lids make goes above the lid's edge, and below it, where
the lid's picture shows the eye."""

LID_BELOW_PX = 3.0
"""No lid comes further below the lower lid's edge."""

HANG_SHARE, HANG_APART_PX, HANG_OUT = 0.28, 2.6, 0.5
"""How far single lashes hang from a lid that closes, as a share of half the eye's width, how far
they are apart, and how far their ends lean outwards, as a share of their length."""


@dataclass(frozen=True, slots=True)
class Eyeball:
    """One eye, in a window of the picture.

    Args:
        left, top, side: The window, pixels, multiples of 4.
        white: [side, side, 3].
        iris, cover: The iris and how much of each pixel it covers, [side, side, 3], [side, side].
        shine: Luma that light reflected by the eye adds, [side, side].
        seen: The picture there, and how much of each pixel is seen of the eye.
        opening: That share, [side, side].
        lashes: The edge of the upper lid, 0 to 1, [side, side].
        skin: The lid's colour above its lashes, [side, side, 3]; black on the cheek.
        turn_px: How far the iris moves for a turn of 1 (the sine of the angle).
        half: Half the eye's width, pixels.
        shine_px: How far the shine goes down before a lid that has closed half.
    """

    left: int
    top: int
    side: int
    white: Floats
    iris: Floats
    cover: Floats
    shine: Floats
    seen: Floats
    opening: Floats
    lashes: Floats
    skin: Floats
    turn_px: float
    half: float
    shine_px: float


def eyeballs_of(
    picture: Floats, fit: Fit, face: Landmarks, slits: Mapping[str, Slit]
) -> dict[str, Eyeball]:
    """Both eyes by side."""
    found = {}
    for side, fold in folds(face, slits).items():
        skin = colours(picture, slits[side], fold)[0]
        found[side] = _eyeball(picture, fit, face, slits[side], EYES[side][2], skin)
    return found


def _eyeball(
    picture: Floats, fit: Fit, face: Landmarks, slit: Slit, iris: int, skin: Floats
) -> Eyeball:
    centre = face.points[iris, :2]
    radius = float(np.linalg.norm(face.points[iris + 1 : iris + 5, :2] - centre, axis=1).mean())
    side = int(np.ceil(2 * REACH * slit.half / 4) * 4)
    left, top = (int(round((middle - side / 2) / 4) * 4) for middle in slit.middle)
    points = grid(side, side, left, top)
    seen = sampled(picture, points)
    inside = slit.inside(points)
    away = np.linalg.norm(points - centre, axis=-1)
    white = _white(seen, slit, points, inside, away, radius)
    colour, shine = _iris(picture, points, slit, centre, radius)
    cover = np.clip((radius * 1.06 - away) / 1.6 + 0.5, 0, 1)
    opening = np.clip((inside + 1.5) / 1.5, 0, 1)
    turn = SEEN_TURN * BALL_CM * fit.px_per_cm
    t, n = slit.coordinates(points)
    below = n - slit.edges(t)[0]
    lashes = np.exp(-((below / np.where(below > 0, *LASH_PX[::-1])) ** 2))
    lashes = np.maximum(lashes, _hanging(t, below, slit.half))
    lashes = lashes * np.clip((1 - np.abs(t)) * 6, 0, 1)
    sag = _shine_sag(shine, below, HALF_SHUT * slit.gap, radius)
    lid = np.stack([np.interp(t, slit.t, channel) for channel in skin.T], axis=-1)
    lid *= np.clip(slit.edges(t)[1] + LID_BELOW_PX - n, 0, 1)[..., None]
    planes = (white, colour, cover, shine, seen, opening, lashes, lid)
    return Eyeball(left, top, side, *planes, turn, slit.half, sag)


def _shine_sag(shine: Floats, below: Floats, down: float, radius: float) -> float:
    """How far a shine has to go down to stay before a lid whose edge does, in pixels."""
    if shine.sum() < 1:
        return 0.0
    place = float((below * shine).sum() / shine.sum())
    return float(np.clip(down + SHINE_BELOW_PX - place, 0, radius))


def _white(
    seen: Floats, slit: Slit, points: Floats, inside: Floats, away: Floats, radius: float
) -> Floats:
    """The white without an iris: even, darker towards its corners, as far as it is seen so."""
    known: NDArray[np.bool_] = (inside > 1.2) & (away > radius * LIMBUS)
    luma = seen @ LUMA_OF_RGB
    if known.sum() > 8:
        known &= luma > np.quantile(luma[known], LASHES)
    else:
        known = (inside > 0.5) & (away > radius)
    if not known.any():
        known = inside > 0
    t = slit.coordinates(points)[0].clip(-1.2, 1.2)
    shape = np.stack([np.ones_like(t), t, t * t], axis=-1)
    rows = np.concatenate([shape[known], np.diag(WHITE_PRIOR) * np.sqrt(known.sum())])
    wanted = np.concatenate([seen[known], np.zeros((3, 3))])
    even = shape @ np.linalg.lstsq(rows, wanted, rcond=None)[0]
    rest = np.where(known[..., None], seen - even, 0.0)
    white = even + blurred(rest, WHITE_BLUR_PX)
    corner = np.clip((np.abs(slit.coordinates(points)[0]) - CORNER[0]) / CORNER[1], 0, 1)
    own = np.clip((away - LIMBUS * radius) / 2, 0, 1)
    own = own * np.maximum(np.clip(inside / 1.5, 0, 1), corner)
    return np.asarray(white + (seen - white) * own[..., None])


def _iris(
    picture: Floats, points: Floats, slit: Slit, centre: Floats, radius: float
) -> tuple[Floats, Floats]:
    """The iris as seen, without the light it reflects, and that light's luma; behind a lid its
    mirror image from below, else the middle colour of its ring."""
    seen, inside = sampled(picture, points), slit.inside(points)
    away = np.linalg.norm(points - centre, axis=-1)
    ring = np.clip((away / radius * RINGS).astype(int), 0, RINGS + 2)
    clear = (inside > 1.5) & (away < 1.25 * radius)
    middles = np.zeros((RINGS + 3, 3))
    for number in range(len(middles)):
        here = clear & (ring == number)
        few = here.sum() < 3
        middles[number] = middles[number - 1] if few else np.median(seen[here], axis=0)
    colour = middles[ring]
    bright = ((seen - colour) @ LUMA_OF_RGB - SHINE_LEAST).clip(0, None)
    shine = blurred(bright * ((inside > 0.5) & (away < radius)), SHINE_BLUR_PX)
    seen = seen - shine[..., None] * (seen / (seen @ LUMA_OF_RGB).clip(1, None)[..., None])
    mirrored = np.stack([points[..., 0], 2 * centre[1] - points[..., 1]], axis=-1)
    for share, source in (
        (np.clip((slit.inside(mirrored) - 1) / 1.5, 0, 1), sampled(picture, mirrored)),
        (np.clip((inside - 0.8) / 1.5, 0, 1), seen),
    ):
        colour = colour + (source - colour) * share[..., None]
    return np.asarray(colour), shine


def _hanging(t: Floats, below: Floats, half: float) -> Floats:
    """Single lashes below a lid's edge, 0 to 1: they are longest, and lean most, towards both ends.

    Args:
        t: Along the slit.
        below: Pixels below the edge.
        half: Half the eye's width, px.
    """
    root = t * half - t * HANG_OUT * np.maximum(below, 0)
    strokes = 0.5 + 0.5 * np.cos(2 * np.pi * root / HANG_APART_PX + 1.5 * np.sin(root))
    length = HANG_SHARE * half * (1 + 0.5 * np.abs(t)) * (0.8 + 0.2 * np.sin(1.7 * root))
    fall = np.sqrt(np.clip(1 - below / length, 0, 1)) * (below > 0)
    return np.asarray(strokes * fall)
