"""Turns a TensorFlow Lite model into an ONNX graph: the operators of MediaPipe's face nets.

Tensors keep their order (batch, height, width, channels); each convolution stands between two
transposes, most of which ONNX Runtime removes. Weights that TensorFlow Lite stores as float16 are
stored as float16 here too, so nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
"""ONNX Runtime 1.20 reads both."""

DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}
"""TensorFlow Lite's numbers for types of elements."""

SIMPLE = {"LOGISTIC": "Sigmoid", "RELU": "Relu", "NEG": "Neg", "SQRT": "Sqrt", "PRELU": "PRelu"}
"""Operators that are the same in both."""

NO_END = 2**31
OPERATORS = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}


class Conversion:
    """One model on its way.

    Args:
        content: The bytes of the .tflite file.
    """

    def __init__(self, content: bytes) -> None:
        self._model = tflite.Model.GetRootAs(content, 0)
        self._graph = self._model.Subgraphs(0)
        self._constants: dict[int, NDArray[Any]] = {}
        self._halves: set[int] = set()
        self._names: dict[int, str] = {}
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []
        for index in range(self._graph.TensorsLength()):
            tensor = self._graph.Tensors(index)
            raw = self._model.Buffers(tensor.Buffer()).DataAsNumpy()
            if not isinstance(raw, int) and len(raw):
                values = np.frombuffer(raw.tobytes(), DTYPES[tensor.Type()])
                self._constants[index] = values.reshape(self._shape(index))

    def model(self, name: str) -> onnx.ModelProto:
        """The ONNX model, checked."""
        for index in range(self._graph.OperatorsLength()):
            self._operator(self._graph.Operators(index))
        inputs, outputs = (
            [
                helper.make_tensor_value_info(f"t{index}", TensorProto.FLOAT, self._shape(index))
                for index in indices
            ]
            for indices in (self._graph.InputsAsNumpy(), self._graph.OutputsAsNumpy())
        )
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._initializers)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model

    def _shape(self, index: int) -> list[int]:
        shape = self._graph.Tensors(index).ShapeAsNumpy()
        return [] if isinstance(shape, int) else [int(side) for side in shape]

    def _constant(self, values: NDArray[Any], half: bool = False) -> str:
        name = f"c{len(self._initializers)}"
        stored = np.ascontiguousarray(values, np.float16 if half else values.dtype)
        self._initializers.append(numpy_helper.from_array(stored, name))
        if half:
            return self._node("Cast", [name], to=TensorProto.FLOAT)
        return name

    def _whole(self, *numbers: int) -> str:
        return self._constant(np.array(numbers, np.int64))

    def _ref(self, index: int) -> str:
        if index not in self._constants:
            return f"t{index}"
        if index not in self._names:
            self._names[index] = self._constant(self._constants[index], index in self._halves)
        return self._names[index]

    def _node(self, kind: str, inputs: list[str], out: str = "", **attributes: Any) -> str:
        out = out or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def _activated(self, value: str, kind: int, out: str) -> None:
        """Apply the activation that is fused into an operator: none, ReLU or ReLU6."""
        if kind == 3:
            ends = [self._constant(np.float32(end).reshape(())) for end in (0, 6)]
            self._node("Clip", [value, *ends], out)
        else:
            self._node({0: "Identity", 1: "Relu"}[kind], [value], out)

    def _options(self, operator: Any, kind: str) -> Any:
        options = getattr(tflite, kind)()
        table = operator.BuiltinOptions()
        if table is not None:
            options.Init(table.Bytes, table.Pos)
        return options

    def _channels_first(self, value: str) -> str:
        return self._node("Transpose", [value], perm=[0, 3, 1, 2])

    def _channels_last(self, value: str, out: str = "") -> str:
        return self._node("Transpose", [value], out, perm=[0, 2, 3, 1])

    def _operator(self, operator: Any) -> None:
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs = [int(index) for index in operator.InputsAsNumpy()]
        result = int(operator.OutputsAsNumpy()[0])
        if name == "DEQUANTIZE":
            self._constants[result] = self._constants[inputs[0]].astype(np.float32)
            self._halves.add(result)
        elif name == "CUSTOM":
            assert code.CustomCode() == b"Convolution2DTransposeBias", code.CustomCode()
            self._transposed_convolution(inputs, f"t{result}")
        elif name in SIMPLE:
            self._node(SIMPLE[name], [self._ref(index) for index in inputs], f"t{result}")
        else:
            handler: Callable[..., None] = getattr(self, f"_{name.lower()}")
            handler(operator, inputs, result)

    def _conv_2d(self, operator: Any, inputs: list[int], result: int) -> None:
        self._convolution(self._options(operator, "Conv2DOptions"), inputs, result, False)

    def _depthwise_conv_2d(self, operator: Any, inputs: list[int], result: int) -> None:
        self._convolution(self._options(operator, "DepthwiseConv2DOptions"), inputs, result, True)

    def _convolution(self, options: Any, inputs: list[int], result: int, depthwise: bool) -> None:
        weight = self._constants[inputs[1]]
        group = weight.shape[3] if depthwise else 1
        weight = weight.transpose((3, 0, 1, 2) if depthwise else (0, 3, 1, 2))
        operands = [
            self._channels_first(self._ref(inputs[0])),
            self._constant(weight, inputs[1] in self._halves),
        ]
        if len(inputs) > 2 and inputs[2] >= 0:
            operands.append(self._ref(inputs[2]))
        value = self._node(
            "Conv",
            operands,
            strides=[options.StrideH(), options.StrideW()],
            dilations=[options.DilationHFactor(), options.DilationWFactor()],
            group=group,
            auto_pad="VALID" if options.Padding() else "SAME_UPPER",
            kernel_shape=list(weight.shape[2:]),
        )
        self._activated(self._channels_last(value), options.FusedActivationFunction(), f"t{result}")

    def _transposed_convolution(self, inputs: list[int], out: str) -> None:
        weight = self._constants[inputs[1]]
        value = self._node(
            "ConvTranspose",
            [
                self._channels_first(self._ref(inputs[0])),
                self._constant(weight.transpose(3, 0, 1, 2), inputs[1] in self._halves),
                self._ref(inputs[2]),
            ],
            strides=[2, 2],
            kernel_shape=list(weight.shape[1:3]),
            auto_pad="SAME_UPPER",
        )
        self._channels_last(value, out)

    def _max_pool_2d(self, operator: Any, inputs: list[int], result: int) -> None:
        self._pool("MaxPool", operator, inputs, result)

    def _average_pool_2d(self, operator: Any, inputs: list[int], result: int) -> None:
        self._pool("AveragePool", operator, inputs, result)

    def _pool(self, kind: str, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "Pool2DOptions")
        value = self._node(
            kind,
            [self._channels_first(self._ref(inputs[0]))],
            kernel_shape=[options.FilterHeight(), options.FilterWidth()],
            strides=[options.StrideH(), options.StrideW()],
            auto_pad="VALID" if options.Padding() else "SAME_UPPER",
        )
        self._activated(self._channels_last(value), options.FusedActivationFunction(), f"t{result}")

    def _arithmetic(self, kind: str, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, f"{kind}Options")
        value = self._node(kind, [self._ref(index) for index in inputs])
        self._activated(value, options.FusedActivationFunction(), f"t{result}")

    def _add(self, operator: Any, inputs: list[int], result: int) -> None:
        self._arithmetic("Add", operator, inputs, result)

    def _mul(self, operator: Any, inputs: list[int], result: int) -> None:
        self._arithmetic("Mul", operator, inputs, result)

    def _sub(self, operator: Any, inputs: list[int], result: int) -> None:
        self._arithmetic("Sub", operator, inputs, result)

    def _div(self, operator: Any, inputs: list[int], result: int) -> None:
        self._arithmetic("Div", operator, inputs, result)

    def _pad(self, operator: Any, inputs: list[int], result: int) -> None:
        pads = self._whole(*self._constants[inputs[1]].T.reshape(-1).tolist())
        self._node("Pad", [self._ref(inputs[0]), pads], f"t{result}")

    def _reshape(self, operator: Any, inputs: list[int], result: int) -> None:
        shape = self._whole(*self._shape(result))
        self._node("Reshape", [self._ref(inputs[0]), shape], f"t{result}")

    def _mean(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "ReducerOptions")
        axes = [int(axis) for axis in self._constants[inputs[1]].reshape(-1)]
        kept = int(options.KeepDims())
        self._node("ReduceMean", [self._ref(inputs[0])], f"t{result}", axes=axes, keepdims=kept)

    def _sum(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "ReducerOptions")
        axes = self._whole(*self._constants[inputs[1]].reshape(-1).tolist())
        operands = [self._ref(inputs[0]), axes]
        self._node("ReduceSum", operands, f"t{result}", keepdims=int(options.KeepDims()))

    def _transpose(self, operator: Any, inputs: list[int], result: int) -> None:
        order = [int(axis) for axis in self._constants[inputs[1]]]
        self._node("Transpose", [self._ref(inputs[0])], f"t{result}", perm=order)

    def _squared_difference(self, operator: Any, inputs: list[int], result: int) -> None:
        difference = self._node("Sub", [self._ref(index) for index in inputs])
        self._node("Mul", [difference, difference], f"t{result}")

    def _rsqrt(self, operator: Any, inputs: list[int], result: int) -> None:
        self._node("Reciprocal", [self._node("Sqrt", [self._ref(inputs[0])])], f"t{result}")

    def _hard_swish(self, operator: Any, inputs: list[int], result: int) -> None:
        self._node("HardSwish", [self._ref(inputs[0])], f"t{result}")

    def _concatenation(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "ConcatenationOptions")
        operands = [self._ref(index) for index in inputs]
        self._node("Concat", operands, f"t{result}", axis=options.Axis())

    def _strided_slice(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "StridedSliceOptions")
        begins, ends, steps = (self._constants[index].tolist() for index in inputs[1:4])
        for axis in range(len(begins)):
            if options.BeginMask() >> axis & 1:
                begins[axis] = 0
            if options.EndMask() >> axis & 1:
                ends[axis] = NO_END
            elif options.ShrinkAxisMask() >> axis & 1:
                ends[axis] = begins[axis] + 1 or NO_END
        bounds = [begins, ends, range(len(begins)), steps]
        value = self._node("Slice", [self._ref(inputs[0]), *(self._whole(*b) for b in bounds)])
        self._node("Reshape", [value, self._whole(*self._shape(result))], f"t{result}")

    def _resize_bilinear(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "ResizeBilinearOptions")
        mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
        mode = "align_corners" if options.AlignCorners() else mode
        height, width = self._constants[inputs[1]].tolist()
        batch, _, _, channels = self._shape(inputs[0])
        size = self._whole(batch, channels, height, width)
        value = self._node(
            "Resize",
            [self._channels_first(self._ref(inputs[0])), "", "", size],
            mode="linear",
            coordinate_transformation_mode=mode,
        )
        self._channels_last(value, f"t{result}")

    def _fully_connected(self, operator: Any, inputs: list[int], result: int) -> None:
        options = self._options(operator, "FullyConnectedOptions")
        weight = self._constant(self._constants[inputs[1]].T, inputs[1] in self._halves)
        value = self._node("MatMul", [self._ref(inputs[0]), weight])
        value = self._node("Add", [value, self._ref(inputs[2])])
        self._activated(value, options.FusedActivationFunction(), f"t{result}")
