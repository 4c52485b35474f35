"""Writes formulas as an ONNX graph: each operation on a tensor becomes a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...render import composition
from ...render.composition import Composition
from .sampling import Floats

OPSET, IR_VERSION = 17, 8
"""ONNX Runtime 1.20 reads both."""

HALF_MAX = 65504.0

Number = float


class Tensor:
    """A value of a graph.

    Args:
        graph: To which it belongs.
        name: Of the node's output.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name

    def __add__(self, other: Tensor | Number) -> Tensor:
        return self.graph.node("Add", self, other)

    def __sub__(self, other: Tensor | Number) -> Tensor:
        return self.graph.node("Sub", self, other)

    def __rsub__(self, other: Number) -> Tensor:
        return self.graph.node("Sub", self.graph.constant(other), self)

    def __mul__(self, other: Tensor | Number) -> Tensor:
        return self.graph.node("Mul", self, other)

    def __truediv__(self, other: Tensor | Number) -> Tensor:
        return self.graph.node("Div", self, other)

    def __matmul__(self, other: Tensor) -> Tensor:
        return self.graph.node("MatMul", self, other)

    def __neg__(self) -> Tensor:
        return self.graph.node("Neg", self)

    def apply(self, kind: str) -> Tensor:
        """A function of one argument, such as `Sin`."""
        return self.graph.node(kind, self)

    def clip(self, least: Number, most: Number) -> Tensor:
        """Kept between two numbers."""
        return self.graph.node("Clip", self, least, most)

    def at_least(self, least: Number) -> Tensor:
        """Kept from falling below a number."""
        return self.graph.node("Max", self, least)

    def within(self, least: Tensor, most: Tensor) -> Tensor:
        """Kept between two tensors."""
        return self.graph.node("Min", self.graph.node("Max", self, least), most)

    def columns(self, chosen: Sequence[int], axis: int = 1) -> Tensor:
        """Some columns, in order."""
        return self.graph.node("Gather", self, self.graph.whole(*chosen), axis=axis)

    def window(self, top: int, bottom: int, left: int, right: int) -> Tensor:
        """A part of a picture, [..., H, W]."""
        whole = self.graph.whole
        return self.graph.node("Slice", self, whole(top, left), whole(bottom, right), whole(-2, -1))

    def part(self, first: int, last: int | None, axis: int) -> Tensor:
        """What lies between two places of an axis; without a last one, all from the first on."""
        end = 2**31 - 1 if last is None else last
        whole = self.graph.whole
        return self.graph.node("Slice", self, whole(first), whole(end), whole(axis))

    def each(self, count: int) -> list[Tensor]:
        """Its planes one by one, [1, ...] each."""
        return [self] if count == 1 else self.split(*[1] * count, axis=0)

    def split(self, *sizes: int, axis: int) -> list[Tensor]:
        """Cut into parts of these sizes."""
        return self.graph.parts("Split", len(sizes), self, self.graph.whole(*sizes), axis=axis)

    def reshaped(self, *shape: int) -> Tensor:
        """0 keeps a side, -1 is worked out."""
        return self.graph.node("Reshape", self, self.graph.whole(*shape))

    def turned(self, *order: int) -> Tensor:
        """With its axes in another order."""
        return self.graph.node("Transpose", self, perm=list(order))

    def framed(
        self, top: int, bottom: int, left: int, right: int, mode: str = "constant"
    ) -> Tensor:
        """[A, B, H, W] with a margin: zeros, or with `edge` what lies at the rim."""
        pads = self.graph.whole(0, 0, top, left, 0, 0, bottom, right)
        return self.graph.node("Pad", self, pads, mode=mode)

    def enlarged(self, by: int, mode: str = "half_pixel") -> Tensor:
        """[A, B, H, W], linearly between its pixels.

        Args:
            by: How many times.
            mode: "half_pixel" keeps the middles of pixels where they are, "asymmetric" every
                pixel of the smaller picture.
        """
        scales = self.graph.constant(np.array([1, 1, by, by], np.float32))
        kind = {"mode": "linear", "coordinate_transformation_mode": mode}
        return self.graph.node("Resize", self, None, scales, **kind)

    def halved(self) -> Tensor:
        """The mean of each 2 x 2 pixels of [A, B, H, W]."""
        return self.graph.node("AveragePool", self, kernel_shape=[2, 2], strides=[2, 2])

    def floats(self) -> Tensor:
        """Bytes as numbers."""
        return self.graph.node("Cast", self, to=TensorProto.FLOAT)

    def truncated(self) -> Tensor:
        """Numbers without their fractions, as int32."""
        return self.graph.node("Cast", self, to=TensorProto.INT32)

    def codes(self, zero: int, unit: float = 1.0) -> Tensor:
        """Rounded to bytes, with 0 at a code, and so much a code; beyond their range they stay at
        its ends."""
        code = self.graph.byte(zero)
        return self.graph.node("QuantizeLinear", self, self.graph.constant(unit), code)


class Graph:
    """A graph that is being written."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []
        self._scalars: dict[float, Tensor] = {}
        self._bytes: dict[int, Tensor] = {}
        self._wholes: dict[tuple[int, ...], Tensor] = {}
        self.composition: Composition | None = None
        """How what it draws is put together, if it is put together so."""

    def node(self, kind: str, *operands: Tensor | Number | None, **attributes: Any) -> Tensor:
        """Add a node; numbers become constants, None leaves an operand out."""
        names = ["" if each is None else self._operand(each).name for each in operands]
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, names, [name], **attributes))
        return Tensor(self, name)

    def parts(
        self, kind: str, count: int, *operands: Tensor | Number, **attributes: Any
    ) -> list[Tensor]:
        """Add a node with several outputs."""
        names = [f"n{len(self._nodes)}_{k}" for k in range(count)]
        inputs = [self._operand(each).name for each in operands]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return [Tensor(self, name) for name in names]

    def joined(self, parts: Sequence[Tensor], axis: int) -> Tensor:
        """Tensors side by side."""
        return self.node("Concat", *parts, axis=axis)

    def constant(self, values: Floats | Number) -> Tensor:
        """Numbers of the file, float32."""
        return self._stored(np.asarray(values, np.float32))

    def half(self, values: Floats) -> Tensor:
        """Numbers of the file, kept as float16.

        Raises:
            ValueError: They are too large for it.
        """
        if not np.abs(values).max() < HALF_MAX:
            raise ValueError(f"{np.abs(values).max()} does not fit into float16")
        return self._stored(np.asarray(values, np.float16)).floats()

    def codes(self, values: Floats) -> Tensor:
        """Numbers of the file between 0 and 255, kept as bytes."""
        return self.bytes_(values).floats()

    def bytes_(self, values: Floats, name: str = "") -> Tensor:
        """Numbers of the file between 0 and 255, which stay bytes, under a name if it is given."""
        return self._stored(np.rint(np.clip(values, 0, 255)).astype(np.uint8), name)

    def byte(self, value: int) -> Tensor:
        """One byte."""
        if value not in self._bytes:
            self._bytes[value] = self._stored(np.asarray(value, np.uint8))
        return self._bytes[value]

    def whole(self, *numbers: int) -> Tensor:
        """Whole numbers, such as a shape."""
        if numbers not in self._wholes:
            self._wholes[numbers] = self._stored(np.array(numbers, np.int64))
        return self._wholes[numbers]

    def input(self, name: str) -> Tensor:
        """The input of that name, or any value of a graph that this is added to."""
        return Tensor(self, name)

    def named(self, value: Tensor, name: str) -> None:
        """Make a value an output."""
        self._nodes.append(helper.make_node("Identity", [value.name], [name]))

    def add_to(self, graph: Any) -> None:
        """Put all nodes and numbers after those of another graph, whose values are `input`."""
        graph.node.extend(self._nodes)
        graph.initializer.extend(self._initializers)

    def model(
        self,
        face_columns: int,
        output: str,
        shape: tuple[int, ...],
        metadata: dict[str, str],
        **more: tuple[int, ...],
    ) -> bytes:
        """The file: one input `face`, one output of bytes, and `more` by their names."""
        face = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["batch", face_columns])
        frames = [
            helper.make_tensor_value_info(name, TensorProto.UINT8, ["batch", *sides])
            for name, sides in {output: shape, **more}.items()
        ]
        graph = helper.make_graph(self._nodes, "persona", [face], frames, self._initializers)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        if self.composition is not None:
            metadata = metadata | {composition.KEY: composition.listed(self.composition)}
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content

    def _operand(self, value: Tensor | Number) -> Tensor:
        if isinstance(value, Tensor):
            return value
        if value not in self._scalars:
            self._scalars[value] = self.constant(value)
        return self._scalars[value]

    def _stored(self, values: Any, name: str = "") -> Tensor:
        name = name or f"c{len(self._initializers)}"
        self._initializers.append(
            numpy_helper.from_array(np.ascontiguousarray(values).reshape(np.shape(values)), name)
        )
        return Tensor(self, name)
