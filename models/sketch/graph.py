"""Formulas that write themselves down as an ONNX graph.

Takes Python expressions on `Tensor`; gives the nodes and constants of one model. The same
expressions always give the same nodes with the same names, so that a model made from them is the
same file, byte for byte, wherever it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Union

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
"""Old enough for every ONNX Runtime that the package allows, new enough for GridSample."""

IR_VERSION = 8
"""The file format that belongs to that opset."""

Operand: TypeAlias = Union["Tensor", float, int, NDArray[Any], "np.integer[Any]"]


class Graph:
    """Nodes and constants in the order in which they were asked for."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: Operand, **attributes: Any) -> Tensor:
        """The one result of a new node."""
        return self.ops(kind, *inputs, outputs=1, **attributes)[0]

    def ops(self, kind: str, *inputs: Operand, outputs: int, **attributes: Any) -> list[Tensor]:
        """All results of a new node that has several."""
        # Short, because the names are a third of the file.
        names = [f"{len(self._nodes):x}.{index}" for index in range(outputs)]
        self._nodes.append(
            helper.make_node(kind, [self._name(value) for value in inputs], names, **attributes)
        )
        return [Tensor(self, name) for name in names]

    def constant(self, value: Operand) -> Tensor:
        """A constant; equal ones are stored once. Python numbers become float32 scalars."""
        return Tensor(self, self._name(value))

    def _name(self, value: Operand) -> str:
        if isinstance(value, Tensor):
            return value.name
        array = value if isinstance(value, (np.ndarray, np.generic)) else np.float32(value)
        array = np.array(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"c{len(self._constants)}"
            self._constants[key] = numpy_helper.from_array(array, name)
        found: str = self._constants[key].name
        return found

    def model(
        self,
        inputs: Sequence[onnx.ValueInfoProto],
        outputs: Mapping[str, tuple[Tensor, int, Sequence[str | int]]],
        *,
        metadata: Mapping[str, str],
    ) -> onnx.ModelProto:
        """The checked model.

        Args:
            inputs: Names, types and shapes of what it takes.
            outputs: By name: which tensor, its type and its shape.
            metadata: For the model's properties.
        """
        described = []
        for name, (tensor, kind, shape) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [tensor.name], [name]))
            described.append(helper.make_tensor_value_info(name, kind, shape))
        graph = helper.make_graph(
            self._nodes, "persona", inputs, described, list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value in a graph, with the arithmetic of one."""

    graph: Graph
    name: str

    # NumPy would otherwise take `array * tensor` apart, element by element.
    __array_ufunc__ = None

    def __add__(self, other: Operand) -> Tensor:
        return self.graph.op("Add", self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return self.graph.op("Add", other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return self.graph.op("Sub", self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return self.graph.op("Sub", other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return self.graph.op("Mul", self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return self.graph.op("Mul", other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return self.graph.op("Div", self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return self.graph.op("Div", other, self)

    def __neg__(self) -> Tensor:
        return self.graph.op("Neg", self)

    def clip(self, low: float, high: float) -> Tensor:
        return self.graph.op("Clip", self, low, high)

    def unit(self) -> Tensor:
        """Held within 0..1: what coverage is."""
        return self.clip(0.0, 1.0)

    def relu(self) -> Tensor:
        return self.graph.op("Relu", self)

    def abs(self) -> Tensor:
        return self.graph.op("Abs", self)

    def floor(self) -> Tensor:
        return self.graph.op("Floor", self)

    def sqrt(self) -> Tensor:
        return self.graph.op("Sqrt", self)

    def square(self) -> Tensor:
        return self * self

    def smooth(self) -> Tensor:
        """0..1 with soft ends, after holding it within 0..1."""
        held = self.unit()
        return held * held * (3.0 - 2.0 * held)

    def reshape(self, *shape: int) -> Tensor:
        return self.graph.op("Reshape", self, np.array(shape, np.int64))

    def to(self, kind: int) -> Tensor:
        """Cast to one of `TensorProto`'s element types."""
        return self.graph.op("Cast", self, to=kind)

    def minimum(self, *others: Operand) -> Tensor:
        return self.graph.op("Min", self, *others)

    def maximum(self, *others: Operand) -> Tensor:
        return self.graph.op("Max", self, *others)

    def towards(self, other: Operand, share: Operand) -> Tensor:
        """This at share 0, `other` at share 1."""
        return self + (other - self) * share


FLOAT = int(TensorProto.FLOAT)
INT64 = int(TensorProto.INT64)
UINT8 = int(TensorProto.UINT8)
