"""The drawing of a face as an ONNX graph: from FaceState to planes of video.

The picture at rest is moved as the skin moves; what lies above a slit and what lies below are moved
apart and laid over the eyeball or the inside of the mouth; last, the head is moved before the wall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from ...face.state import INDEX
from .canvas import SIDE_PX
from .eyes import Eyeball
from .graph import Graph, Tensor
from .head import CELL_PX, CELLS, LIMITS, POSE, POWERS, Head
from .motion import SEAL, STEP, Motion
from .mouth import Inside
from .openings import MARGIN, Openings, Skin
from .planes import Fetcher, Places, Planes, places_of
from .sampling import Floats, resized

STAGES = (0.4, 0.8, 1.0, 1.0, 1.0)
"""Shares of the motion at which Newton's steps look for where a node comes from."""

MOVE_MOST, SCALE_LEAST = 3.0, 0.15
"""Nodes of one step, and the least determinant it divides by: where a field folds."""

OUTLINE_LEAST = 0.35
"""The outline's own colour is not guessed from less than this share of it."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a face is drawn from.

    Args:
        plate: The picture, RGB [512, 512, 3], the figure alone at its outline.
        motion, head, inside: See there.
        shade: Gains, [rows, columns, fields].
        eyes: By side.
        edges: Distances into what lies above and below the slits, [512, 512] each.
        lean: What is left of each field's weight, for expressions that the picture already shows.
        sealed: Whether the lips always rest shut.
    """

    plate: Floats
    motion: Motion
    shade: Floats
    head: Head
    eyes: dict[str, Eyeball]
    inside: Inside
    edges: tuple[Floats, Floats]
    lean: Floats
    sealed: bool


class Drawing:
    """Writes the graph.

    Args:
        parts: What to draw from.
    """

    def __init__(self, parts: Ingredients) -> None:
        self.parts = parts
        self.graph = graph = Graph()
        self.face = graph.input("face")
        self.fetch = Fetcher(graph, self.face)
        self.plate = Planes.of(graph, parts.plate)
        self.matte = graph.codes(parts.head.matte[None, None] * 255) * (1 / 255)
        self.fine = self.fetch.batched(self.fetch.shifted(self.plate.luma))
        both = graph.joined([self.plate.chroma, self.matte], 1)
        self.coarse = self.fetch.batched(both)
        self.weights = self._weights()

    def write(self) -> Graph:
        """The graph, with its output named `i420`."""
        frame = self._turned(*self._resting())
        graph = self.graph
        luma, chroma = (
            graph.node("Cast", (plane.clip(0, 255)).apply("Round"), to=2)
            for plane in (frame.luma, frame.chroma)
        )
        rows = graph.joined(
            [luma.reshaped(0, SIDE_PX, SIDE_PX), chroma.reshaped(0, SIDE_PX // 2, SIDE_PX)], 1
        )
        graph.named(rows, "i420")
        return graph

    def _weights(self) -> Tensor:
        """Weight of each field, [B, fields]."""
        parts = self.parts
        names = parts.motion.names
        units = self.face.columns([INDEX[name] for name in names if name != SEAL])
        units = units.clip(0, 1) * self.graph.constant(parts.lean[None, :-1])
        jaw, close, *press = (
            self.face.columns([INDEX[name]])
            for name in ("jawOpen", "mouthClose", "mouthPressLeft", "mouthPressRight")
        )
        if parts.sealed:
            seal = jaw * 0.0 + 1.0
        else:
            share = (close / (jaw + 0.02)).clip(0, 1)
            pressed = (press[0] + press[1]) * 1.5
            seal = self.graph.node("Max", pressed, share * share * 1.3).clip(0, 1)
        return self.graph.joined([units, seal], 1)

    def field(self, values: Floats) -> Tensor:
        """A field [rows, columns, C, fields] for these weights, [B, C, rows, columns]."""
        rows, columns, channels, count = values.shape
        table = values.transpose(3, 2, 0, 1).reshape(count, -1)
        return (self.weights @ self.graph.half(table)).reshaped(-1, channels, rows, columns)

    def origin(self, field: Floats) -> Tensor:
        """Where the nodes of a moving grid come from: displacements in pixels, [B, 2, h, w]."""
        graph = self.graph
        rows, columns = field.shape[:2]
        motion = self.field(field) * (1 / STEP)
        framed = motion.framed(1, 1, 1, 1, "edge")
        right = framed.window(1, rows + 1, 2, columns + 2)
        left = framed.window(1, rows + 1, 0, columns)
        under = framed.window(2, rows + 2, 1, columns + 1)
        over = framed.window(0, rows, 1, columns + 1)
        known = graph.joined([motion, (right - left) * 0.5, (under - over) * 0.5], 1)
        back = motion * 0.0
        size = (columns, rows)
        for stage in STAGES:
            at = self.fetch(known, places_of(back, (0, 0, *size), size, 1), "border") * stage
            off = back + at.channels(0, 2)
            a, b = at.channels(2, 3) + 1.0, at.channels(4, 5)
            c, d = at.channels(3, 4), at.channels(5, 6) + 1.0
            scale = (a * d - b * c).at_least(SCALE_LEAST)
            x, y = off.channels(0, 1), off.channels(1, 2)
            step = graph.joined([(d * x - b * y) / scale, (a * y - c * x) / scale], 1)
            back = back - step.clip(-MOVE_MOST, MOVE_MOST)
        return back * float(STEP)

    def _resting(self) -> tuple[Planes, Tensor]:
        """The picture with the head at rest, and how much of each pixel is the person."""
        motion = self.parts.motion
        left, top, right, bottom = (side * STEP for side in motion.box)
        window = (left, top, right - left, bottom - top)
        back = self.origin(motion.above)
        places = Places.moved(back, STEP, window, (SIDE_PX, SIDE_PX))
        coarse = self.fetch(self.coarse, places.blocks)
        skin = Planes(self.fetch.blocks(self.fine, places), coarse.channels(0, 2))
        size = (motion.above.shape[1], motion.above.shape[0])
        nodes = places_of(back * (1 / STEP), (0, 0, *size), size, 1)
        gain = self.fetch(self._gain(), nodes).enlarged(STEP)
        skin = Planes((skin.luma - 16.0) * gain + 16.0, skin.chroma)
        skin = self._opened(skin, back, gain)
        hole = np.ones((1, 1, SIDE_PX, SIDE_PX))
        hole[..., top:bottom, left:right] = 0
        kept = Planes(
            self.plate.luma * self.graph.codes(hole),
            self.plate.chroma * self.graph.codes(hole[..., ::2, ::2]),
        )
        margins = (top, SIDE_PX - bottom, left, SIDE_PX - right)
        half = [margin // 2 for margin in margins]
        cover = self.matte * self.graph.codes(hole[..., ::2, ::2])
        cover = cover + coarse.channels(2, 3).framed(half[0], half[1], half[2], half[3])
        return kept.put(skin, *margins), cover

    def _gain(self) -> Tensor:
        """Light on the nodes, [B, 1, rows, columns]: kept at every second node."""
        shade = self.parts.shade
        rows, columns, count = shade.shape
        padded = np.pad(shade, ((0, rows % 2), (0, columns % 2), (0, 0)), "edge")
        small = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, count)
        gain = self.field(small.mean(axis=(1, 3))[:, :, None]).enlarged(2)
        return gain.window(0, rows, 0, columns).clip(-0.5, 0.4) + 1.0

    def _opened(self, skin: Planes, back: Tensor, gain: Tensor) -> Planes:
        """Draw mouth and eyes into the skin."""
        parts, motion = self.parts, self.parts.motion
        jaw = self.weights.columns([motion.names.index("jawOpen")])
        plate = Planes(self.fetch.batched(self.plate.luma), self.coarse)
        openings = Openings(self.face, self.fetch, motion, plate, parts.edges, jaw)
        for name in ("Right", "Left", "mouth"):
            inner = parts.inside if name == "mouth" else parts.eyes[name]
            window = openings.window(inner)
            shining = gain.window(*window.pixels(motion.left, motion.top))
            above = Skin(back, motion.left, motion.top, shining)
            wide = window.within(motion.box, MARGIN)
            rows = slice(wide.top - motion.top, wide.bottom - motion.top)
            columns = slice(wide.left - motion.left, wide.right - motion.left)
            below = Skin(self.origin(motion.below[rows, columns]), wide.left, wide.top, shining)
            if isinstance(inner, Inside):
                new, window = openings.mouth(inner, above, below)
            else:
                new, window = openings.eye(name, inner, above, below)
            top, bottom, left, right = window.pixels(motion.left, motion.top)
            old = skin.window(top, bottom, left, right)
            change = Planes(new.luma - old.luma, new.chroma - old.chroma)
            height, width = (side * STEP for side in motion.above.shape[:2])
            skin = skin.put(change, top, height - bottom, left, width - right)
        return skin

    def _turned(self, figure: Planes, matte: Tensor) -> Planes:
        """The figure as the head moves, before the wall."""
        graph, head = self.graph, self.parts.head
        pose = self.face.columns([INDEX[name] for name in POSE])
        limits = graph.constant(LIMITS[None])
        pose = (pose / limits).clip(-1, 1)
        one = pose.columns([0]) * 0.0 + 1.0
        factors = graph.joined([pose, one], 1)
        terms = None
        for k in range(3):
            factor = factors.columns([p[k] if k < len(p) else len(POSE) for p in POWERS])
            terms = factor if terms is None else terms * factor
        assert terms is not None
        table = head.terms.transpose(3, 2, 0, 1).reshape(len(POWERS), -1)
        nodes = (terms @ graph.half(table)).reshaped(-1, 2, CELLS, CELLS)
        spread = graph.constant(_spline())
        motion = spread @ nodes @ graph.constant(_spline().T)
        whole = (0, 0, SIDE_PX, SIDE_PX)
        places = Places.moved(motion, 2, whole, (SIDE_PX, SIDE_PX))
        # Shoulders that rise show what the picture ends with.
        rim = 1 - 2 / SIDE_PX
        places = Places(places.blocks.clip(-rim, rim), places.source)
        luma = self.fetch.blocks(self.fetch.shifted(figure.luma), places)
        coarse = self.fetch(graph.joined([figure.chroma, matte], 1), places.blocks)
        cover = coarse.channels(2, 3)
        wall = Planes.of(graph, head.wall)
        return Planes(
            wall.luma + (luma - wall.luma) * cover.enlarged(2),
            wall.chroma + (coarse.channels(0, 2) - wall.chroma) * cover,
        )


def _spline() -> Floats:
    """From cells to every second pixel, [256, 64]."""
    cells = np.arange(CELLS) * CELL_PX + CELL_PX / 2
    pixels = np.arange(0, SIDE_PX, 2) + 1.0
    return np.asarray(CubicSpline(cells, np.eye(CELLS), axis=0)(pixels.clip(cells[0], cells[-1])))


def figure_alone(picture: Floats, head: Head) -> Floats:
    """The picture, at the figure's outline without what shines through of the wall."""
    share = resized(head.matte, SIDE_PX, SIDE_PX)[..., None]
    own = (picture - (1 - share) * head.wall) / np.maximum(share, OUTLINE_LEAST)
    return np.where((share > 0.02) & (share < 0.98), np.clip(own, 0, 255), picture)
