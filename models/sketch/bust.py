"""Everything of the sketch that is not a feature: backdrop, neck, sweater, ears, face, hair.

Takes the pose; gives a painted canvas, ready for eyes and mouth. The outlines are drawn
here by hand, as points of curves, in pixels of the resting drawing (origin between the eyes, u to
the right, v down). Light comes from the upper left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import colour
from .brush import edge, line, oval, spot
from .canvas import CELL_PX, CELLS, Canvas, Window
from .colour import Colour
from .graph import FLOAT, Graph, Tensor
from .outline import Floats, Point, away, inside, mirrored
from .pose import CENTRE_X_PX, CENTRE_Y_PX, EARS, FACE, HAIR, Controls, Depth, Pose

TEXEL_PX = 4.0
"""Spacing at which the outlines' distances are stored: half a cell."""
EDGE_PX = 48.0
"""Distances are stored up to here: more is never looked at."""

FACE_OUTLINE = mirrored(
    [(0, -128), (44, -120), (72, -88), (84, -40), (87, 2), (86.5, 36), (82.5, 67), (72, 93.5),
     (51, 114.5), (25, 125.5), (0, 127.5)]
)  # fmt: skip
HAIR_OUTLINE: list[Point] = [
    (-10, -177), (24, -172), (44, -160), (62, -151), (83, -126), (94, -94), (96, -54),
    (93, -20), (89, 0), (85, 15), (80, 15), (80, -2), (80, -22), (79, -44), (74, -68),
    (64, -89), (51, -104),
    (38, -111), (16, -106), (-12, -102), (-40, -94), (-60, -81), (-73, -62), (-80, -42),
    (-81, -20), (-80, -2), (-80, 15), (-85, 15), (-89, 0), (-93, -20), (-97, -56), (-97, -96),
    (-90, -134), (-72, -160), (-44, -174),
]  # fmt: skip
"""Short hair, parted on the picture's right and swept to its left, down to the sideburns."""
PARTING: Point = (44, -140)
STRANDS: list[list[Point]] = [
    [(40, -160), (4, -160), (-36, -150), (-66, -128), (-84, -96), (-92, -56), (-92, -16)],
    [(42, -148), (8, -146), (-28, -136), (-56, -116), (-76, -86), (-86, -52), (-87, -16)],
    [(42, -134), (10, -128), (-22, -120), (-48, -106), (-68, -82), (-80, -54)],
    [(40, -120), (12, -114), (-14, -109), (-38, -101), (-58, -86)],
    [(50, -154), (70, -140), (84, -112), (91, -76), (92, -40), (89, -8)],
    [(48, -132), (62, -116), (76, -90), (84, -58), (86, -24)],
]
NECK_OUTLINE = mirrored(
    [
        (0, 60),
        (48, 66),
        (50, 110),
        (52, 150),
        (63, 174),
        (100, 194),
        (112, 236),
        (60, 290),
        (0, 300),
    ]
)
SWEATER_OUTLINE = mirrored(
    [(0, 206), (28, 202), (53, 189), (66, 172), (78, 168), (104, 180), (152, 192), (192, 208),
     (216, 240), (232, 300), (240, 360), (0, 370)]
)  # fmt: skip
COLLAR: list[Point] = [
    (-80, 174),
    (-66, 197),
    (-38, 215),
    (0, 222),
    (38, 215),
    (66, 197),
    (80, 174),
]
EAR_U_PX, EAR_V_PX = 87.0, 13.0
"""The middle of each ear: as high as the eyes and the nose, half of it behind the cheek."""


class Plate(NamedTuple):
    """A grid of one layer's fields over the resting drawing."""

    fields: Floats
    left: float
    top: float


def _grid(left: float, top: float, right: float, bottom: float) -> tuple[Floats, Floats]:
    u = np.arange(left, right + TEXEL_PX / 2, TEXEL_PX)
    v = np.arange(top, bottom + TEXEL_PX / 2, TEXEL_PX)
    grid_u, grid_v = np.meshgrid(u, v)
    return grid_u, grid_v


def _blob(u: Floats, v: Floats, at: Point, width: float, height: float) -> Floats:
    """A soft spot: 1 in its middle, 0 at its rim."""
    radius = ((u - at[0]) / width) ** 2 + ((v - at[1]) / height) ** 2
    return np.clip(1 - radius, 0, 1) ** 2


def _soft(distance: Floats, width: float) -> Floats:
    """0 at -width, 1 at +width, soft ends."""
    t = np.clip(distance / (2 * width) + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def _hair(u: Floats, v: Floats) -> Floats:
    return inside(HAIR_OUTLINE, u, v)


def _stubble(u: Floats, v: Floats) -> Floats:
    """A shadow of beard along the jaw, over the chin and above the lip, but not on the lips."""
    low = _soft(v - 84 + np.abs(u) * 0.3, 30)
    jaw = low * np.maximum(_soft(np.abs(u) - 40, 20), _soft(v - 98, 12))
    lip = _blob(u, v, (0, 64), 40, 14) * 0.7
    return np.maximum(jaw, lip) * 0.42


def face_plate() -> Plate:
    """Distance, shade in -1..1 (dark to light), and strength of the stubble."""
    u, v = _grid(-116, -148, 116, 148)
    distance = inside(FACE_OUTLINE, u, v)
    under_hair = _soft(_hair(u - 4, v - 9), 9)
    turned_away = _soft(u - 62, 34) * 0.55
    rim = (1 - _soft(distance - 7, 12)) * 0.35
    sockets = _blob(u, v, (43, -16), 36, 24) + _blob(u, v, (-43, -16), 36, 24)
    nose_side = _blob(u, v, (13, 16), 11, 44) * 0.34
    beneath = _blob(u, v, (0, 104), 28, 13) * 0.22
    shade = under_hair * 0.6 + turned_away + rim + sockets * 0.16 + nose_side + beneath
    light = (
        _blob(u, v, (-18, -68), 62, 44) * 0.55
        + _blob(u, v, (-50, 32), 34, 26) * 0.42
        + _blob(u, v, (46, 30), 28, 22) * 0.2
        + _blob(u, v, (-2, 10), 9, 52) * 0.5
        + _blob(u, v, (-6, 112), 26, 16) * 0.3
    )
    return Plate(np.stack([distance, light - shade, _stubble(u, v)]), -116, -148)


def hair_plate() -> Plate:
    """Distance and shade of the hair."""
    u, v = _grid(-124, -196, 124, 52)
    distance = _hair(u, v)
    crown = np.hypot(u - PARTING[0], v + 60)
    swept = _soft(PARTING[0] - u, 6)
    sheen = np.exp(-(((crown - 84) / 19) ** 2)) * swept * _soft(u + 74, 50)
    sheen += _blob(u, v, (76, -112), 24, 48) * 0.45
    strands = sum(np.exp(-((away(line, u, v) / 4.5) ** 2)) for line in STRANDS)
    rim = (1 - _soft(distance - 5, 8)) * 0.25
    parting = np.exp(-((away([(46, -172), PARTING, (42, -112)], u, v) / 5) ** 2)) * 0.6
    shade = sheen * 0.8 - strands * 0.22 - rim - parting
    return Plate(np.stack([distance, shade]), -124, -196)


def body_plate() -> Plate:
    """Distances of neck and sweater, and the sweater's shade."""
    u, v = _grid(-268, 40, 268, 336)
    neck = inside(NECK_OUTLINE, u, v)
    sweater = inside(SWEATER_OUTLINE, u, v)
    collar = away(COLLAR, u, v)
    rib = np.exp(-(((collar - 2) / 8.0) ** 2)) * 0.45
    light = _blob(u, v, (-118, 224), 96, 52) * 0.8 + _blob(u, v, (96, 214), 70, 30) * 0.3
    folds = _soft(u - 120, 90) * 0.5 + _soft(v - 230, 60) * 0.5
    arms = np.exp(-((away([(-150, 250), (-158, 300)], u, v) / 7) ** 2)) * 0.5
    arms += np.exp(-((away([(150, 250), (158, 300)], u, v) / 7) ** 2)) * 0.5
    return Plate(np.stack([neck, sweater, light - folds - arms - rib]), -268, 40)


def backdrop() -> NDArray[np.float32]:
    """Colour at the canvas's nodes: a soft light behind the head."""
    at = (np.arange(CELLS + 3) - 1.0) * CELL_PX
    x, y = np.meshgrid(at, at)
    glow = np.exp(-(((x - 216) / 250) ** 2 + ((y - 190) / 240) ** 2))
    mix = [
        dark + (light - dark) * glow
        for dark, light in zip(colour.BACKDROP_DARK, colour.BACKDROP_LIGHT, strict=True)
    ]
    nodes: NDArray[np.float32] = np.stack(mix).round(3).astype(np.float32)
    return nodes


def sample(graph: Graph, plate: Plate, u: Tensor, v: Tensor) -> list[Tensor]:
    """A plate's fields at resting positions [B, rows, columns], as [B, rows, columns] each."""
    count, height, width = plate.fields.shape
    # Rounded, because the last bit of an exponential is not the same on every machine.
    held = np.clip(plate.fields, -EDGE_PX, EDGE_PX).round(3).astype(np.float16)
    texture = graph.constant(held[None]).to(FLOAT)
    # GridSample counts from -1 at the first texel to 1 at the last.
    across = (u - plate.left) * (2 / TEXEL_PX / (width - 1)) - 1.0
    along = (v - plate.top) * (2 / TEXEL_PX / (height - 1)) - 1.0
    last = np.array([3], np.int64)
    grid = graph.op(
        "Concat",
        graph.op("Unsqueeze", across, last),
        graph.op("Unsqueeze", along, last),
        axis=3,
    )
    shape = graph.op("Shape", u)
    # The batch rides along the rows, so that one texture serves every picture.
    columns = graph.op("Slice", shape, np.array([2], np.int64), np.array([3], np.int64))
    before, after = np.array([1, -1], np.int64), np.array([2], np.int64)
    rows = graph.op("Concat", before, columns, after, axis=0)
    sampled = graph.op(
        "GridSample",
        texture,
        graph.op("Reshape", grid, rows),
        mode="bilinear",
        padding_mode="border",
        align_corners=1,
    )
    parts = (
        [sampled]
        if count == 1
        else graph.ops("Split", sampled, np.ones(count, np.int64), outputs=count, axis=1)
    )
    return [graph.op("Reshape", part, shape) for part in parts]


def ramp(shade: Tensor, base: Colour, dark: Colour, light: Colour) -> tuple[Tensor, Tensor, Tensor]:
    """Colour for a shade: `dark` at -1, `base` at 0, `light` at 1."""
    up = shade.clip(0.0, 1.0)
    down = shade.clip(-1.0, 0.0)
    y, u, v = (
        up * (lit - middle) + down * (middle - deep) + middle
        for middle, deep, lit in zip(base, dark, light, strict=True)
    )
    return y, u, v


class Bust:
    """Paints the bust, back to front. `head` is the window that features are painted on; it has
    to be laid onto the canvas after them."""

    def __init__(self, canvas: Canvas, controls: Controls, pose: Pose) -> None:
        self.graph = canvas.graph
        self.controls = controls
        self.pose = pose
        self._paint_body(Window(canvas, None, rows=28, columns=CELLS))
        centre = pose.in_picture(0.0, -20.0, Depth(0.0, 0.0))
        self.head = Window(canvas, centre, rows=48, columns=44)
        self._paint_ears()
        self._paint_face()
        self._paint_hair()

    def _paint_body(self, window: Window) -> None:
        x, y = window.nodes()
        # The neck goes along with the head at its top and rests in the shoulders.
        rise = ((CENTRE_Y_PX + 195.0 - y) * (1 / 90)).smooth()
        lean = self.pose.x + self.pose.roll_sin * 60.0 + self.pose.yaw * 6.0
        u = x - CENTRE_X_PX - lean * (rise * 0.55 + 0.45)
        v = y - CENTRE_Y_PX - self.pose.y * (rise * 0.35 + 0.65)
        neck, sweater, shade = sample(self.graph, body_plate(), u, v)
        under_chin = ((v - 150.0) * (-1 / 46)).smooth() * 0.95
        side = ((u - 4.0) * (1 / 60)).smooth() * 0.4
        skin = ramp(0.15 - under_chin - side, colour.SKIN, colour.SKIN_SHADE, colour.SKIN_LIGHT)
        neck_edge, sweater_edge = window.spread(neck, sweater)
        window.paint(edge(neck_edge), window.shaded(*skin))
        cloth = ramp(shade, colour.SWEATER, colour.SWEATER_DARK, colour.SWEATER_LIGHT)
        window.paint(edge(sweater_edge), window.shaded(*cloth))
        window.lay()

    def _paint_ears(self) -> None:
        for sign in (-1.0, 1.0):
            centre = self.pose.in_picture(EAR_U_PX * sign, EAR_V_PX, EARS)
            window = Window(self.head, centre, rows=10, columns=8)
            u, v = window.spread(*self.pose.at_rest(*window.nodes(), EARS))
            v = v - EAR_V_PX
            # Ears lean outwards at the top.
            u = u * sign + v * 0.16 - EAR_U_PX
            ear = oval(u, v, 0.0, 0.0, 17.0, 30.0)
            window.paint(edge(ear), colour.SKIN)
            window.paint(edge(ear) * (0.3 + 0.25 * sign), colour.SKIN_SHADE)
            window.paint(spot(u, v, 3.0, 0.0, 11.0, 22.0) * 0.7, colour.SKIN_SHADE)
            window.paint(line(ear - 5.0, 0.7) * (u * (1 / 6.0)).unit() * 0.35, colour.CREASE)
            window.lay()

    def _paint_face(self) -> None:
        u, v = self.pose.at_rest(*self.head.nodes(), FACE)
        distance, shade, stubble = sample(self.graph, face_plate(), *self._jaw(u, v))
        skin = ramp(shade, colour.SKIN, colour.SKIN_SHADE, colour.SKIN_LIGHT)
        warmth = self._blush(u, v)
        y, cb, cr = (
            part.towards(warm, warmth).towards(rough, stubble)
            for part, warm, rough in zip(skin, colour.BLUSH, colour.STUBBLE, strict=True)
        )
        self.head.paint(edge(*self.head.spread(distance)), self.head.shaded(y, cb, cr))

    def _paint_hair(self) -> None:
        u, v = self.pose.at_rest(*self.head.nodes(), HAIR)
        distance, sheen = sample(self.graph, hair_plate(), u, v)
        tone = ramp(sheen, colour.HAIR, colour.HAIR_DARK, colour.HAIR_LIGHT)
        self.head.paint(edge(*self.head.spread(distance)), self.head.shaded(*tone))

    def _jaw(self, u: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Where a point of the moved face came from: the chin drops, slides and juts, and
        cheeks blow up."""
        control = self.controls
        below = ((v - 58.0) * (1 / 84)).smooth()
        drop = control.mix(jawOpen=30.0, jawForward=4.0, mouthShrugLower=-3.0)
        slide = control.mix(jawLeft=11.0, jawRight=-11.0)
        puffed = (1.0 - (v - 62.0).square() * (1 / 46**2)).relu()
        wider = control["cheekPuff"] * 0.085
        # A long face is a narrower one.
        narrower = below * control["jawOpen"] * 0.08 - puffed * wider
        return (u - below * slide) * (narrower + 1.0), v - below * drop

    def _blush(self, u: Tensor, v: Tensor) -> Tensor:
        """Warm cheeks, which smiling and squinting lift and brighten."""
        total: Tensor | None = None
        for side, name in ((1.0, "Left"), (-1.0, "Right")):
            lift = self.controls.mix(
                **{f"mouthSmile{name}": 6.0, f"cheekSquint{name}": 11.0, "cheekPuff": -6.0}
            )
            across = (u - side * 53.0) * (1 / 32)
            along = (v - 42.0 + lift) * (1 / 25)
            spot = (1.0 - across.square() - along.square()).relu()
            strength = lift.relu() * 0.022 + self.controls["cheekPuff"] * 0.15 + 0.26
            part = spot.square() * strength
            total = part if total is None else total + part
        assert total is not None
        return total
