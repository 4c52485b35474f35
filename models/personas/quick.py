"""Writes the end of a persona file anew, so that one CPU thread draws it faster.

`python -m models.personas.quick man`: takes a file as the net is exported, or one that was written
anew before; gives one that draws the same pictures with the same weights. `export` does it at once.

The net puts the resting figure together and then moves it as the head turns. Moving is linear, so
the parts can be moved apart: the plate, which never changes, is fetched from ready-made copies, and
only what the face changes is copied for each picture. Bands of the picture are drawn one after the
other, so that what they come from fits into a processor's cache.
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from scipy import ndimage

from livekit_plugins_avatar.face.limits import HEAD_LIMITS
from livekit_plugins_avatar.face.state import INDEX, PARAMETERS, POSE_PARAMETERS
from livekit_plugins_avatar.tools.portrait.graph import Graph, Tensor
from livekit_plugins_avatar.tools.portrait.planes import (
    eighths,
    fetched,
    finer,
    interleaved,
    ramps,
    shifted,
)

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources"

SIDE_PX, ROWS_PX, WIDE_PX = 512, 544, 912
"""The picture's side, the rows of its plate, the width of the wide picture."""

FACE = (160, 128, 192, 272)
"""Left, top, width and height of what a face at rest changes: `net.FACE`."""

UNIT_PX = 100.0
"""What 1 of the head's motion stands for: `warp.UNIT_PX`."""

NEUTRAL = 128 / 255
"""Chroma without colour; codes are scaled to [0, 1]."""

_BALL = (0, 0, 76, 60)
"""The picture of an eyeball."""

BAND_PX = 128

PLANES = 7
"""What is known of each block of 2 x 2 pixels: its four lumas, its chroma, how much the figure
covers."""

LIGHT_PX = 8
"""Light is moved at places so many pixels apart."""

POSES, SEED = 300, 0

MARK = "drawn_in"
"""Metadata of files that have been written anew."""


def _places(
    motion: Tensor,
    window: tuple[int, int, int, int],
    source: tuple[int, int],
    step: int = 2,
    first: float = 0.5,
) -> Tensor:
    """Where the pixels of a window come from, by default the first ones of its blocks,
    [B, h, w, 2]; of the motion 1 is `UNIT_PX`."""
    graph = motion.graph
    scale = graph.constant(2 * UNIT_PX / np.array(source).reshape(1, 2, 1, 1))
    return (motion * scale + ramps(graph, window, source, step, first)).turned(0, 2, 3, 1)


class Warp:
    """Moves a picture of the file, as `warp.Warp` does.

    Args:
        name: Of the nodes that did it before.
        luma, chroma: The picture's names.
        source: The part of it to fetch from: left, top, width and height.
        margin: Around what is fetched.
    """

    def __init__(
        self, name: str, luma: str, chroma: str, source: tuple[int, int, int, int], margin: int
    ) -> None:
        self.makes = (f"{name}/DepthToSpace_output_0", f"{name}/GridSample_1_output_0")
        """Names of what it makes: luma and chroma."""
        self.scaled = f"{name}/Mul_output_0"
        """The name of the motion when it was scaled."""
        self._names = (luma, chroma)
        self._source = source
        self._margin = margin

    def write(self, graph: Graph, motion: Tensor) -> None:
        """Write it."""
        left, top, columns, rows = self._source
        width, height = columns - 2 * self._margin, rows - 2 * self._margin
        luma, chroma = (graph.input(name) for name in self._names)
        luma = luma.window(top, top + rows, left, left + columns).framed(0, 1, 0, 1, "edge")
        half = [side // 2 for side in (top, top + rows, left, left + columns)]
        fine = chroma.window(half[0], half[1], half[2], half[3]).enlarged(2, "asymmetric")
        source = graph.joined([*shifted(luma), fine], 1)
        window = (self._margin, self._margin, width, height)
        places = _places(motion, window, (columns, rows)).reshaped(1, -1, width // 2, 2)
        found = fetched(source, places).reshaped(6, -1, height // 2, width // 2)
        near, colour = found.turned(1, 0, 2, 3).split(4, 2, axis=1)
        graph.named(graph.node("DepthToSpace", near, blocksize=2), self.makes[0])
        graph.named(colour, self.makes[1])


WARPS = (
    Warp("/net/face_warp", "net.luma", "net.chroma", (144, 112, 224, 304), 16),
    *(
        Warp(f"/net/{name}", f"net.apertures.{k}.luma", f"net.apertures.{k}.chroma", _BALL, 14)
        for k, name in enumerate(("warp", "warp_1"))
    ),
)
"""Of the skin, and of both eyeballs."""


class End:
    """Writes nodes after those of the net.

    Args:
        names: Values of the file: luma and chroma of what the face changes in `FACE`; luma and
            chroma of what the light adds, known every 8 and every 16 pixels; the head's motion for
            blocks of 2 x 2 pixels and of 4 x 4.
        reach: Which blocks may show something of `FACE`, bool [256, 256].
    """

    def __init__(self, names: Sequence[str], reach: NDArray[np.bool_]) -> None:
        self.graph = graph = Graph()
        self._changed = self._changes(*(graph.input(name) for name in names[:2]))
        self._motion = graph.input(names[4])
        self._light = self._lit(*(graph.input(name) for name in (*names[2:4], names[5])))
        self._reach = reach
        self._wall = [graph.input(f"net.wall_{kind}") for kind in ("luma", "chroma")]
        self._dim = self._wall[0].halved()
        self._source = self._plate()

    def write(self) -> Graph:
        """The nodes; the outputs are `i420` and `i420_wide`."""
        graph = self.graph
        bands = [self._band(top) for top in range(0, SIDE_PX, BAND_PX)]
        luma, chroma = (graph.joined(list(parts), 2) for parts in zip(*bands, strict=True))
        batch = graph.node("Shape", graph.input("face"))
        batch = graph.joined([graph.node("Slice", batch, graph.whole(0), graph.whole(1))], 0)
        shape = graph.joined([batch, graph.whole(1, 1, 1)], 0)

        def with_sides(middle: Tensor, kind: str, planes: int) -> Tensor:
            sides = []
            for side in ("left", "right"):
                still = graph.input(f"{side}_{kind}").reshaped(1, planes, SIDE_PX // planes, -1)
                sides.append(graph.node("Expand", still, shape))
            return graph.joined([sides[0], middle, sides[1]], 3)

        half = SIDE_PX // 2
        square = [luma.reshaped(-1, SIDE_PX, SIDE_PX), chroma.reshaped(-1, half, SIDE_PX)]
        graph.named(graph.joined(square, 1), "i420")
        wide = [
            with_sides(luma, "luma", 1).reshaped(-1, SIDE_PX, WIDE_PX),
            with_sides(chroma, "chroma", 2).reshaped(-1, half, WIDE_PX),
        ]
        graph.named(graph.joined(wide, 1), "i420_wide")
        return graph

    def _plate(self) -> Tensor:
        """What blocks are fetched from, [1, 7, 544, 512].

        Four copies of what the figure adds to the luma of the wall, each shifted by a pixel; what
        it adds to the chroma; how much of a block it covers. The last three lie so that every
        second pixel is a block's own."""
        graph = self.graph
        luma, chroma = graph.input("net.luma"), graph.input("net.chroma")
        cover = graph.input("net.cover").halved()
        added = shifted((luma - self._wall[0]).framed(0, 1, 0, 1, "edge"))
        blocks = graph.joined([chroma - self._bare(cover), cover, cover * self._dim], 1)
        # The wall at the place where a block came from is not quite the one behind it now.
        colour, there = blocks.enlarged(2, "asymmetric").split(3, 1, axis=1)
        return graph.joined([graph.joined(added, 1) + there, colour], 1)

    def _bare(self, cover: Tensor) -> Tensor:
        """Chroma of the wall beside the figure."""
        return (1.0 - cover) * (self._wall[1] - NEUTRAL) + NEUTRAL

    def _changes(self, luma: Tensor, chroma: Tensor) -> Tensor:
        """What the face changes, as of `_plate`, with a pixel more on every side, [B, 6, h, w]."""
        rows, columns = FACE[3] + 2, FACE[2] + 2
        fine = (
            chroma.framed(1, 1, 1, 1).enlarged(2, "asymmetric").window(1, 1 + rows, 1, 1 + columns)
        )
        return self.graph.joined([*shifted(luma.framed(1, 2, 1, 2)), fine], 1)

    def _lit(self, luma: Tensor, chroma: Tensor, motion: Tensor) -> Tensor:
        """What the light adds where the head has carried it, at every eighth pixel, as of `_plate`,
        [7, B, 64, 64]."""
        graph = self.graph
        light = graph.joined([luma, chroma.enlarged(2)], 1).framed(1, 1, 1, 1, "edge")
        source = (SIDE_PX + 2 * LIGHT_PX, ROWS_PX + 2 * LIGHT_PX)
        window = (LIGHT_PX, LIGHT_PX, SIDE_PX, SIDE_PX)
        places = _places(motion.halved(), window, source, LIGHT_PX, LIGHT_PX / 2)
        planes = fetched(light, places).turned(1, 0, 2, 3)
        return planes.columns([0, 0, 0, 0, 1, 2, 0], axis=0)

    def _band(self, top: int) -> tuple[Tensor, Tensor]:
        """Bytes of some rows: luma, [B, 1, H, 512], and chroma, [B, 2, H / 2, 256]."""
        graph, width, height = self.graph, SIDE_PX // 2, BAND_PX // 2
        first, last = top // 2, top // 2 + height
        motion = self._motion.window(first, last, 0, width)
        places = _places(motion, (0, top, SIDE_PX, BAND_PX), (SIDE_PX, ROWS_PX))
        found = fetched(self._source, places.reshaped(1, -1, width, 2))
        found = found.reshaped(PLANES, -1, height, width)
        rows = finer(SIDE_PX // LIGHT_PX, LIGHT_PX // 2, (-first, height))
        columns = finer(SIDE_PX // LIGHT_PX, LIGHT_PX // 2).T
        light = eighths(graph, rows) @ self._light @ eighths(graph, columns)
        wall, bare = self._behind(top)
        cover = graph.node(
            "Slice", found, graph.whole(PLANES - 1), graph.whole(PLANES), graph.whole(0)
        )
        drawn = found + light + (wall - bare * cover)
        if self._reach[first:last].any():
            drawn = drawn + self._moved_changes(top)
        luma, chroma, _ = drawn.codes(0, 1 / 255).split(4, 2, 1, axis=0)
        whole = interleaved(luma, BAND_PX, SIDE_PX)
        return whole.reshaped(-1, 1, BAND_PX, SIDE_PX), chroma.turned(1, 0, 2, 3)

    def _behind(self, top: int) -> tuple[Tensor, Tensor]:
        """The wall in a band, as of `_plate`, and what the figure takes away of it where it covers,
        [7, 1, h, 256]."""
        graph, width, height = self.graph, SIDE_PX // 2, BAND_PX // 2
        first, last = top // 2, top // 2 + height
        blocks = self._wall[0].window(top, top + BAND_PX, 0, SIDE_PX)
        blocks = blocks.reshaped(1, height, 2, width, 2).turned(2, 4, 0, 1, 3)
        blocks = blocks.reshaped(4, 1, height, width)
        colour = self._wall[1].window(first, last, 0, width).reshaped(2, 1, height, width)
        dim = self._dim.window(first, last, 0, width)
        none = dim * 0.0
        wall = graph.joined([blocks, colour, none], 0)
        return wall, graph.joined([dim, dim, dim, dim, colour - NEUTRAL, none], 0)

    def _moved_changes(self, top: int) -> Tensor:
        """What the face changes where the head has carried it, in a band, [7, B, h, 256]."""
        first, height, width = top // 2, BAND_PX // 2, SIDE_PX // 2
        seen = self._reach[first : first + height]
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        above, below = int(rows[0]), int(rows[-1]) + 1
        left, right = int(columns[0]), int(columns[-1]) + 1
        motion = self._motion.window(first + above, first + below, left, right)
        box = (2 * left - FACE[0] + 1, top + 2 * above - FACE[1] + 1)
        window = (*box, 2 * (right - left), 2 * (below - above))
        places = _places(motion, window, (FACE[2] + 2, FACE[3] + 2))
        found = fetched(self._changed, places).turned(1, 0, 2, 3)
        pads = self.graph.whole(0, 0, above, left, 1, 0, height - below, width - right)
        return self.graph.node("Pad", found, pads)


def quick(content: bytes) -> bytes:
    """The file, written anew.

    Raises:
        ValueError: It has been written anew before, or is of another net.
    """
    model = onnx.load_from_string(content)
    if any(entry.key == MARK for entry in model.metadata_props):
        raise ValueError("the file has been written anew before")
    _hold_pose(model)
    makers = {name: node for node in model.graph.node for name in node.output}
    names = [
        *(_added_to(model, makers, f"net.{kind}") for kind in ("luma", "chroma")),
        makers["/net/light/Resize_output_0"].input[0],
        makers["/net/light/Resize_1_output_0"].input[0],
        "/net/head/Resize_output_0",
        makers["/net/head/Resize_output_0"].input[0],
    ]
    end = End(names, _reach(model, names[4])).write()
    for warp in WARPS:
        motion = makers[warp.scaled].input[0]
        warp.write(end, end.input(motion))
        names.append(motion)
        for name in warp.makes:
            del makers[name]
    kept = _needed(makers, [*names, *_KEPT])
    nodes = [node for node in model.graph.node if id(node) in kept]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    end.add_to(model.graph)
    _sort(model.graph)
    used = {name for node in model.graph.node for name in node.input}
    weights = [weight for weight in model.graph.initializer if weight.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    model.metadata_props.add(key=MARK, value="bands")
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


_KEPT = (
    "net.luma", "net.chroma", "net.cover", "net.wall_luma", "net.wall_chroma",
    *(f"net.apertures.{k}.{kind}" for k in (0, 1) for kind in ("luma", "chroma")),
)  # fmt: skip
"""What of the weights new nodes take."""


def _hold_pose(model: onnx.ModelProto) -> None:
    """Keep the pose within what was learnt: beyond it a face would leave what is copied of it."""
    for place, node in enumerate(model.graph.node):
        if node.op_type == "Mul" and "net.pose_scale" in node.input:
            held, node.output[0] = node.output[0], f"{node.output[0]}_asked"
            for name, value in (("pose_least", -1.0), ("pose_most", 1.0)):
                number = onnx.numpy_helper.from_array(np.float32(value), name)
                model.graph.initializer.append(number)
            clip = onnx.helper.make_node(
                "Clip", [node.output[0], "pose_least", "pose_most"], [held], name="pose_held"
            )
            model.graph.node.insert(place + 1, clip)
            return
    raise ValueError("the file has no pose: it is of another net")


def _added_to(model: onnx.ModelProto, makers: dict[str, onnx.NodeProto], plate: str) -> str:
    """The value that is padded and then added to a plate."""
    for node in model.graph.node:
        if node.op_type == "Add" and node.input[0] == plate:
            maker = makers[node.input[1]]
            if maker.op_type == "Pad":
                return str(maker.input[0])
    raise ValueError(f"the file adds nothing to {plate}: it is of another net")


def _sort(graph: onnx.GraphProto) -> None:
    """Put each node after those that make what it takes."""
    waiting = list(graph.node)
    made = {weight.name for weight in graph.initializer} | {"", "face"}
    del graph.node[:]
    while waiting:
        ready = [node for node in waiting if made.issuperset(node.input)]
        if not ready:
            raise ValueError("the file is of another net: what a node takes is not made")
        graph.node.extend(ready)
        made.update(name for node in ready for name in node.output)
        waiting = [node for node in waiting if not made.issuperset(node.output)]


def _needed(makers: dict[str, onnx.NodeProto], names: Sequence[str]) -> set[int]:
    needed: set[int] = set()
    waiting = list(names)
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and id(node) not in needed:
            needed.add(id(node))
            waiting.extend(node.input)
    return needed


def _reach(model: onnx.ModelProto, motion: str) -> NDArray[np.bool_]:
    """Blocks that may show something of `FACE`, for poses at random and the corners of all."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.append(onnx.ValueInfoProto(name=motion))
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    chance = np.random.default_rng(SEED)
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 6)).reshape(6, -1).T
    poses = np.concatenate([corners, chance.uniform(-1, 1, (POSES, 6)), np.zeros((1, 6))])
    columns = [INDEX[name] for name in POSE_PARAMETERS[:6]]
    seen = np.zeros((SIDE_PX // 2, SIDE_PX // 2), bool)
    y, x = np.mgrid[: SIDE_PX // 2, : SIDE_PX // 2] * 2 + 0.5
    for pose in poses:
        face = np.zeros((1, len(PARAMETERS)), np.float32)
        face[0, columns] = pose * HEAD_LIMITS
        moved = session.run([motion], {"face": face})[0][0] * UNIT_PX
        across, down = x + moved[0] - FACE[0], y + moved[1] - FACE[1]
        seen |= (across > -2) & (across < FACE[2] + 1) & (down > -2) & (down < FACE[3] + 1)
    # Poses between these reach a little further.
    return np.asarray(ndimage.binary_dilation(seen, np.ones((5, 5))))


def main() -> None:
    """Write a file anew in its place, and say what its card has to say of it."""
    parser = ArgumentParser(prog="python -m models.personas.quick", description=__doc__)
    parser.add_argument("person")
    parser.add_argument("-o", "--out", type=Path, help="the file (the package's own)")
    args = parser.parse_args()
    target = RESOURCES / f"{args.person}.onnx"
    content = quick(target.read_bytes())
    (args.out or target).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{target.name}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
