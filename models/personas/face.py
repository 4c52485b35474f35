"""Writes what a face changes of its plate: skin that moves, eyeballs between lids, what is painted.

Both eyeballs are drawn at once, and the three reaches of a lid's shadow: the net has hundreds of
small nodes there, each of which takes longer to begin than to compute. What the eyes alone decide
is added up apart from the skin, and so is what the mouth paints (`parts`): a picture in which only
the mouth moves needs one product and two sums more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from livekit_plugins_avatar.tools.portrait.graph import Graph, Tensor
from livekit_plugins_avatar.tools.portrait.planes import fetched, interleaved, ramps, shifted

from .bands import FACE, NEUTRAL
from .boxes import BOXES, EYE_BOXES, Box
from .carried import UNIT_PX

SKIN, SKIN_MARGIN_PX = Box(144, 112, 224, 304), 16
"""Where moved skin comes from: `net.FACE_MARGIN_PX` around `FACE`."""

BALL_MARGIN_PX, BALL_NODES, EDGE_NODES = 14, (9, 7), 13
"""`aperture.MARGIN_PX`, and what it says of the motion of a ball and of the curve of a lid."""

WHITE = 235.0
"""The code of what an eye reflects: `aperture.WHITE`."""

SHADE_REACH_PX = (1.5, 3.0, 6.0)
"""As in `aperture`."""

BALLS = ("net.apertures.1", "net.apertures.0")
"""The eyeballs as they lie in the picture, from left to right: the face's own right one first."""

COUNT = len(BALLS)

UNDER_AND_ABOVE = np.array([1.0, -1.0]).reshape(2, 1, 1)
"""The upper lid covers what is above its curve, the lower one what is below."""

RIGHT, LEFT = EYE_BOXES["Right"], EYE_BOXES["Left"]
WIDTH, HEIGHT = RIGHT.width, RIGHT.height

WHOLE, EYES, MOUTH = Box(*FACE), BOXES["eyes"], Box(160, 240, 192, 160)
"""All that a face changes, and what of it the decoders paint: `net.PAINTED`."""


class Face:
    """What a face changes in `FACE`.

    Args:
        graph: To write to.
        skin: The name of the motion of the skin.
        axes: Columns of the input that decide each of `BALLS`.
    """

    def __init__(self, graph: Graph, skin: str, axes: Sequence[Sequence[int]]) -> None:
        self.graph = graph
        self._skin, self._axes = skin, axes

    def write(self) -> tuple[Tensor, Tensor]:
        """Codes to add to the plate: luma, [B, 1, H, W], and chroma, [B, 2, H / 2, W / 2]."""
        graph = self.graph
        plates = [graph.input(f"net.{kind}") * 255.0 for kind in ("luma", "chroma")]
        luma, chroma = (_part(plate, SKIN, by) for by, plate in enumerate(plates, 1))
        skin = _moved(luma, chroma, graph.input(self._skin), SKIN, SKIN_MARGIN_PX)
        changes = []
        for by, plate, moved, balls in zip((1, 2), plates, skin, self._eyeballs(), strict=True):
            eyes, mouth = (
                graph.input(f"/net/{name}/Mul{'_1' if by == 2 else ''}_output_0") * 255.0
                for name in ("eyes", "mouth")
            )
            share, shown = _in_place(balls, by).split(1, by, axis=1)
            own = _framed(shown + eyes, EYES, by) - _part(plate, WHOLE, by)
            left = _framed(1.0 - share, EYES, by, 1.0)
            changes.append(moved * left + own + _framed(mouth, MOUTH, by))
        luma, chroma = changes
        return luma, chroma

    def _eyeballs(self) -> tuple[Tensor, Tensor]:
        """The share that each eyeball covers of the pixels of its box, and so much of its codes:
        luma, [2 B, 2, H, W], and chroma, [2 B, 3, H / 2, W / 2]."""
        graph = self.graph
        columns = [column for axes in self._axes for column in axes]
        asked = graph.input("face").columns(columns).reshaped(-1, COUNT, len(columns) // COUNT)
        asked = asked.turned(1, 0, 2)
        turned = _powers(asked @ self._both("aim"))
        depths = self._depths(asked)
        upper, lower = graph.node("Sigmoid", depths * self._both("sharpness", 4)).split(
            1, 1, axis=2
        )
        share = (upper * lower).reshaped(COUNT, -1, 1, HEIGHT * WIDTH)
        shine = graph.node("Sigmoid", self._dense(turned, "reflection"))
        shine = shine.reshaped(COUNT, -1, 1, HEIGHT * WIDTH)
        luma, chroma = self._turned(turned)
        dark = luma.reshaped(COUNT, -1, 1, HEIGHT * WIDTH) * self._light(depths)
        lit = share * (dark + shine * (WHITE - dark))
        both = graph.joined([share, shine], 2).reshaped(-1, 2, HEIGHT, WIDTH).halved()
        coarse, shine = both.split(1, 1, axis=1)
        tint = coarse * (chroma + shine * (NEUTRAL - chroma))
        whole = graph.joined([share, lit], 2).reshaped(-1, 2, HEIGHT, WIDTH)
        return whole, graph.joined([coarse, tint], 1)

    def _turned(self, turned: Tensor) -> tuple[Tensor, Tensor]:
        """Codes of the eyeballs, as of `_moved`."""
        graph, (columns, rows) = self.graph, BALL_NODES
        nodes = (turned @ self._both("turn.nodes")).reshaped(-1, 2, rows, columns)
        # Their boxes are of one size, and so are these the same for both.
        down, across = (graph.input(f"net.apertures.0.turn.{way}") for way in ("down", "across"))
        luma, chroma = (
            graph.joined([graph.input(f"{ball}.{kind}") for ball in BALLS], 0) * 255.0
            for kind in ("luma", "chroma")
        )
        around = RIGHT.grown(BALL_MARGIN_PX)
        return _moved(luma, chroma, down @ nodes @ across, around, BALL_MARGIN_PX, COUNT)

    def _depths(self, asked: Tensor) -> Tensor:
        """How far pixels lie under the upper lid and above the lower one, [2, B, 2, H, W], px."""
        edges = self._dense(asked, "lids").reshaped(COUNT, -1, 2, 1, EDGE_NODES)
        curves = self.graph.input("net.apertures.0.columns") * self.graph.constant(UNDER_AND_ABOVE)
        rows = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2).reshape(HEIGHT, 1)
        return self.graph.constant(rows * UNDER_AND_ABOVE) - edges @ curves

    def _light(self, depths: Tensor) -> Tensor:
        """What the lids' shadows leave, [2, B, 1, H W]."""
        count = 2 * len(SHADE_REACH_PX)
        far = self.graph.node("Relu", depths).reshaped(COUNT, -1, 2, 1, HEIGHT * WIDTH)
        fall = self.graph.constant(-1.0 / np.square(SHADE_REACH_PX).reshape(-1, 1))
        near = self.graph.node("Exp", far * far * fall).reshaped(COUNT, -1, count, HEIGHT * WIDTH)
        return 1.0 - self._both("shade").reshaped(COUNT, 1, 1, count) @ near

    def _dense(self, values: Tensor, name: str) -> Tensor:
        """Three layers for each eyeball, [2, B, ...]."""
        for layer in (0, 2, 4):
            weight, bias = (self._both(f"{name}.{layer}.{kind}") for kind in ("weight", "bias"))
            if layer:
                values = values * self.graph.node("Sigmoid", values)
            values = values @ weight.turned(0, 2, 1) + bias.reshaped(COUNT, 1, -1)
        return values

    def _both(self, name: str, more: int = 0) -> Tensor:
        """Numbers of both eyeballs, [2, ...], with so many sides of 1 more."""
        sides = self.graph.whole(*range(1 + more))
        each = (self.graph.input(f"{ball}.{name}") for ball in BALLS)
        return self.graph.joined([self.graph.node("Unsqueeze", one, sides) for one in each], 0)


def _powers(angles: Tensor) -> Tensor:
    """As `aperture.turn_terms`, [2, B, 9]."""
    second = angles.columns([0, 0, 1], 2) * angles.columns([0, 1, 1], 2)
    third = angles.columns([0, 0, 0, 1], 2) * second.columns([0, 1, 2, 2], 2)
    return angles.graph.joined([angles, second, third], 2)


def _moved(
    luma: Tensor, chroma: Tensor, motion: Tensor, size: Box, margin: int, count: int = 1
) -> tuple[Tensor, Tensor]:
    """Some pictures where motion takes them, as `warp.Warp` does it.

    Args:
        luma, chroma: Their codes, [count, 1, H, W] and [count, 2, H / 2, W / 2].
        motion: Of the blocks within a margin, [count * B, 2, h, w].
        size: Of each picture.
        margin: On every side.
        count: How many.

    Returns:
        Codes within the margin: luma, [count * B, 1, 2 h, 2 w], and chroma, [count * B, 2, h, w].
    """
    graph = luma.graph
    width, height = size.width // 2 - margin, size.height // 2 - margin
    near = shifted(luma.framed(0, 1, 0, 1, "edge"))
    source = graph.joined([*near, chroma.enlarged(2, "asymmetric")], 1)
    sides = (size.width, size.height)
    scale = graph.constant(2 * UNIT_PX / np.array(sides).reshape(1, 2, 1, 1))
    places = motion * scale + ramps(graph, (margin, margin, 2 * width, 2 * height), sides, 2)
    # One source serves all faces of a batch: their places follow each other.
    found = fetched(source, places.turned(0, 2, 3, 1).reshaped(count, -1, width, 2))
    found, colour = found.turned(1, 0, 2, 3).reshaped(6, -1, height, width).split(4, 2, axis=0)
    whole = interleaved(found, 2 * height, 2 * width).reshaped(-1, 1, 2 * height, 2 * width)
    return whole, colour.turned(1, 0, 2, 3)


def _in_place(balls: Tensor, by: int) -> Tensor:
    """Planes of both eyeballs, [2 B, C, h, w], where they lie in `EYES`, [B, C, H, W]."""
    ball, eyes, apart = _scaled(RIGHT, by), _scaled(EYES, by), (LEFT.x - RIGHT.x) // by
    beside = balls.framed(0, 0, 0, apart - ball.width)
    beside = beside.reshaped(COUNT, -1, 1 + by, ball.height, apart).turned(1, 2, 3, 0, 4)
    row = beside.reshaped(-1, 1 + by, ball.height, COUNT * apart)
    row = row.window(0, ball.height, 0, apart + ball.width)
    top, left = ball.y - eyes.y, ball.x - eyes.x
    right = eyes.width - left - apart - ball.width
    return row.framed(top, eyes.height - top - ball.height, left, right)


def _framed(planes: Tensor, box: Box, by: int, value: float = 0.0) -> Tensor:
    """Planes of a box as planes of `WHOLE`, with a value around them."""
    within, whole = _scaled(box.within(WHOLE), by), _scaled(WHOLE, by)
    below, right = (
        side - first - length
        for side, first, length in (
            (whole.height, within.y, within.height),
            (whole.width, within.x, within.width),
        )
    )
    graph = planes.graph
    pads = graph.whole(0, 0, within.y, within.x, 0, 0, below, right)
    return graph.node("Pad", planes, pads, value)


def _part(plate: Tensor, box: Box, by: int) -> Tensor:
    part = _scaled(box, by)
    return plate.window(part.y, part.y + part.height, part.x, part.x + part.width)


def _scaled(box: Box, by: int) -> Box:
    """A box in pixels of a plane, of which chroma has one for each second of luma."""
    return box if by == 1 else box.halved
