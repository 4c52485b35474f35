"""Makes a model compute in 16 bits, as a trial of what that would gain."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IN_32_BITS = {"GridSample": (0, 1), "Resize": (2,)}
"""Inputs that stay. ONNX Runtime's CUDA has GridSample in 32 bits only and would leave it to the
CPU; scales are in 32 bits by ONNX's definition."""

HALF, SINGLE = TensorProto.FLOAT16, TensorProto.FLOAT


def halve(model: Any) -> None:
    """Turn every float32 within the model into float16; inputs and outputs stay as they are."""
    graph = model.graph
    del graph.value_info[:]
    for weights in graph.initializer:
        _halve_tensor(weights)
    nodes = []
    for value in graph.input:
        nodes.append(helper.make_node("Cast", [value.name], [f"{value.name}_half"], to=HALF))
    taken = {value.name for value in graph.input}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                _halve_tensor(attribute.t)
            if node.op_type == "Cast" and attribute.i == SINGLE:
                attribute.i = HALF
        for place, name in enumerate(node.input):
            if name in taken:
                node.input[place] = f"{name}_half"
        nodes += _in_32_bits(node) if node.op_type in IN_32_BITS else [node]
    del graph.node[:]
    graph.node.extend(nodes)


def _halve_tensor(tensor: Any) -> None:
    if tensor.data_type == SINGLE:
        halved = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(halved, tensor.name))


def _in_32_bits(node: Any) -> list[Any]:
    """The node between casts."""
    nodes = []
    places = IN_32_BITS[node.op_type]
    for place in places:
        if len(node.input) > place and node.input[place]:
            wide = f"{node.name}_wide_{place}"
            nodes.append(helper.make_node("Cast", [node.input[place]], [wide], to=SINGLE))
            node.input[place] = wide
    nodes.append(node)
    if 0 in places:
        name, node.output[0] = node.output[0], f"{node.name}_wide"
        nodes.append(helper.make_node("Cast", [node.output[0]], [name], to=HALF))
    return nodes
