"""How a face's skin moves in the picture: one field per blendshape.

A field says how far what lies at a node at rest moves at weight 1, in pixels. There are two of
each: one for what lies above every slit and all else, one for what lies below; each goes on
smoothly behind the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from . import raster
from .canvas import SIDE_PX
from .fit import Fit
from .jaw import narrow
from .landmarks import BROWS, CHIN, OVAL, Landmarks
from .lids import folds, shut
from .raster import Raster
from .rig import Rig
from .sampling import Floats, blurred, grid, sampled
from .scanned import more
from .slits import CLOSED, TOOTHY, Slit
from .smile import rise
from .smooth import filled

STEP = 4
"""Pixels between nodes; each node is the middle of a block of 4 x 4 pixels."""

NODES = SIDE_PX // STEP
MARGIN, BELOW = 6, 22
"""Nodes around the face that move along with it, and below the chin."""

STEEP = 0.3
"""Skin that is seen at a flatter angle than this (a cosine) moves as its surroundings do."""

SCREEN = 0.015
"""How soon motion dies away outside the face."""

NECK_FALL = 0.55
"""Below the chin, motion may become less by this many pixels a pixel: the neck must not fold."""

OUTSIDE_FALL, OUTSIDE_PX = 0.55, 12.0
"""Beyond the face's outline motion ends: it becomes less by this many pixels a pixel, over at least
so many pixels. Ears and clothes of rendered people hardly move as they speak and smile."""

UP, DOWN = {"mouth": 0.45, "eye": 0.5}, {"mouth": 0.6, "eye": 0.8}
"""How far each side goes on behind the other, as a share of half a slit's width."""

BALL_CM, EYE_PITCH_RAD = 1.2, 0.40
"""Radius of an eyeball: 24 mm across in adults; its turn at weight 1 of eyeLookUp and eyeLookDown,
as the built-in personas turn it."""

LID_DOWN, LID_UP = 0.85, 0.6
"""How far an upper lid follows the iris, as a share of its way."""

ROUND, ROUND_REACH = 0.5, 0.7
"""How much of what an open mouth lacks to be round it gets, and how far below it that reaches, in
halves of its width."""

CORNER, CORNER_REACH = 0.32, 0.35
"""Towards the corners of the mouth lips part less and less, over this part of half its width, and
within so much of it below them."""

POINTED, POINTED_NODES = ("mouthFunnel", "mouthPucker"), 1.5
"""The rig's lips come to a point in these: they are blurred so far."""

SEAL = "seal"
"""The name of one more field, which shuts lips that the picture shows apart, and presses them."""

PRESSED_PX = 2.6
"""Lips that are shut already come so much closer: the dark line between them gets thinner."""

SEAL_SHARE = 0.4
"""Of the way to shut lips, what the upper lip goes."""


@dataclass(frozen=True, slots=True)
class Motion:
    """The fields.

    Args:
        names: Of the fields: the rig's units, then `SEAL`.
        left, top: The first node, counted from the picture's corner.
        above, below, lids: [rows, columns, 2, fields]; lids are as above, and all that a blink
            moves goes with them.
        raster: What of the skin is seen at every node of the picture.
        sure: Where skin of the face is seen, bool [NODES, NODES].
        reach: Up and down of each slit, in pixels.
    """

    names: tuple[str, ...]
    left: int
    top: int
    above: Floats
    below: Floats
    lids: Floats
    raster: Raster
    sure: NDArray[np.bool_]
    reach: Mapping[str, tuple[float, float]]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in nodes."""
        rows, columns = self.above.shape[:2]
        return self.left, self.top, self.left + columns, self.top + rows


def nodes() -> Floats:
    """The nodes of the whole picture, in pixels."""
    middle = STEP / 2 - 0.5
    return grid(NODES, NODES, middle, middle, STEP)


def in_nodes(points: Floats) -> Floats:
    """Pixels in units of nodes."""
    return (points - (STEP / 2 - 0.5)) / STEP


def motion_of(rig: Rig, fit: Fit, face: Landmarks, slits: Mapping[str, Slit]) -> Motion:
    """Work out all fields."""
    flat = fit.exact(fit.rest)
    front = _front(flat, rig.triangles)
    seen = raster.draw(in_nodes(flat), fit.rest[:, 2], rig.triangles[front], NODES, NODES)
    # The warp takes up what the rig cannot say, and moves with it.
    base = fit.project(fit.rest)
    moves = np.concatenate([fit.project(fit.rest + delta) - base for delta in fit.deltas], axis=1)
    field = np.zeros((NODES, NODES, moves.shape[1]))
    field[seen.seen] = seen(moves)
    sure = seen.seen & _within(face.points[list(OVAL), :2])
    normal = raster.normals(fit.rest, rig.triangles)
    facing = np.zeros((NODES, NODES))
    facing[seen.seen] = np.abs(seen(normal)[:, 2])
    sure &= facing > STEEP
    reach = {name: _reach(name, slit) for name, slit in slits.items()}
    left, top, right, bottom = _box(sure)
    cut = np.s_[top:bottom, left:right]
    places, mouth = nodes()[cut], slits["mouth"]
    sides = [slit.sides(places, *reach[name]) for name, slit in slits.items()]
    field = field[cut] + more(rig.unit_names, mouth, places, fit.px_per_cm)
    fields = [
        _continued(field, sure[cut], np.minimum.reduce([side[k] for side in sides])) for k in (0, 1)
    ]
    names = (*rig.unit_names, SEAL)
    jaw = names.index("jawOpen")
    _blunt(fields, names)
    _round(fields[1], fields[0], mouth, 2 * jaw, places)
    _tie(fields[1], fields[0], mouth, places)
    narrow(fields, 2 * jaw, mouth, places)
    for each in fields:
        _ease_neck(each, sure[cut], 2 * jaw + 1, _row(mouth.middle[1]) - top)
    above, below = (each.reshape(*each.shape[:2], -1, 2).swapaxes(2, 3) for each in fields)
    rise((above, below), names, mouth, places)
    lids = above.copy()
    for side, fold in folds(face, slits).items():
        brow = face.points[list(BROWS[side]), :2]
        blink = names.index(f"eyeBlink{side}")
        shut(above, lids, below, slits[side], fold, blink, places, reach[side][1], brow, side)
        way = fit.px_per_cm * BALL_CM * np.sin(EYE_PITCH_RAD)
        share = way / max(np.abs(lids[..., blink]).max(), way)
        for each in (above, lids):
            each[..., names.index(f"eyeLookDown{side}")] = LID_DOWN * share * each[..., blink]
            each[..., names.index(f"eyeLookUp{side}")] = -LID_UP * share * each[..., blink]
    seals = _seal(mouth, places, reach["mouth"])
    above, below, lids = (
        np.concatenate([each, seal[..., None]], axis=3)
        for each, seal in zip((above, below, lids), (*seals, seals[0]), strict=True)
    )
    return Motion(names, left, top, above, below, lids, seen, sure, reach)


def _reach(name: str, slit: Slit) -> tuple[float, float]:
    """How far above and below a slit the two fields part."""
    kind = "mouth" if name == "mouth" else "eye"
    return slit.half * UP[kind], slit.half * DOWN[kind]


def _blunt(fields: Sequence[Floats], names: Sequence[str]) -> None:
    """Take the points off the lips of a round mouth."""
    for name in POINTED:
        pair = np.s_[..., 2 * names.index(name) : 2 * names.index(name) + 2]
        for field in fields:
            field[pair] = blurred(field[pair], POINTED_NODES)


def chin_of(face: Landmarks) -> float:
    """Row of the chin."""
    return float(face.points[CHIN, 1])


def _front(flat: Floats, triangles: Floats) -> NDArray[np.bool_]:
    places = flat[triangles]
    area = raster.cross(places[:, 1] - places[:, 0], places[:, 2] - places[:, 0])
    return np.asarray(area < 0)


def _within(outline: Floats) -> NDArray[np.bool_]:
    image = Image.new("1", (NODES, NODES))
    ImageDraw.Draw(image).polygon([tuple(point) for point in in_nodes(outline)], fill=1)
    return np.array(image)


def _box(sure: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(sure.any(1)), np.flatnonzero(sure.any(0))
    return (
        max(int(columns[0]) - MARGIN, 0),
        max(int(rows[0]) - MARGIN, 0),
        min(int(columns[-1]) + MARGIN + 1, NODES),
        min(int(rows[-1]) + BELOW + 1, NODES),
    )


def _row(y: float) -> int:
    return int(y / STEP)


def _continued(field: Floats, sure: NDArray[np.bool_], side: Floats) -> Floats:
    """Continue a field to where no skin of this side is seen, and let it die away at the rim."""
    rows, columns = sure.shape
    x = np.minimum(np.arange(columns), np.arange(columns)[::-1])
    rim = np.minimum(x[None], np.minimum(np.arange(rows), np.arange(rows)[::-1])[:, None])
    known = sure & (side > 1.5) | (rim == 0)
    out = filled(np.where((rim == 0)[..., None], 0, field), known, SCREEN)
    # At the outline of the face motion goes on softly, or a sinking chin has a jagged edge.
    whole = ndimage.binary_closing(np.pad(sure, 12), np.ones((11, 11)))[12:-12, 12:-12]
    soft = np.clip(1 - (ndimage.distance_transform_edt(whole) - 1) / 4, 0, 1)[..., None]
    out = blurred(out, 2.0) * soft + out * (1 - soft)
    return np.asarray(_ended(out, whole) * np.clip(rim / 3, 0, 1)[..., None])


def _ended(field: Floats, face: NDArray[np.bool_]) -> Floats:
    """A field that ends beyond the face's outline."""
    away, (row, column) = ndimage.distance_transform_edt(~face, return_indices=True)
    pairs = field[row, column].reshape(*face.shape, -1, 2)
    reach = blurred(np.linalg.norm(pairs, axis=-1), 2.0) / OUTSIDE_FALL
    left = np.clip(1 - STEP * away[..., None] / np.maximum(reach, OUTSIDE_PX), 0, 1)
    return np.asarray(field * np.repeat(left, 2, axis=-1))


def _ease_neck(field: Floats, sure: NDArray[np.bool_], jaw_y: int, first: int) -> None:
    whole = ndimage.binary_closing(np.pad(sure, 12), np.ones((11, 11)))[12:-12, 12:-12]
    for row in range(max(first, 1), len(field)):
        free = ~whole[row]
        least = field[row - 1, free, jaw_y] - NECK_FALL * STEP
        field[row, free, jaw_y] = np.maximum(field[row, free, jaw_y], least)
    fade = np.clip((len(field) - 1 - np.arange(len(field))) / 4, 0, 1)
    if len(field) > 4:
        field[..., jaw_y] *= fade[:, None]


def _round(below: Floats, above: Floats, slit: Slit, jaw: int, places: Floats) -> None:
    """Let an open mouth be as round as half an ellipse, in part: the rig's has straight edges.

    Args:
        below, above: The fields, [rows, columns, 2 * fields]; `below` is changed.
        slit: The mouth.
        jaw: Of jawOpen, the column of its x.
        places: The nodes, [rows, columns, 2].
    """
    t = np.linspace(-1, 1, 21)

    def moved(field: Floats, edge: Floats) -> Floats:
        at = (slit.at(t, np.interp(t, slit.t, edge)) - places[0, 0]) / STEP
        return np.asarray(sampled(field[..., jaw : jaw + 2], at) @ slit.across)

    opened = moved(below, slit.lower + 2) - moved(above, slit.upper - 2)
    wanted = np.sqrt(1 - t * t) * max(float(opened.max()), 0.0)
    more = np.maximum(wanted - opened, 0) * ROUND * np.clip((1 - np.abs(t)) * 4, 0, 1)
    at_t, n = slit.coordinates(places)
    low = (n - slit.edges(at_t)[1]) / (ROUND_REACH * slit.half)
    share = np.exp(-(np.maximum(low, 0) ** 2)) * np.clip(1 + 2 * low, 0, 1)
    more = blurred(np.interp(at_t, t, more, 0, 0) * share, 1.0)
    below[..., jaw : jaw + 2] += more[..., None] * slit.across


def _tie(below: Floats, above: Floats, slit: Slit, places: Floats) -> None:
    """Let what is below a slit move as what is above at its corners; `below` is changed."""
    t, n = slit.coordinates(places)
    apart = np.clip((1 - np.abs(t)) / CORNER, 0, 1)
    apart = apart * apart * (3 - 2 * apart)
    low = np.maximum(n - slit.edges(t)[1], 0) / (CORNER_REACH * slit.half)
    tied = (1 - apart) * (np.abs(t) < 1) * np.exp(-low * low)
    below += (above - below) * tied[..., None]


def _seal(slit: Slit, places: Floats, reach: tuple[float, ...]) -> list[Floats]:
    """Fields that bring the lips together."""
    t, n = slit.coordinates(places)
    upper, lower = slit.edges(t)
    apart = lower - upper + 0.5 if slit.openness > CLOSED else PRESSED_PX
    apart = apart * np.clip((1 - np.abs(t)) * 8, 0, 1)
    over, under = np.maximum(upper - n, 0), np.maximum(n - lower, 0)
    down = SEAL_SHARE * apart * np.exp(-((over / (0.5 * slit.half)) ** 2))
    up = (SEAL_SHARE - 1) * apart * np.exp(-((under / (0.8 * slit.half)) ** 2))
    behind_lower = np.clip(under / reach[1], 0, 1)
    behind_upper = np.clip(over / reach[0], 0, 1)
    mixed = (
        down * (1 - behind_lower) + up * behind_lower,
        up * (1 - behind_upper) + down * behind_upper,
    )
    return [each[..., None] * slit.across for each in mixed]


def always_sealed(slit: Slit) -> bool:
    """Lips a little apart rest shut; a smile with teeth stays."""
    return CLOSED < slit.openness < TOOTHY
