"""Writes a persona file anew, so that one CPU thread draws it faster.

`python -m models.personas.quick FILE -o man.onnx`: takes a file as the net is exported; gives one
that draws the same pictures. `export` does it at once.

What follows from sizes becomes numbers, what is doubled is convolved before (`simpler`), skin and
eyeballs are fetched by the block, the end is another (`bands`), and what is large is kept in bytes
(`packed`).
"""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from scipy import ndimage

from livekit_plugins_avatar.face.limits import HEAD_LIMITS
from livekit_plugins_avatar.face.state import INDEX, PARAMETERS, POSE_PARAMETERS
from livekit_plugins_avatar.render import composition
from livekit_plugins_avatar.tools.portrait.graph import Graph, Tensor
from livekit_plugins_avatar.tools.portrait.planes import fetched, interleaved, ramps, shifted

from .bands import FACE, LIGHT_PX, SIDE_PX, End, Reach
from .carried import UNIT_PX, Floats
from .packed import pack
from .parts import declare
from .simpler import in_phases, without_shapes

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources"

_BALL = (0, 0, 76, 60)
"""The picture of an eyeball."""

POSES, SEED = 300, 0

COVER_LEAST = 1
"""Codes of a cover that is not seen."""

MARK = "drawn_in"
"""Metadata of files that have been written anew."""


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
        luma, chroma = (graph.input(name) * 255.0 for name in self._names)
        half = [side // 2 for side in (top, top + rows, left, left + columns)]
        fine = chroma.window(half[0], half[1], half[2], half[3]).enlarged(2, "asymmetric")
        near = luma.window(top, top + rows, left, left + columns).framed(0, 1, 0, 1, "edge")
        source = graph.joined([*shifted(near), fine], 1)
        width, height = columns // 2 - self._margin, rows // 2 - self._margin
        scale = graph.constant(2 * UNIT_PX / np.array([columns, rows]).reshape(1, 2, 1, 1))
        box = (self._margin, self._margin, 2 * width, 2 * height)
        places = motion * scale + ramps(graph, box, (columns, rows), 2)
        # One source serves all faces of a batch: their places follow each other.
        found = fetched(source, places.turned(0, 2, 3, 1).reshaped(1, -1, width, 2))
        found, colour = found.reshaped(6, -1, height, width).split(4, 2, axis=0)
        whole = interleaved(found, 2 * height, 2 * width).reshaped(-1, 1, 2 * height, 2 * width)
        graph.named(whole * (1 / 255), self.makes[0])
        graph.named(colour.turned(1, 0, 2, 3) * (1 / 255), self.makes[1])


WARPS = (
    Warp("/net/face_warp", "net.luma", "net.chroma", (144, 112, 224, 304), 16),
    *(
        Warp(f"/net/{name}", f"net.apertures.{k}.luma", f"net.apertures.{k}.chroma", _BALL, 14)
        for k, name in enumerate(("warp", "warp_1"))
    ),
)
"""Of the skin, and of both eyeballs."""


def quick(content: bytes) -> bytes:
    """The file, written anew.

    Raises:
        ValueError: It has been written anew before, or is of another net.
    """
    model = onnx.load_from_string(content)
    if any(entry.key == MARK for entry in model.metadata_props):
        raise ValueError("the file has been written anew before")
    _hold_pose(model)
    _round_plate(model)
    without_shapes(model)
    in_phases(model)
    makers = {name: node for node in model.graph.node for name in node.output}
    names = [
        *(_added_to(model, makers, f"net.{kind}") for kind in ("luma", "chroma")),
        makers["/net/light/Resize_output_0"].input[0],
        makers["/net/light/Resize_1_output_0"].input[0],
        makers["/net/head/about/MatMul_output_0"].input[0],
    ]
    writer = End(names, _splines(model), _reach(model, "/net/head/Resize_output_0"))
    end, composed = writer.write(), writer.composition()
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
    pack(model)
    model.metadata_props.add(key=MARK, value="bands")
    model.metadata_props.add(key=composition.KEY, value=composition.listed(composed))
    declare(model, composed.changing)
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


_KEPT = (
    *(f"net.head.{kind}.nodes" for kind in ("about", "exactly")),
    *(f"net.head.exactly.{way}" for way in ("down", "across")),
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


def _round_plate(model: onnx.ModelProto) -> None:
    """Make the plate whole codes, for rows are bytes: a face at rest then changes nothing of it.
    Eight pixels lie beyond bytes, behind eyeballs."""
    for kept in model.graph.initializer:
        if kept.name in ("net.luma_half", "net.chroma_half"):
            codes = np.rint(numpy_helper.to_array(kept).astype(np.float64) * 255).clip(0, 255)
            kept.CopyFrom(numpy_helper.from_array((codes / 255).astype(np.float16), kept.name))


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


def _splines(model: onnx.ModelProto) -> dict[str, Floats]:
    """Of the head's motion, as of `Carried`."""
    weights = {each.name: each for each in model.graph.initializer}
    return {
        name: numpy_helper.to_array(weights[f"net.head.{name}_half"]).astype(np.float64)
        for name in ("about.across", "about.down")
    }


def _reach(model: onnx.ModelProto, motion: str) -> Reach:
    """What may be seen where, for poses at random and the corners of all."""
    weights = {each.name: each for each in model.graph.initializer}
    cover = numpy_helper.to_array(weights["net.cover_code"])[0, 0] > COVER_LEAST
    rows, columns = (side // LIGHT_PX for side in cover.shape)
    lit = cover.reshape(rows, LIGHT_PX, columns, LIGHT_PX).any(axis=(1, 3))
    covered = lit.repeat(LIGHT_PX, 0).repeat(LIGHT_PX, 1)
    # Light is known at the middles of cells and fades to the next ones.
    covered = ndimage.binary_dilation(covered, np.ones((LIGHT_PX + 1, LIGHT_PX + 1)))
    face, figure = np.zeros((2, SIDE_PX // 2, SIDE_PX // 2), bool)
    y, x = np.mgrid[: SIDE_PX // 2, : SIDE_PX // 2] * 2 + 0.5
    for moved in _motions(model, motion):
        across, down = x + moved[0], y + moved[1]
        inside = (across - FACE[0] > -2) & (across - FACE[0] < FACE[2] + 1)
        face |= inside & (down - FACE[1] > -2) & (down - FACE[1] < FACE[3] + 1)
        row, column = (np.rint(each).astype(int) for each in (down, across))
        figure |= covered[row.clip(0, len(covered) - 1), column.clip(0, SIDE_PX - 1)]
    # Poses between these reach a little further.
    around = np.ones((5, 5))
    face, figure = (np.asarray(ndimage.binary_dilation(each, around)) for each in (face, figure))
    return Reach(face, figure, lit[None, None])


def _motions(model: onnx.ModelProto, motion: str) -> Iterator[NDArray[np.float64]]:
    """How the head moves the picture in many poses, px, [2, 256, 256]."""
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
    for pose in poses:
        face = np.zeros((1, len(PARAMETERS)), np.float32)
        face[0, columns] = pose * HEAD_LIMITS
        yield session.run([motion], {"face": face})[0][0].astype(np.float64) * UNIT_PX


def main() -> None:
    """Write a file anew, and say what its card has to say of it."""
    parser = ArgumentParser(prog="python -m models.personas.quick", description=__doc__)
    parser.add_argument("file", type=Path, help="as the net is exported")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the file to write")
    args = parser.parse_args()
    content = quick(args.file.read_bytes())
    args.out.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    print(f"{args.out.name}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
