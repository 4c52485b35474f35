"""Writes parts of an exported graph in a way that takes less time and gives the same numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from livekit_plugins_avatar.face.state import PARAMETERS

from .packed import HALF, LARGE

KNOWN = 5_000
"""Numbers of what is put into the file as it is."""

EACH_ALIKE = ("Add", "Sub", "Mul", "Div", "Less")
"""Operations for which one row stands for all of a batch."""

Array = NDArray[np.generic]


def without_shapes(model: onnx.ModelProto) -> None:
    """Put what follows from the sizes of tensors alone into the file as numbers: torch writes a
    dozen nodes for each margin."""
    sized = _sized(model)
    uses = [
        (node, place, name)
        for node in model.graph.node
        if not sized.issuperset(node.output)
        for place, name in enumerate(node.input)
        if name in sized
    ]
    names = sorted({name for _, _, name in uses})
    one, three = (_values(model, names, batch) for batch in (1, 3))
    for node, place, name in uses:
        value = _known(node.op_type, place, one[name], three[name])
        if value is not None:
            node.input[place] = _kept(model, f"{name}_known_{node.op_type}", value)


def _sized(model: onnx.ModelProto) -> set[str]:
    """Tensors that depend on the sizes of others and on nothing else that a face changes."""
    fixed = {weight.name for weight in model.graph.initializer} | {""}
    sized: set[str] = set()
    for node in model.graph.node:
        if node.op_type == "Shape" or (
            sized.intersection(node.input) and (fixed | sized).issuperset(node.input)
        ):
            sized.update(node.output)
        elif fixed.issuperset(node.input):
            fixed.update(node.output)
    return sized


def _values(model: onnx.ModelProto, names: list[str], batch: int) -> dict[str, Array]:
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    del probe.graph.output[:]
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    faces = np.zeros((batch, len(PARAMETERS)), np.float32)
    return dict(zip(names, session.run(names, {"face": faces}), strict=True))


def _known(kind: str, place: int, one: Array, three: Array) -> Array | None:
    """What stands for a tensor whatever the batch, if anything does."""
    if one.size > KNOWN:
        return None
    if one.shape == three.shape:
        differs = np.flatnonzero(one != three)
        if not len(differs):
            return one
        if kind == "Reshape" and place == 1 and len(differs) == 1:
            worked_out: Array = one.copy()
            worked_out[differs] = -1
            return worked_out
    elif kind in EACH_ALIKE and one.shape[1:] == three.shape[1:] and (three == one).all():
        return one
    return None


def _kept(model: onnx.ModelProto, name: str, value: Array) -> str:
    if not any(weight.name == name for weight in model.graph.initializer):
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def as_it_is_read(model: onnx.ModelProto) -> None:
    """Let a large matrix lie as a row is multiplied with it, once the file is open: else ONNX
    Runtime turns it for each picture."""
    sizes = {weight.name: math.prod(weight.dims) for weight in model.graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "Gemm" or sizes.get(f"{node.input[1]}{HALF}", 0) < LARGE:
            nodes.append(node)
            continue
        row, matrix, bias = node.input
        turned, product = f"{matrix}_turned", f"{node.output[0]}_product"
        nodes += [
            helper.make_node("Transpose", [matrix], [turned], perm=[1, 0]),
            helper.make_node("MatMul", [row, turned], [product]),
            helper.make_node("Add", [product, bias], list(node.output)),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def in_phases(model: onnx.ModelProto) -> None:
    """Convolve what is doubled before it is doubled: of the pixels that come of one, each sees
    2 x 2 of those before, and not 3 x 3."""
    nodes = list(model.graph.node)
    makers = {name: node for node in nodes for name in node.output}
    for conv in nodes:
        doubled = makers.get(conv.input[0]) if conv.op_type == "Conv" else None
        if doubled is None or doubled.op_type != "Resize":
            continue
        bent = next(node for node in nodes if conv.output[0] in node.input)
        at = list(model.graph.node).index(bent)
        for each in reversed(list(_phases(model, doubled, conv, bent))):
            model.graph.node.insert(at, each)
        for done in (bent, conv, doubled):
            model.graph.node.remove(done)


def _phases(
    model: onnx.ModelProto, doubled: onnx.NodeProto, conv: onnx.NodeProto, bent: onnx.NodeProto
) -> Iterator[onnx.NodeProto]:
    """Nodes in the place of a doubling, a convolution and its bend."""
    makers = {name: node for node in model.graph.node for name in node.output}
    weights = {each.name: each for each in model.graph.initializer}
    cast = makers[conv.input[1]]
    kernel = numpy_helper.to_array(weights[cast.input[0]]).astype(np.float64)
    name, size = conv.name, _values(model, [doubled.input[0]], 1)[doubled.input[0]].shape
    height, width, channels = size[2], size[3], len(kernel)
    parts = []
    for down, right in np.ndindex(2, 2):
        part = f"{name}/{down}{right}"
        folded = _folded(_folded(kernel, 2, down), 3, right).astype(np.float16)
        half = _kept(model, f"{part}_half", folded)
        yield helper.make_node("Cast", [half], [f"{part}_kernel"], to=onnx.TensorProto.FLOAT)
        pads = [1 - down, 1 - right, down, right]
        inputs = [doubled.input[0], f"{part}_kernel", conv.input[2]]
        yield helper.make_node("Conv", inputs, [f"{part}_sum"], pads=pads, name=part)
        parts.append(f"{part}_bent")
        yield helper.make_node("LeakyRelu", [f"{part}_sum"], [parts[-1]], alpha=bent.attribute[0].f)
    yield helper.make_node("Concat", parts, [f"{name}/all"], axis=1)
    steps: list[tuple[tuple[int, ...], list[int]]] = [
        ((-1, 2, 2, channels * height * width), [0, 1, 3, 2]),
        ((-1, 2, channels * height, 2 * width), [0, 2, 1, 3]),
    ]
    last = f"{name}/all"
    for step, (shape, order) in enumerate(steps):
        sides = _kept(model, f"{name}/sides_{step}", np.array(shape))
        yield helper.make_node("Reshape", [last, sides], [f"{name}/shaped_{step}"])
        last = f"{name}/turned_{step}"
        yield helper.make_node("Transpose", [f"{name}/shaped_{step}"], [last], perm=order)
    sides = _kept(model, f"{name}/sides", np.array([-1, channels, 2 * height, 2 * width]))
    yield helper.make_node("Reshape", [last, sides], list(bent.output))


def _folded(kernel: NDArray[np.float64], axis: int, phase: int) -> NDArray[np.float64]:
    """Three weights of an axis as two: two of the doubled pixels are one and the same."""
    first, second, third = np.moveaxis(kernel, axis, 0)
    pair = (first + second, third) if phase else (first, second + third)
    return np.stack(pair, axis)


def unfolded(weights: Mapping[str, onnx.TensorProto], name: str) -> NDArray[np.float64] | None:
    """A kernel of 3 x 3 weights, [to, from, 3, 3], from what `in_phases` made of it, if it did.

    Args:
        weights: Of the file, by name.
        name: The kernel's, such as `mouth.eighth.weight`.
    """
    conv = f"/net/{name.removesuffix('.weight').replace('.', '/')}/Conv"
    if f"{conv}/00_half" not in weights:
        return None
    parts = [
        [numpy_helper.to_array(weights[f"{conv}/{down}{right}_half"]) for right in (0, 1)]
        for down in (0, 1)
    ]
    rows = [_apart(parts[0][right], parts[1][right], 2) for right in (0, 1)]
    return _apart(rows[0], rows[1], 3)


def _apart(even: Array, odd: Array, axis: int) -> NDArray[np.float64]:
    """Three weights of an axis from the two of both phases."""
    first, later = np.moveaxis(even.astype(np.float64), axis, 0)
    last = np.moveaxis(odd.astype(np.float64), axis, 0)[1]
    return np.stack([first, later - last, last], axis)
