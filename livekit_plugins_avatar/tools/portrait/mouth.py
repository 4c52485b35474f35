"""The inside of a mouth: teeth, gums and tongue of the rig, lit as the face is.

Two pictures, of what belongs to the skull and of what follows the jaw, in a window around the
mouth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..i420 import LUMA_OF_RGB
from .eyes import Eyeball
from .fit import Fit
from .landmarks import Landmarks
from .mouth_colours import colours_of, lit_skin
from .mouth_sprites import drawn
from .rig import Rig
from .sampling import Floats, blurred, grid, sampled
from .slits import TOOTHY, Slit
from .softness import softness_of
from .teeth import LIP_PX, UNDER_LIP, Teeth, between_rows, shown

ACROSS, UP, DOWN = 1.35, 1.1, 1.9
"""The window, in halves of the mouth's width."""

GRAIN_PX, GRAIN_MOST = 2.0, 12.0
"""What is inside has the grain of the chin: what is finer than this, and at most so many codes."""

SHOWS_CM = 0.4
"""How far the upper incisors reach below the upper lip of a parted mouth."""

LOWER_CM, TONGUE_CM = 0.22, 0.05
"""How much lower than the rig has them lower teeth are, and the tongue behind them: in speech the
lip hides the former."""

FOLLOWS = 1.35
"""The lower lip goes further than the rig's teeth do; they go so much further, too."""

JAW_DRAWN = 0.6
"""The weight of jawOpen at which what follows the jaw is drawn."""

OWN_LIP_PX = 1.0
"""The picture's own teeth go on so far under the lower lip."""

BITE, BITE_CM = 0.55, 0.25
"""The part of the mouth's width in which teeth bite on the lower lip, and how far below the upper
lip's edge."""

STILL_SOFT = 0.7
"""What follows the jaw is blurred by less, for fetching it blurs it, too."""

LOWER_LIT = 0.45
"""What follows the jaw lies in the shadow of the upper lip."""

OUTER, CORNER_DARK = (0.45, 1.0), 0.65
"""The parts of half a mouth's width between which light falls, and how much of it, as cheeks are
near."""

HIDDEN = (0.5, 3.0)
"""How soon lips that reach forward hide teeth in the middle, and how much sooner at the corners of
the mouth: round lips leave the middle ones to be seen."""

RIM = (0.15, 0.6)
"""How much darker the lower lip's edge is in the middle and at the corners: it turns inwards."""

CHIN = 1.1
"""How far below the mouth that is, in halves of its width."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a mouth shows, in a window of the picture.

    Args:
        left, top, width, height: The window, pixels, multiples of 4.
        upper, lower: Colours times coverage, and coverage, [height, width, 4].
        bite: How much of each pixel upper teeth cover, [height, width].
        jaw: Matrices [2, 3] from points of the window to points of `lower`, for jawOpen 0 and 1.
        side_px: How far jawLeft 1 moves the lower teeth, [2].
        dark: Colour of the throat, [3].
        rim: How much darker the lower lip is along its edge, as a share, [height, width].
        height_share: How far above the edge of the incisors each pixel lies, [height, width]: 1
            at the lip's.
        hidden: How soon each pixel is behind a lip that reaches forward, [height, width].
        soft_px: How far edges are blurred, to be as soft as the picture's.
        own: The picture's own teeth, [height, width, 4], where it shows some.
    """

    left: int
    top: int
    width: int
    height: int
    upper: Floats
    lower: Floats
    bite: Floats
    jaw: tuple[Floats, Floats]
    side_px: Floats
    dark: Floats
    rim: Floats
    height_share: Floats
    hidden: Floats
    soft_px: float
    own: Floats | None


def inside_of(
    picture: Floats,
    rig: Rig,
    fit: Fit,
    face: Landmarks,
    slit: Slit,
    eyes: Mapping[str, Eyeball],
    teeth: Teeth | None = None,
) -> Inside:
    """Draw the inside of a mouth, with the teeth of another picture if there is one."""
    left, top = (
        int((middle - part * slit.half) // 4 * 4)
        for middle, part in zip(slit.middle, (ACROSS, UP), strict=True)
    )
    width = int(2 * ACROSS * slit.half // 4 * 4 + 4)
    height = int((UP + DOWN) * slit.half // 4 * 4 + 4)
    colours = colours_of(picture, face, slit, eyes)
    window, points = (left, top, width, height), grid(width, height, left, top)
    rows = between_rows(picture, slit) if slit.openness > TOOTHY else None
    lift = _lift(rig, fit, slit)
    upper, bite = drawn(_part(rig, fit, "upper", 0.0), lift, colours, fit, window)
    if teeth is not None:
        places = teeth.places(face, _edge(fit, slit), points)
        ours, theirs = lit_skin(picture, face), lit_skin(teeth.pixels, teeth.face)
        light = float(ours @ LUMA_OF_RGB) / float(theirs @ LUMA_OF_RGB)
        upper = _exchanged(upper, teeth, places, light)
        bite = upper[..., 3]
    if rows is not None:
        lift = _lower_lift(rig, fit, slit, rows)
    lower, _ = drawn(_part(rig, fit, "lower", JAW_DRAWN), lift, colours, fit, window)
    jaw = (_back(rig, fit, lift, window, 0.0), _back(rig, fit, lift, window, FOLLOWS))
    lower[..., :3] *= LOWER_LIT
    outer, grain = _outer(slit, points), _grain(picture, slit, points)
    soft = softness_of(picture, face)
    for sprite, share in ((upper, 1.0), (lower, STILL_SOFT)):
        _settle(sprite, soft * share, colours.dark, outer, grain)
    return Inside(
        *window,
        upper=upper,
        lower=lower,
        bite=bite * _biting(slit, window, fit.px_per_cm),
        jaw=jaw,
        side_px=_centre(rig, fit, "jawLeft") - _centre(rig, fit, ""),
        dark=colours.dark,
        height_share=_height(fit, slit, points),
        hidden=HIDDEN[0] + HIDDEN[1] * slit.coordinates(points)[0] ** 2,
        soft_px=soft,
        rim=RIM[0] + (RIM[1] - RIM[0]) * outer[..., 0],
        own=shown(picture, slit, points, -OWN_LIP_PX, rows) if slit.openness > TOOTHY else None,
    )


def _settle(sprite: Floats, soft_px: float, dark: Floats, outer: Floats, grain: Floats) -> None:
    """Make teeth as soft and as grainy as the picture, and dark towards the corners."""
    sprite[...] = blurred(sprite, soft_px)
    sprite[..., :3] += (dark * sprite[..., 3:] - sprite[..., :3]) * (CORNER_DARK * outer)
    sprite[..., :3] += grain * sprite[..., 3:]


def _grain(picture: Floats, slit: Slit, points: Floats) -> Floats:
    """The chin's, at points of the mouth."""
    fine = (picture - blurred(picture, GRAIN_PX)).clip(-GRAIN_MOST, GRAIN_MOST)
    return sampled(fine, points + slit.across * (CHIN * slit.half))


def _placed(rig: Rig, fit: Fit, name: str, jaw: float, unit: str = "jawOpen") -> Floats:
    """Points of a part in camera coordinates, the jaw at a weight."""
    points = rig.parts[name].points
    row = 1
    if name.startswith("upper"):
        row = 0
    else:
        points = points - [0.0, TONGUE_CM if name == "tongue" else LOWER_CM, 0.0]
        turn, shift = rig.jaw[unit]
        points = points + jaw * (points @ turn.T + shift - points)
    return fit.placed(points + fit.teeth_offsets[row])


def _part(rig: Rig, fit: Fit, side: str, jaw: float) -> list[tuple[str, Floats, Floats]]:
    names = [f"{side}_gum", f"{side}_teeth"] + (["tongue"] if side == "lower" else [])
    return [(name, _placed(rig, fit, name, jaw), rig.parts[name].triangles) for name in names]


def _lift(rig: Rig, fit: Fit, slit: Slit) -> Floats:
    """Brings the incisors' edge where it shows below the lip: the fit leaves it anywhere."""
    teeth = fit.project(_placed(rig, fit, "upper_teeth", 0.0))
    middle = np.abs(rig.parts["upper_teeth"].points[:, 0]) < 0.8
    line = _edge(fit, slit)
    return np.array([0.0, line[1] - teeth[middle, 1].max()])


def _lower_lift(rig: Rig, fit: Fit, slit: Slit, rows: Floats) -> Floats:
    """Brings lower teeth to where the picture shows them."""
    teeth = fit.project(_placed(rig, fit, "lower_teeth", 0.0))
    middle = np.abs(rig.parts["lower_teeth"].points[:, 0]) < 0.6
    line = slit.at(np.zeros(1), np.interp([0.0], slit.t, rows))[0]
    return np.array([0.0, line[1] - teeth[middle, 1].min()])


def _edge(fit: Fit, slit: Slit) -> Floats:
    """Where the incisors end, [2]: teeth that are seen end above the lower lip."""
    curve = slit.lower if slit.openness > TOOTHY else slit.upper + SHOWS_CM * fit.px_per_cm
    return np.asarray(slit.at(np.zeros(1), np.interp([0.0], slit.t, curve))[0])


def _height(fit: Fit, slit: Slit, points: Floats) -> Floats:
    end = float(slit.coordinates(_edge(fit, slit))[1])
    over = (end - slit.coordinates(points)[1]) / (SHOWS_CM * fit.px_per_cm)
    return np.clip(over, -1, 3)


def _back(
    rig: Rig, fit: Fit, lift: Floats, window: tuple[int, int, int, int], jaw: float
) -> Floats:
    """The affine map from where the lower teeth are at a weight to where they were drawn."""
    here = fit.project(_placed(rig, fit, "lower_teeth", jaw)) + lift - window[:2]
    drawn = fit.project(_placed(rig, fit, "lower_teeth", JAW_DRAWN)) + lift - window[:2]
    known = np.concatenate([here, np.ones((len(here), 1))], axis=1)
    return np.asarray(np.linalg.lstsq(known, drawn, rcond=None)[0].T)


def _centre(rig: Rig, fit: Fit, unit: str) -> Floats:
    weight = 1.0 if unit else 0.0
    return np.asarray(
        fit.project(_placed(rig, fit, "lower_teeth", weight, unit or "jawOpen")).mean(0)
    )


def _biting(slit: Slit, window: tuple[int, int, int, int], px_per_cm: float) -> Floats:
    """1 where teeth bite, 0 towards the corners of the mouth and below."""
    left, top, width, height = window
    t, n = slit.coordinates(grid(width, height, left, top))
    low = slit.edges(t)[0] + BITE_CM * px_per_cm - n
    return np.clip((BITE - np.abs(t)) * 5, 0, 1) * np.clip(low / 1.5 + 0.5, 0, 1)


def _outer(slit: Slit, points: Floats) -> Floats:
    """0 in the middle of the mouth, 1 at its corners, [..., 1]."""
    t = np.abs(slit.coordinates(points)[0])[..., None]
    share = np.clip((t - OUTER[0]) / (OUTER[1] - OUTER[0]), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def _exchanged(upper: Floats, teeth: Teeth, places: Floats, light: float) -> Floats:
    """The upper sprite with the teeth of another picture, and the gums above them."""
    t, n = teeth.slit.coordinates(places)
    above = teeth.slit.edges(t)[0] - UNDER_LIP * teeth.slit.half - n
    own = shown(teeth.pixels, teeth.slit, places, LIP_PX, teeth.end)
    own[..., :3] = (own[..., :3] * light).clip(0, 255)
    return np.asarray(own + upper * (np.clip(above, 0, 1)[..., None] * (1 - own[..., 3:])))
