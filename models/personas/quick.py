"""Writes a persona file anew, so that one CPU thread draws it faster.

`python -m models.personas.quick FILE -o man.onnx`: takes a file as the net is exported; gives one
that draws the same pictures. `export` does it at once.

What follows from sizes becomes numbers, what is doubled is convolved before (`simpler`), skin and
eyeballs are fetched by the block and added up in few steps (`face`), the end is another (`bands`),
and what is large is kept in bytes (`packed`).
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
from livekit_plugins_avatar.tools.portrait.graph import Graph

from .bands import FACE, LIGHT_PX, SIDE_PX, End, Reach
from .carried import UNIT_PX, Floats
from .face import BALLS, Face
from .packed import pack
from .parts import declare
from .simpler import as_it_is_read, in_phases, without_shapes

RESOURCES = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources"

POSES, SEED = 300, 0

COVER_LEAST = 1
"""Codes of a cover that is not seen."""

MARK = "drawn_in"
"""Metadata of files that have been written anew."""


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
    as_it_is_read(model)
    makers = {name: node for node in model.graph.node for name in node.output}
    graph = Graph()
    face = Face(graph, makers["/net/face_warp/Mul_output_0"].input[0], _axes(model))
    names = [
        makers["/net/light/Resize_output_0"].input[0],
        makers["/net/light/Resize_1_output_0"].input[0],
        makers["/net/head/about/MatMul_output_0"].input[0],
    ]
    writer = End(
        graph, face.write(), names, _splines(model), _reach(model, "/net/head/Resize_output_0")
    )
    writer.write()
    composed = writer.composition()
    _replace_end(model, graph, [*composed.changing, *composed.still])
    pack(model)
    model.metadata_props.add(key=MARK, value="bands")
    model.metadata_props.add(key=composition.KEY, value=composition.listed(composed))
    declare(model, composed.changing)
    onnx.checker.check_model(model)
    written: bytes = model.SerializeToString(deterministic=True)
    return written


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


def _axes(model: onnx.ModelProto) -> list[list[int]]:
    """Columns of the input that decide each eyeball."""
    weights = {weight.name: weight for weight in model.graph.initializer}
    return [numpy_helper.to_array(weights[f"{ball}.picked"]).tolist() for ball in BALLS]


def _replace_end(model: onnx.ModelProto, end: Graph, wanted: Sequence[str]) -> None:
    """Put what was written in the place of what makes the pictures, and drop what they and other
    values that are wanted do not need."""
    pictures = [output.name for output in model.graph.output]
    nodes = [node for node in model.graph.node if not set(pictures) & set(node.output)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    end.add_to(model.graph)
    makers = {name: node for node in model.graph.node for name in node.output}
    kept = _needed(makers, [*pictures, *wanted])
    nodes = [node for node in model.graph.node if id(node) in kept]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    _sort(model.graph)
    used = {name for node in model.graph.node for name in node.input}
    weights = [weight for weight in model.graph.initializer if weight.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)


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
