"""The drawing of a face as an ONNX graph: from FaceState to planes of video.

The picture at rest is moved as the skin and the head move, before the wall, all in one step. Around
mouth and eyes it is first drawn with the head at rest: what lies above a slit and what lies below
are moved apart and laid over the eyeball or the inside of the mouth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from ...face.state import INDEX
from .blocks import corners
from .canvas import SIDE_PX
from .composed import composed
from .cutout import Cutout
from .eye_graph import EYES, with_lids
from .eyes import Eyeball
from .eyes_closed import ShutLids
from .frame import on_wall
from .graph import Graph, Tensor
from .head import CELL_PX, CELLS, LIMITS, POSE, POWERS, TURNS, Head
from .inverse import SMOOTH, origins
from .layers import Layers
from .motion import SEAL, STEP, Motion
from .mouth import Inside
from .openings import EYE_MARGIN, MARGIN, Openings, Skin
from .planes import (
    BLACK,
    GREY,
    WHOLE,
    Wall,
    fetched,
    figure_blocks,
    interleaved,
    ramps,
    shifted,
)
from .regions import MOST, Reach, bands
from .sampling import Floats
from .sharpness import crowded, lost, regained_blocks, slope_of, within
from .wide import Sides, beside
from .window import WIDER_MOST, Window, across, around, eye_windows, fade, mouth_window

BLINK_LATE = 0.25
"""At half its weight a blink has brought lids down by 0.44 of their way, which ends beyond the
lower lids: of two rendered people nets see 0.64 and 0.66 of the opening then."""

SHUT_FROM = 0.005
"""Lips that close over a jaw that is open by no more than this hardly press each other."""

RIM_PX = 1
"""At the picture's own rim nothing is fetched from beyond this."""


@dataclass(frozen=True, slots=True)
class Ingredients:
    """All that a face is drawn from.

    Args:
        plate: The picture, RGB [512, 512, 3].
        lids: The same with lids that go on above their folds.
        layers: The same as figure and wall.
        cutout: The figure alone, kept in the file for another background.
        motion, head, inside: See there.
        shade: Gains, [rows, columns, fields + 3], as `shade_of` gives them.
        eyes: By side.
        edges: Distances into what lies above and below the slits, and into the lids, [512, 512]
            each.
        lean: What is left of each field's weight, for expressions that the picture already shows.
        sealed: Whether the lips always rest shut.
        shut: The lids of another picture, if there is one.
        sides: What is beside the picture in a wide one, if the persona has that.
    """

    plate: Floats
    lids: Floats
    layers: Layers
    cutout: Cutout
    motion: Motion
    shade: Floats
    head: Head
    eyes: dict[str, Eyeball]
    inside: Inside
    edges: tuple[Floats, Floats, Floats]
    lean: Floats
    sealed: bool
    shut: ShutLids | None = None
    sides: Sides | None = None


class Drawing:
    """Writes the graph.

    Args:
        parts: What to draw from.
    """

    def __init__(self, parts: Ingredients) -> None:
        self.parts = parts
        self.graph = graph = Graph()
        self.face = graph.input("face")
        self.weights, self.pose = self._weights(), self._pose()
        left, top, right, bottom = (side * STEP for side in parts.motion.box)
        self.box = Window(left, top, right - left, bottom - top)
        eyes = eye_windows([parts.eyes[name] for name in EYES], self.box)
        below = max(window.bottom for window in eyes)
        self.windows = [*eyes, mouth_window(parts.inside, self.box, below)]
        self.inner = around(self.windows)
        self.reach = Reach(parts.head)
        layers = parts.layers
        self.wall = Wall(graph, layers.wall_luma, layers.wall_chroma)
        self.figure = figure_blocks(graph, layers.luma, layers.chroma, layers.matte, self.wall)
        for name, codes in parts.cutout.outline(layers.luma, layers.chroma).items():
            graph.bytes_(codes, name)

    def write(self) -> Graph:
        """The graph, with its output named `i420`, and `i420_wide` where there are sides."""
        graph = self.graph
        moved, gain = self._skin()
        self._splines = {step: graph.constant(_spline(step)) for step in (2, STEP)}
        self.nodes = self._head_nodes()
        skin = graph.joined([moved, gain], 1)
        self.around = self.reach.around(self.box)
        self.moves = self._moves(self._skin_turned(skin))
        self.shown = self.reach.around(self.inner)
        self.openings = self._openings()
        regions = bands(self.reach, self.parts.layers.matte, self.box)
        frame = on_wall(self.wall, self.face, regions, [self._region(each) for each in regions])
        graph.named(frame, "i420")
        graph.composition = composed(self.figure, self._motions, self._over, self.inner, regions)
        if self.parts.sides:
            graph.named(beside(graph.input("i420"), self.parts.sides), "i420_wide")
        return graph

    def _weights(self) -> Tensor:
        """Weight of each field, [B, fields]."""
        parts = self.parts
        names = parts.motion.names
        units = self.face.columns([INDEX[name] for name in names if name != SEAL])
        units = with_lids(self.face, units, names[:-1]).clip(0, 1)
        late = np.array([[BLINK_LATE * name.startswith("eyeBlink") for name in names[:-1]]])
        units = units - (units - units * units) * self.graph.constant(late)
        units = units * self.graph.constant(parts.lean[None, :-1])
        jaw, close, *press = (
            self.face.columns([INDEX[name]])
            for name in ("jawOpen", "mouthClose", "mouthPressLeft", "mouthPressRight")
        )
        if parts.sealed:
            seal = jaw * 0.0 + 1.0
        else:
            share = (close / (jaw + SHUT_FROM)).clip(0, 1)
            pressed = (press[0] + press[1]) * 1.5
            seal = self.graph.node("Max", pressed, share * share * 1.3).clip(0, 1)
        return self.graph.joined([units, seal], 1)

    def _pose(self) -> Tensor:
        """The head's pose in shares of `LIMITS`, [B, 6]."""
        pose = self.face.columns([INDEX[name] for name in POSE])
        most = (self.graph.constant(-MOST[None]), self.graph.constant(MOST[None]))
        return (pose / self.graph.constant(LIMITS[None])).within(*most)

    def _skin(self) -> tuple[Tensor, Tensor]:
        """Where the skin's nodes come from with the head at rest, in nodes, and what light adds to
        them as a share; draws mouth and eyes."""
        parts, motion = self.parts, self.parts.motion
        corner = (-self.box.left, -self.box.top)
        at = [window.moved(*corner) for window in self.windows]
        whole = Window(0, 0, self.box.width, self.box.height)
        margins = (EYE_MARGIN, EYE_MARGIN, MARGIN)
        cuts = [w.grown(m * STEP).within(whole) for w, m in zip(at, margins, strict=True)]
        fields = [motion.below[cut.cells(STEP)] for cut in cuts]
        like = {4 + number: cut.cells(STEP) for number, cut in enumerate(cuts[:2])}
        fields += [(motion.lids - motion.above)[cells] for cells in like.values()]
        fields = [field / STEP for field in (motion.above, *fields)]
        above, *found = origins(self.weights, fields, like)
        gain = self._gain(above)
        within = [w.moved(-c.left, -c.top).halved(STEP) for w, c in zip(at, cuts, strict=True)]
        nodes = [window.halved(STEP) for window in at]
        over, light = ([_cut(each, window) for window in nodes] for each in (above, gain))
        under = [_cut(each, window) for each, window in zip(found, within, strict=False)]
        lids = [_cut(each, window) for each, window in zip(found[3:], within, strict=False)]
        openings = Openings(self.face, parts.plate, parts.lids, parts.edges, parts.shut)
        eyes = Skin(over[:2], under[:2], light[:2], lids)
        mouth = Skin(over[2:], under[2:], light[2:])
        jaw = self.weights.columns([motion.names.index("jawOpen")])
        self.eyes = openings.eyes([parts.eyes[name] for name in EYES], self.windows[:2], eyes)
        self.mouth = openings.mouth(parts.inside, self.windows[2], mouth, jaw)
        return above, gain

    def _gain(self, back: Tensor) -> Tensor:
        """What light adds to the nodes, [B, 1, rows, columns]: kept at every second node, it moves
        with the skin."""
        shade = self.parts.shade
        rows, columns, count = shade.shape
        padded = np.pad(shade, ((0, rows % 2), (0, columns % 2), (0, 0)), "edge")
        small = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2, count)
        table = small.mean(axis=(1, 3)).transpose(2, 0, 1).reshape(count, -1)
        turns = self.pose.columns(list(range(len(TURNS))))
        weights = self.graph.joined([self.weights, turns], 1)
        fine = (weights @ self.graph.half(table)).reshaped(-1, 1, *padded[::2, ::2, 0].shape)
        gain = fine.enlarged(2).window(0, rows, 0, columns).clip(-0.5, 0.4)
        unit = self.graph.constant(np.array([2 / columns, 2 / rows]).reshape(1, 2, 1, 1))
        start = ramps(self.graph, (0, 0, columns, rows), (columns, rows))
        return fetched(gain, (back * unit + start).turned(0, 2, 3, 1))

    def _head_nodes(self) -> Tensor:
        """Displacements to where the head's cells come from, in pixels, [B, 2, CELLS, CELLS]."""
        graph, head, pose = self.graph, self.parts.head, self.pose
        factors = graph.joined([pose, pose.columns([0]) * 0.0 + 1.0], 1)
        terms = None
        for k in range(3):
            factor = factors.columns([p[k] if k < len(p) else len(POSE) for p in POWERS])
            terms = factor if terms is None else terms * factor
        assert terms is not None
        return origins(terms, [head.terms / CELL_PX], stages=SMOOTH)[0] * float(CELL_PX)

    def _carried(self, window: Window, step: int) -> Tensor:
        """Displacements to where every so many pixels of a window come from as the head moves, px,
        [B, 2, h, w]: the middles of blocks."""
        rows, columns = (
            self._splines[step].window(first // step, (first + length) // step, 0, CELLS)
            for first, length in ((window.top, window.height), (window.left, window.width))
        )
        return rows @ self.nodes @ columns.turned(1, 0)

    def _turned(self, window: Window, step: int) -> Tensor:
        """The places themselves, -1 to 1 across the picture."""
        box = (window.left, window.top, window.width, window.height)
        places = self._carried(window, step) * (2 / SIDE_PX)
        places = places + ramps(self.graph, box, WHOLE, step, step / 2)
        # Shoulders that rise show what the picture ends with.
        rim = 1 - 2 * RIM_PX / SIDE_PX
        return places.clip(-rim, rim)

    def _skin_turned(self, skin: Tensor) -> Tensor:
        """The skin's own motion and light where the head has carried it, at every fourth pixel of
        `around`, [B, 3, h, w]."""
        unit, shift = across(self.box)
        places = self._turned(self.around, STEP)
        places = places * self.graph.constant(unit) + self.graph.constant(shift)
        return fetched(skin, places.turned(0, 2, 3, 1))

    def _openings(self) -> Tensor:
        """Mouth and eyes with the head at rest, in `inner`, [B, 7, h, w]: four copies of luma,
        chroma, and how much of each block they cover."""
        graph = self.graph
        one = self.face.columns([0]).reshaped(1, -1, 1, 1) * 0.0 + 1.0
        drawn = [*self.eyes.split(1, 1, axis=0), self.mouth]
        parts = []
        for planes, window, cell in zip(drawn, self.windows, self._cells(), strict=True):
            soft = graph.half(fade(window)[None, None])
            planes = planes.reshaped(3, -1, window.height, window.width)
            whole = graph.joined([planes, one * soft], 0)
            above, below = window.top - cell.top, cell.bottom - window.bottom
            parts.append(
                whole.framed(above, below, window.left - cell.left, cell.right - window.right)
            )
        rows = graph.joined([graph.joined(parts[:2], 3), parts[2]], 2)
        luma, more = rows.framed(0, 1, 0, 1).split(1, 3, axis=0)
        blocks = graph.node("AveragePool", more, kernel_shape=[2, 2])
        self._over = luma, more.framed(0, 1, 0, 1).halved()
        return graph.joined([*shifted(luma), blocks], 0).turned(1, 0, 2, 3)

    def _openings_turned(self, window: Window) -> Tensor:
        """`openings` where the head has carried them, in a window, [7, B, h, w]."""
        graph, inner = self.graph, self.inner
        unit, shift = across(inner)
        # Blocks are known by their first pixels.
        shift = shift - 1 / np.array([inner.width, inner.height]).reshape(1, 2, 1, 1)
        places = self._turned(window, 2) * graph.constant(unit) + graph.constant(shift)
        return fetched(self.openings, places.turned(0, 2, 3, 1)).turned(1, 0, 2, 3)

    def _cells(self) -> list[Window]:
        """How eyes and mouth share `inner`."""
        first, second, mouth = self.windows
        inner, middle = self.inner, (first.right + second.left) // 2
        height = mouth.top - inner.top
        return [
            Window(inner.left, inner.top, middle - inner.left, height),
            Window(middle, inner.top, inner.right - middle, height),
            Window(inner.left, mouth.top, inner.width, inner.bottom - mouth.top),
        ]

    def _moves(self, skin: Tensor) -> Tensor:
        """Displacements to where blocks come from, px, and what light adds to them, as a share, of
        the whole picture, [B, 3, 256, 256].

        Args:
            skin: The skin's own, as `_skin_turned` gives it.
        """
        whole, around = Window(0, 0, SIDE_PX, SIDE_PX), self.around
        above, left = around.top // STEP, around.left // STEP
        below, right = ((SIDE_PX - end) // STEP for end in (around.bottom, around.right))
        own = skin.framed(above, below, left, right)
        motion, gain = own.split(2, 1, axis=1)
        carried = self._carried(whole, STEP)
        moves = self.graph.joined([motion * float(STEP) + carried, gain], 1)
        self._motions = moves, carried
        return moves.enlarged(STEP // 2)

    def _region(self, window: Window) -> tuple[Tensor, Tensor]:
        """Draw a window: bytes of luma, [B, H, W], and of chroma, [B, 2, H / 2, W / 2]."""
        height, width = window.height // 2, window.width // 2
        half = window.halved()
        motion, gain = _cut(self.moves, half).split(2, 1, axis=1)
        light = gain.reshaped(1, -1, height, width) + 1.0
        first = corners(self.graph, window.left, window.top, width, height)
        slope = slope_of(motion, width)
        wider = slope.clip(-WIDER_MOST, 0)
        (drawn,) = self.figure.taken(motion + first, (width, height), wider)
        luma, tint, cover, there = drawn.split(4, 2, 1, 1, axis=0)
        fine = _cut(self.wall.luma, window)
        blocks = fine.reshaped(1, height, 2, width, 2).turned(2, 4, 0, 1, 3)
        fine = blocks.reshaped(4, 1, height, width)
        coarse = _cut(self.wall.chroma, half).reshaped(2, 1, height, width)
        behind = 1.0 - cover * (1 / 255)
        luma = (luma - float(BLACK)) * light + (fine - there) * behind
        chroma = (tint - float(GREY)) + coarse * behind
        soft = lost(motion).reshaped(1, -1, height, width) * (cover * (1 / 255))
        soft = soft + crowded(slope).reshaped(1, -1, height, width)
        shown = self.shown.within(window)
        if shown.height > 0 and shown.width > 0:
            part = shown.moved(-window.left, -window.top).halved()
            after = (height - part.bottom, width - part.right)
            over = self._openings_turned(shown).framed(part.top, after[0], part.left, after[1])
            near, colour, share = over.split(4, 2, 1, axis=0)
            luma = luma + (near - luma) * share
            chroma = chroma + (colour - chroma) * share
            again = lost(self._carried(shown, 2)).reshaped(1, -1, part.height, part.width)
            again = again.framed(part.top, after[0], part.left, after[1])
            soft = soft + (again - soft) * share
        luma = regained_blocks(luma, soft * self.graph.constant(within(height)))
        whole = interleaved(luma.codes(BLACK), window.height, window.width)
        return whole, chroma.codes(GREY).turned(1, 0, 2, 3)


def _cut(field: Tensor, window: Window) -> Tensor:
    return field.window(window.top, window.bottom, window.left, window.right)


def _spline(step: int) -> Floats:
    """From cells to the middles of blocks of so many pixels, [512 / step, CELLS]."""
    cells = np.arange(CELLS) * CELL_PX + CELL_PX / 2
    pixels = np.arange(0, SIDE_PX, step) + step / 2
    return np.asarray(CubicSpline(cells, np.eye(CELLS), axis=0)(pixels.clip(cells[0], cells[-1])))
