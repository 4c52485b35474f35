"""Upper lids: skin that comes from under the fold of the eye as a lid goes down.

Above an eye there are two sheets of skin. One ends at the fold and hardly moves. The other ends at
the lashes, goes down with them in one piece, and lies under the first. What it shows then is in no
picture of an open eye: it gets the colour of the skin that is seen there, and its grain.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..i420 import LUMA_OF_RGB
from .landmarks import Landmarks
from .sampling import Floats, blurred, grid, sampled
from .slits import Slit

RINGS = {
    "Right": (247, 30, 29, 27, 28, 56, 190),
    "Left": (414, 286, 258, 257, 259, 260, 467),
}
"""Landmarks just above the fold, by the face's own side, from the picture's left to its right."""

FOLD_SHARE, FOLD_LEAST_PX = 0.7, 1.0
"""Where the fold is, as a share of the way from the lid's edge to these, and the least of that."""

LIFT, LIFT_REACH = 0.1, 0.5
"""How far a blink lifts the lower lid, and how far below it that is felt, in halves of the eye's
width."""

BLINK_OVER_PX = 1.5
"""The upper lid comes to lie on the lower one."""

CORNER_DROPS, CORNER_SHARE = 0.3, 0.5
"""How far lashes beside the outer corner go down in a blink, in halves of the eye's width, and the
share of it that the corner itself does."""

CORNER_FROM, CORNER_FULL, CORNER_TO = 0.7, (0.95, 1.15), 1.6
"""Where along the slit they do."""

CORNER_UP, CORNER_ABOVE, CORNER_BELOW = 0.3, 0.95, 0.4
"""How far above the corner they lie, and where above and below it nothing moves, in halves."""

FOLLOWS = 0.25
"""How far the skin above the fold goes with the lid, as a share of its way."""

LID_LEAST = 0.7
"""The least height of what follows, in halves of the eye's width."""

LID_ENDS = 0.3
"""Lids overlap in full from this share of half the eye's width within its corners."""

BRIGHT = 0.6
"""A sheet's colour: this quantile of what is seen of it, as lashes and creases are dark."""

SEEN_UP, SEEN_BESIDE = 0.35, 0.12
"""How far above the fold that skin is looked at, and how much of it at a time along the eye, in
halves of the eye's width."""

DARKEST = 0.75
"""What is darker than this share of the skin below the eye is no lid: a brow, or a frame."""

LID_LIGHT, OF_CHEEK = 0.96, 0.35
"""What comes out is as bright as the skin above the fold, a little less, or this far on the way to
that below the eye, if it is brighter."""

ROUND, ROUND_AT, ROUND_WIDE, ROUND_SIDES = 0.05, 0.5, 0.4, 0.05
"""A lid that is shut lies round the eyeball: brighter by this share, at this part of its height,
this wide, and darker by that share towards its ends."""

LIT, LIT_WITHIN = 0.9, 0.35
"""How bright a lid is that comes out, as a share of the skin above the fold; it is lit so by this
share from so many halves of the eye's width above the fold on."""

GRAIN_PX, CHEEK = 2.0, 0.35
"""Grain is what is finer than this, and comes from so far below the lower lid, in halves of the
eye's width."""


def folds(face: Landmarks, slits: Mapping[str, Slit]) -> dict[str, Floats]:
    """How far above the lid's edge each eye's fold lies along the slit, in pixels, [points]."""
    out = {}
    for side, ring in RINGS.items():
        slit = slits[side]
        t, n = slit.coordinates(face.points[list(ring), :2])
        height = np.maximum(slit.edges(t)[0] - n, 0) * FOLD_SHARE
        along = np.interp(slit.t, np.r_[-1.05, t, 1.05], np.r_[0, height, 0])
        out[side] = np.maximum(along, FOLD_LEAST_PX)
    return out


def shut(
    above: Floats,
    lids: Floats,
    below: Floats,
    slit: Slit,
    fold: Floats,
    blink: int,
    places: Floats,
    behind_px: float,
    brow: Floats,
    side: str,
) -> None:
    """Let a blink bring the upper lid down to the lower one, and what is around follow a little.

    Args:
        above, lids, below: The fields of what is above the fold, of the lid, and of what is below;
            all are changed.
        slit, fold, side: The eye, and the face's own side that it is on.
        blink: The number of the field.
        places: The nodes, [rows, columns, 2].
        behind_px: How far the lid goes on behind what is below.
        brow: Points of the brow's lower edge, [N, 2].
    """
    _rise(below[..., blink], slit, places)
    step = places[0, 1, 0] - places[0, 0, 0]
    edge = (slit.at(slit.t, slit.lower) - places[0, 0]) / step
    up = np.minimum(sampled(below[..., blink], edge) @ slit.across, 0)
    ends = np.clip((1 - np.abs(slit.t)) / LID_ENDS, 0, 1)
    corner = _corner(slit, slit.at(slit.t, slit.lower), side) * slit.half
    way = np.maximum(slit.lower - slit.upper + np.maximum((up + BLINK_OVER_PX) * ends, corner), 0)
    t, n = slit.coordinates(places)
    upper, lower = slit.edges(t)
    down = np.interp(t, slit.t, way, 0, 0)
    behind = np.maximum(lower - upper + behind_px * np.sqrt(np.clip(1 - t**8, 0, 1)), 1)
    # The edge lies between nodes: the one below it goes as far as the one above. From there on
    # motion falls evenly, as what falls by more than a pixel a pixel folds.
    start = np.minimum(step, 0.4 * behind)
    under = 1 - np.clip((n - upper - start) / (behind - start), 0, 1)
    lids[..., blink] = (down * under)[..., None] * slit.across
    brow_t, brow_n = slit.coordinates(brow)
    order = np.argsort(brow_t)
    room = np.interp(t, brow_t[order], slit.edges(brow_t[order])[0] - brow_n[order])
    room = np.maximum(room, LID_LEAST * slit.half)
    height = np.interp(t, slit.t, fold)
    over = np.clip((upper - height - n) / np.maximum(room - height, 1), 0, 1)
    follows = FOLLOWS * (1 - over * over * (3 - 2 * over))
    above[..., blink] = (down * follows * under)[..., None] * slit.across
    drop = _corner(slit, places, side) * slit.half
    for field in (above[..., blink], lids[..., blink], below[..., blink]):
        field += np.maximum(drop - field @ slit.across, 0)[..., None] * slit.across


def _rise(field: Floats, slit: Slit, places: Floats) -> None:
    """Let a lower lid rise a little as an eye shuts, and nowhere sink: near the nose the upper
    one's motion reaches it."""
    field -= np.maximum(field @ slit.across, 0)[..., None] * slit.across
    t, n = slit.coordinates(places)
    away = np.maximum(n - slit.edges(t)[1], 0) / (LIFT_REACH * slit.half)
    lift = LIFT * slit.half * np.clip(1 - t * t, 0, 1) * np.exp(-away * away)
    field -= lift[..., None] * slit.across


def _corner(slit: Slit, places: Floats, side: str) -> Floats:
    """How far what lies about an eye's outer corner goes down in a blink, in halves of its width.

    Args:
        slit: The eye.
        places: [..., 2].
        side: The face's own side.
    """
    t, n = slit.coordinates(places)
    far, up = (t if side == "Left" else -t), -n / slit.half
    along = np.interp(far, (CORNER_FROM, *CORNER_FULL, CORNER_TO), (0, 1, 1, 0))
    across = np.interp(up, (-CORNER_BELOW, 0, CORNER_UP, CORNER_ABOVE), (0, CORNER_SHARE, 1, 0))
    along, across = (each * each * (3 - 2 * each) for each in (along, across))
    return np.asarray(CORNER_DROPS * along * across)


def with_lids(picture: Floats, slits: Mapping[str, Slit], folds: Mapping[str, Floats]) -> Floats:
    """A picture whose lids go on above the fold, [H, W, 3]."""
    out = np.array(picture)
    fine = picture - blurred(picture, GRAIN_PX)
    for side, fold in folds.items():
        _lid(out, picture, fine, slits[side], fold)
    return out


def _lid(out: Floats, picture: Floats, fine: Floats, slit: Slit, fold: Floats) -> None:
    reach = int(2 * slit.half)
    left, top = (int(place) - reach for place in slit.middle)
    points = grid(2 * reach, 2 * reach, left, top)
    t, n = slit.coordinates(points)
    upper, lower = slit.edges(t)
    over = upper - np.interp(t, slit.t, fold) - n
    at = np.interp(t, slit.t, np.arange(len(slit.t)))[..., None]
    at = np.concatenate([at, at * 0], axis=-1)
    lid, lit = (sampled(each[None], at) for each in colours(picture, slit, fold))
    deep = np.clip(over / (LIT_WITHIN * slit.half), 0, 1)[..., None]
    high = (over / np.maximum(lower - upper, 1) - ROUND_AT) / ROUND_WIDE
    light = 1 + ROUND * np.exp(-high * high) - ROUND_SIDES * np.clip(t * t, 0, 1)
    colour = lid + (lit * light[..., None] - lid) * (LIT * deep * deep * (3 - 2 * deep))
    below = slit.at(t, lower + CHEEK * slit.half + np.maximum(over, 0))
    share = np.clip((over - 0.7) / 1.2, 0, 1)[..., None]
    here = np.s_[top : top + 2 * reach, left : left + 2 * reach]
    out[here] += (colour + sampled(fine, below) - out[here]) * share


def colours(picture: Floats, slit: Slit, fold: Floats) -> tuple[Floats, Floats]:
    """The colours of the lid and of the skin above its fold along a slit, [points, 3] each."""
    soft, share = blurred(picture, 0.7), np.linspace(0, 1, 12)
    starts = slit.lower + CHEEK * slit.half, slit.upper - 1.5, slit.upper - fold - 1
    heights = SEEN_UP * slit.half, np.maximum(fold - 2, 0), SEEN_UP * slit.half
    cheek, lid, above = (
        sampled(soft, slit.at(slit.t[:, None], start[:, None] - sign * np.outer(height, share)))
        for start, height, sign in zip(
            starts, (np.full_like(fold, each) for each in heights), (-1, 1, 1), strict=True
        )
    )
    below = _typical(slit, cheek, None)
    over = _typical(slit, above, below)
    luma = over @ LUMA_OF_RGB
    brighter = np.maximum(below @ LUMA_OF_RGB - luma, 0) * OF_CHEEK
    return _typical(slit, lid, over), over * (LID_LIGHT + brighter / luma)[:, None]


def _typical(slit: Slit, seen: Floats, least: Floats | None) -> Floats:
    """The usual colour of skin along a slit, [points, 3], of what is seen, [points, K, 3]; where it
    is much darker than it should be, what it should be."""
    found = np.zeros((len(slit.t), 3))
    for number, t in enumerate(slit.t):
        near = seen[np.abs(slit.t - t) < SEEN_BESIDE].reshape(-1, 3)
        luma = near @ LUMA_OF_RGB
        off = np.abs(luma - np.quantile(luma, BRIGHT))
        found[number] = near[off <= np.quantile(off, 0.3)].mean(axis=0)
    if least is not None:
        dark = found @ LUMA_OF_RGB < DARKEST * (least @ LUMA_OF_RGB)
        found = np.where(dark[:, None], least * (1 + DARKEST) / 2, found)
    return np.asarray(blurred(found[:, None], 5.0)[:, 0])
