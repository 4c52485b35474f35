"""Keeps the large numbers of a persona file in bytes: half the size, and the same picture.

A plate is whole codes of video. What has rows (motion of points, weights of layers) is stored in
short runs, each between its own least and largest number, 255 steps apart. Both become float32
when the file is opened, once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

HALF, CODE = "_half", "_code"
"""What a file adds to the names of numbers that it keeps as float16, and as bytes."""

STEP, LEAST = "_step", "_least"
"""What a file adds to the names of runs: the worth of one of their steps, and where they begin."""

PLATES = ("net.luma", "net.chroma")
"""Of a file, those that are whole codes."""

LARGE = 30_000
"""What has fewer numbers stays as it is."""

LONGEST, SHORTEST = 66, 24
"""Numbers of a run: shorter ones cost more, longer ones are coarser."""


def pack(model: onnx.ModelProto) -> None:
    """Store plates as codes, and large tensors with rows as runs of bytes.

    Args:
        model: A file whose large numbers are float16 and are cast to float32.
    """
    casts = {node.input[0]: node for node in model.graph.node if node.op_type == "Cast"}
    back: list[onnx.NodeProto] = []
    for weight in list(model.graph.initializer):
        name = weight.name.removesuffix(HALF)
        cast = casts.get(weight.name)
        if cast is None or not weight.name.endswith(HALF):
            continue
        values = numpy_helper.to_array(weight).astype(np.float64)
        if name in PLATES:
            back += _as_codes(model, name, values)
        elif values.size >= LARGE and (run := run_length(values.shape[-1])):
            back += _as_runs(model, name, values, run)
        else:
            continue
        model.graph.initializer.remove(weight)
        model.graph.node.remove(cast)
    nodes = [*back, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def run_length(columns: int) -> int:
    """How many numbers of a row make a run: its largest even share; 0 if there is none."""
    lengths = range(min(LONGEST, columns), SHORTEST - 1, -1)
    return next((length for length in lengths if columns % length == 0), 0)


def in_runs(
    values: NDArray[np.float64], run: int
) -> tuple[NDArray[np.uint8], NDArray[np.float16], NDArray[np.float16]]:
    """Bytes, [N, run], and the step and least of each run, [N, 1]."""
    rows = values.reshape(-1, run)
    least = rows.min(axis=1, keepdims=True).astype(np.float16)
    span = rows.max(axis=1, keepdims=True) - least
    step = (span / 255).astype(np.float16)
    worth = np.where(step > 0, step, 1).astype(np.float64)
    codes = np.rint((rows - least) / worth).clip(0, 255).astype(np.uint8)
    return codes, step, least


def unpacked(weights: Mapping[str, onnx.TensorProto], name: str) -> NDArray[np.float64] | None:
    """What a file keeps in runs under a name, flat; None if it keeps none.

    Args:
        weights: Of the file, by name.
        name: Of the numbers, such as `net.skin.nodes`.
    """
    if f"{name}{STEP}" not in weights:
        return None
    codes, step, least = (
        numpy_helper.to_array(weights[f"{name}{end}"]).astype(np.float64)
        for end in (CODE, STEP, LEAST)
    )
    return np.asarray(codes * step + least).ravel()


def _as_codes(
    model: onnx.ModelProto, name: str, values: NDArray[np.float64]
) -> list[onnx.NodeProto]:
    codes = np.rint(values * 255).clip(0, 255).astype(np.uint8)
    unit = np.array(1 / 255, np.float32)
    _keep(model, {f"{name}{CODE}": codes, f"{name}_unit": unit})
    return [
        _float(f"{name}{CODE}", f"{name}_float"),
        helper.make_node("Mul", [f"{name}_float", f"{name}_unit"], [name]),
    ]


def _as_runs(
    model: onnx.ModelProto, name: str, values: NDArray[np.float64], run: int
) -> list[onnx.NodeProto]:
    codes, step, least = in_runs(values, run)
    sides = np.array(values.shape)
    _keep(
        model,
        {
            f"{name}{CODE}": codes, f"{name}{STEP}": step, f"{name}{LEAST}": least,
            f"{name}_sides": sides,
        },
    )  # fmt: skip
    kept = [f"{name}{end}" for end in (CODE, STEP, LEAST)]
    floats = [f"{each}_float" for each in kept]
    return [
        *(_float(each, made) for each, made in zip(kept, floats, strict=True)),
        helper.make_node("Mul", floats[:2], [f"{name}_above"]),
        helper.make_node("Add", [f"{name}_above", floats[2]], [f"{name}_runs"]),
        helper.make_node("Reshape", [f"{name}_runs", f"{name}_sides"], [name]),
    ]


def _keep(model: onnx.ModelProto, tensors: Mapping[str, NDArray[np.generic]]) -> None:
    for name, values in tensors.items():
        model.graph.initializer.append(numpy_helper.from_array(values, name))


def _float(name: str, made: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [made], to=onnx.TensorProto.FLOAT)
