"""Writes the end of a persona file: the figure where the head has carried it, before its room.

What the net adds up is moved apart, for moving is linear: the plate, which never changes, is taken
from rows of bytes made when the file is opened, and only what the face changes is fetched from a
picture of its own. Bands of the picture are drawn one after the other, so that what they come from
fits into a processor's cache, and of each only the part that the figure may reach; the rest is the
room. Values are codes of video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.render.composition import Composition, Over, Region
from livekit_plugins_avatar.render.compositor import CELL_PX
from livekit_plugins_avatar.tools.portrait.blocks import Blocks, corners
from livekit_plugins_avatar.tools.portrait.graph import Graph, Tensor
from livekit_plugins_avatar.tools.portrait.planes import (
    eighths,
    fetched,
    finer,
    interleaved,
    ramps,
    shifted,
)

from .carried import UNIT_PX, Carried, Floats

SIDE_PX, ROWS_PX, WIDE_PX = 512, 544, 912
"""The picture's side, the rows of its plate, the width of the wide picture."""

FACE = (160, 128, 192, 272)
"""Left, top, width and height of what a face at rest changes: `net.FACE`."""

NEUTRAL = 128.0
"""Chroma without colour."""

BAND_PX = 128

LIGHT_PX = 8
"""Light is moved at places so many pixels apart."""

WALL_PX = 16
"""The figure is kept before a wall that is known so coarsely: its outline then stays within bytes,
whatever is behind it."""

END = 2**31 - 1
"""Behind the last place of an axis."""

EVEN = 2
"""A band begins and ends at a multiple of so many blocks."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which blocks of 2 x 2 pixels may show something, bool [256, 256] each.

    Args:
        face: What a face changes.
        figure: The figure.
        lit: Places of the plate on which light may fall, bool [1, 1, 68, 64].
    """

    face: NDArray[np.bool_]
    figure: NDArray[np.bool_]
    lit: NDArray[np.bool_]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Around what a face changes: the first row, that after the last, columns likewise."""
        rows, columns = (np.flatnonzero(self.face.any(axis=axis)) for axis in (1, 0))
        return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


class End:
    """Writes nodes after those of the net.

    Args:
        graph: To write to.
        changed: Codes of luma and chroma of what the face changes in `FACE`.
        names: Values of the file: luma and chroma of what the light adds, known every 8 and every
            16 pixels; what the head's motion depends on.
        splines: Of the head's motion, as of `Carried`.
        reach: Of the head.
    """

    def __init__(
        self,
        graph: Graph,
        changed: tuple[Tensor, Tensor],
        names: Sequence[str],
        splines: dict[str, Floats],
        reach: Reach,
    ) -> None:
        self.graph = graph
        self._changed = self._changes(*changed)
        self._carried = Carried(graph, names[2], splines)
        self._reach = reach
        self._light = self._lit(*(graph.input(name) for name in names[:2]))
        luma, chroma = (graph.input(f"net.wall_{kind}") * 255.0 for kind in ("luma", "chroma"))
        self._wall = (luma, chroma)
        self._still = [plane.codes(0) for plane in self._wall]
        kind = {"kernel_shape": [WALL_PX, WALL_PX], "strides": [WALL_PX, WALL_PX]}
        coarse = graph.node("AveragePool", luma, **kind)
        self._plate = self._blocks(coarse.enlarged(WALL_PX))
        self._regions: list[Region] = []

    def write(self) -> None:
        """The nodes; the outputs are `i420` and `i420_wide`."""
        graph = self.graph
        batch = graph.node("Shape", graph.input("face"))
        batch = graph.joined([graph.node("Slice", batch, graph.whole(0), graph.whole(1))], 0)
        self._batch = graph.joined([batch, graph.whole(1, 1, 1)], 0)
        bands = [self._band(top) for top in range(0, SIDE_PX, BAND_PX)]
        still = [graph.joined([whole[kind] for whole, _ in bands], 2) for kind in (0, 1)]
        luma, chroma = self._with_face(still, [face for _, face in bands if face])
        half = SIDE_PX // 2
        square = [luma.reshaped(-1, SIDE_PX, SIDE_PX), chroma.reshaped(-1, half, SIDE_PX)]
        graph.named(graph.joined(square, 1), "i420")
        # Of finished bytes: where only the square picture is asked for, it costs nothing.
        luma, chroma = graph.input("i420").split(SIDE_PX, half, axis=1)
        wide = [
            self._with_sides(luma.reshaped(-1, 1, SIDE_PX, SIDE_PX), "luma", 1),
            self._with_sides(chroma.reshaped(-1, 2, half, half), "chroma", 2),
        ]
        rows = [wide[0].reshaped(-1, SIDE_PX, WIDE_PX), wide[1].reshaped(-1, half, WIDE_PX)]
        graph.named(graph.joined(rows, 1), "i420_wide")

    def composition(self) -> Composition:
        """What the file says of its end, once it is written."""
        graph, cells = self.graph, SIDE_PX // LIGHT_PX
        fine = finer(cells, LIGHT_PX // CELL_PX)
        light = eighths(graph, fine) @ self._light @ eighths(graph, fine.T)
        motion = self._carried.quarters()
        luma, (share, there), rough = self._plate.planes()
        wall_luma, wall_chroma = (plane.name for plane in self._still)
        return Composition(
            motion=motion.name,
            light=light.name,
            near=tuple(luma._replace(right=k % 2, down=k // 2) for k in range(4)),
            smooth=(*rough, share, there),
            wall_luma=wall_luma,
            wall_chroma=wall_chroma,
            black=0,
            regions=tuple(self._regions),
            over=Over(motion.name, *self._over, FACE[0] - 2, FACE[1] - 2),
        )

    def _with_sides(self, middle: Tensor, kind: str, planes: int) -> Tensor:
        sides = [
            self.graph.input(f"{side}_{kind}").reshaped(1, planes, SIDE_PX // planes, -1)
            for side in ("left", "right")
        ]
        left, right = (self.graph.node("Expand", side, self._batch) for side in sides)
        return self.graph.joined([left, middle, right], 3)

    def _blocks(self, dim: Tensor) -> Blocks:
        """What blocks are taken from: luma, before a dim wall; what the figure adds to the chroma,
        how much of a block it covers, and the dim wall. Every second pixel of these is a block's
        own."""
        graph = self.graph
        luma, chroma = (graph.input(f"net.{kind}") * 255.0 for kind in ("luma", "chroma"))
        cover = graph.input("net.cover").halved()
        free = 1.0 - cover
        bare = free * (self._wall[1] - NEUTRAL)
        fine = graph.joined([chroma - bare, cover * 255.0], 1).enlarged(2, "asymmetric")
        there = dim.codes(0)
        near = (luma - _repeated(free) * (self._wall[0] - there.floats())).codes(0)
        first, second, share = (plane.codes(0) for plane in fine.split(1, 1, 1, axis=1))
        return Blocks(near, [share, there], [first, second], (SIDE_PX, ROWS_PX))

    def _changes(self, luma: Tensor, chroma: Tensor) -> Tensor:
        """What the face changes, four copies of luma, each shifted by a pixel, and chroma, with a
        pixel more on every side, [B, 6, h, w]."""
        rows, columns = FACE[3] + 2, FACE[2] + 2
        blocks = chroma.framed(1, 2, 1, 2)
        fine = blocks.enlarged(2, "asymmetric").window(1, 1 + rows, 1, 1 + columns)
        framed = luma.framed(2, 3, 2, 3)
        self._over = (framed.name, blocks.name)
        return self.graph.joined([*shifted(framed.window(1, rows + 2, 1, columns + 2)), fine], 1)

    def _lit(self, luma: Tensor, chroma: Tensor) -> Tensor:
        """What the light adds where the head has carried it, at every eighth pixel: luma and
        chroma, [3, B, 64, 64]."""
        graph = self.graph
        light = graph.joined([luma, chroma.enlarged(2)], 1)
        light = light * graph.constant(self._reach.lit * 255.0)
        source = (SIDE_PX + 2 * LIGHT_PX, ROWS_PX + 2 * LIGHT_PX)
        scale = graph.constant(2 * UNIT_PX / np.array(source).reshape(1, 2, 1, 1))
        window = (LIGHT_PX, LIGHT_PX, SIDE_PX, SIDE_PX)
        where = self._carried.cells * scale + ramps(graph, window, source, LIGHT_PX, LIGHT_PX / 2)
        found = fetched(light.framed(1, 1, 1, 1, "edge"), where.turned(0, 2, 3, 1))
        return found.turned(1, 0, 2, 3)

    def _band(self, top: int) -> tuple[list[Tensor], tuple[Tensor, Tensor] | None]:
        """Some rows of the figure, its face at rest: bytes of luma, [B, 1, H, 512], and of chroma,
        [B, 2, H / 2, 256]; codes and motion of the blocks that a face may change, if there are any.
        """
        graph, (upper, lower, begin, end) = self.graph, self._reach.box
        first, last = top // 2, (top + BAND_PX) // 2
        seen = np.flatnonzero(self._reach.figure[first:last].any(axis=0))
        left = min(int(seen[0]), begin) // EVEN * EVEN
        right = -(-max(int(seen[-1]) + 1, end) // EVEN) * EVEN
        self._regions.append(Region(2 * left, top, 2 * (right - left), BAND_PX))
        motion = self._carried.window(first, last, left, right)
        codes = self._drawn(motion, first, last, left, right)
        whole = []
        planes = _planes(codes.codes(0), last - first, right - left)
        for still, middle, by in zip(self._still, planes, (2, 1), strict=True):
            sides = []
            for start, stop in ((0, left), (right, SIDE_PX // 2)):
                part = still.window(first * by, last * by, start * by, stop * by)
                sides.append(graph.node("Expand", part, self._batch))
            whole.append(graph.joined([sides[0], middle, sides[1]], 3))
        rows = max(upper, first) - first, min(lower, last) - first
        if rows[0] >= rows[1]:
            return whole, None
        face = (*rows, begin - left, end - left)
        return whole, (codes.window(*face), motion.window(*face))

    def _with_face(
        self, still: Sequence[Tensor], faces: Sequence[tuple[Tensor, Tensor]]
    ) -> list[Tensor]:
        """Bytes of luma and chroma with what the face changes.

        Args:
            still: The same with the face at rest.
            faces: Of each band the codes and the motion of what it may change.
        """
        top, bottom, left, right = self._reach.box
        codes, motion = (self.graph.joined(list(parts), 2) for parts in zip(*faces, strict=True))
        source = (FACE[2] + 2, FACE[3] + 2)
        corner = 2 * left - FACE[0] + 1, 2 * top - FACE[1] + 1
        box = (*corner, 2 * (right - left), 2 * (bottom - top))
        scale = self.graph.constant(2 / np.array(source).reshape(1, 2, 1, 1))
        places = motion * scale + ramps(self.graph, box, source, 2)
        moved = fetched(self._changed, places.turned(0, 2, 3, 1)).turned(1, 0, 2, 3)
        face = _planes((codes + moved).codes(0), bottom - top, right - left)
        return [
            _within(picture, part, (top * by, bottom * by, left * by, right * by))
            for picture, part, by in zip(still, face, (2, 1), strict=True)
        ]

    def _drawn(self, motion: Tensor, first: int, last: int, left: int, right: int) -> Tensor:
        """Codes of the blocks in a window whose motion is given, the face at rest: four pixels of
        luma, then chroma, [6, B, h, w]."""
        graph, height, width = self.graph, last - first, right - left
        at = motion + corners(graph, 2 * left, 2 * first, width, height)
        near, drawn, own = self._plate.taken(at, (width, height))
        cover, there = drawn.split(1, 1, axis=0)
        bright, tint = self._light_in(first, last, left, right).split(1, 2, axis=0)
        blocks, wall = self._behind(first, last, left, right)
        free = 1.0 - cover * (1 / 255)
        near = near + (bright - there * free) + blocks * free
        return graph.joined([near, own + tint + wall * free], 0)

    def _behind(self, first: int, last: int, left: int, right: int) -> tuple[Tensor, Tensor]:
        """The wall in a window: luma [4, 1, h, w], and chroma less what has no colour,
        [2, 1, h, w]."""
        height, width = last - first, right - left
        blocks = self._wall[0].window(2 * first, 2 * last, 2 * left, 2 * right)
        blocks = blocks.reshaped(1, height, 2, width, 2).turned(2, 4, 0, 1, 3)
        chroma = self._wall[1].window(first, last, left, right).reshaped(2, 1, height, width)
        return blocks.reshaped(4, 1, height, width), chroma - NEUTRAL

    def _light_in(self, first: int, last: int, left: int, right: int) -> Tensor:
        """What the light adds in a window, [3, B, h, w]."""
        cells, blocks = SIDE_PX // LIGHT_PX, LIGHT_PX // 2
        rows = finer(cells, blocks, (-first, last - first))
        columns = finer(cells, blocks, (-left, right - left)).T
        used = np.flatnonzero(rows.any(axis=0))
        top, bottom = int(used[0]), int(used[-1]) + 1
        light = self._light.window(top, bottom, 0, cells) @ eighths(self.graph, columns)
        return eighths(self.graph, rows[:, top:bottom]) @ light


def _planes(codes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Bytes of blocks, as of `End._drawn`, as pictures: [B, 1, 2 h, 2 w] and [B, 2, h, w]."""
    luma, chroma = codes.split(4, 2, axis=0)
    whole = interleaved(luma, 2 * height, 2 * width)
    return whole.reshaped(-1, 1, 2 * height, 2 * width), chroma.turned(1, 0, 2, 3)


def _within(picture: Tensor, part: Tensor, box: tuple[int, int, int, int]) -> Tensor:
    """A picture with another part: the first row, that after the last, columns likewise."""
    top, bottom, left, right = box
    beside = [picture.window(top, bottom, 0, left), picture.window(top, bottom, right, END)]
    middle = picture.graph.joined([beside[0], part, beside[1]], 3)
    return picture.graph.joined([picture.part(0, top, 2), middle, picture.part(bottom, None, 2)], 2)


def _repeated(planes: Tensor) -> Tensor:
    """[A, B, H, W] with each pixel four times."""
    scales = planes.graph.constant(np.array([1, 1, 2, 2], np.float32))
    kind = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    return planes.graph.node("Resize", planes, None, scales, nearest_mode="floor", **kind)
