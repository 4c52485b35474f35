"""Writes the net for serving: `python -m models.visemes.export CHECKPOINT [FILE]`.

In flows a checkpoint of the training; out flows `visemes.onnx`, which takes one hop and the state
before it and gives one answer and the state after it. The convolutions are written as products
of matrices over the few rows they look at, which is what one hop at a time is fastest with.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from livekit_plugins_avatar.speech.features import BANDS
from livekit_plugins_avatar.speech.visemes import VISEMES

from .net import CHANNELS, DELAY_HOPS, MEMORY, Net

RESOURCE = Path(__file__).parents[2] / "livekit_plugins_avatar" / "resources" / "visemes.onnx"
OPSET = 17
COMPARED_HOPS = 300
TOLERANCE = 1e-4
"""Between log-probabilities; float32 sums in another order."""

Floats = NDArray[np.float32]


class Graph:
    """Collects the nodes of the graph, its weights and its states."""

    def __init__(self) -> None:
        self.nodes: list[object] = []
        self.weights: list[object] = []
        self.inputs = [("mel", [1, BANDS])]
        self.outputs: list[tuple[str, list[int]]] = []

    def weight(self, value: Floats | NDArray[np.int64]) -> str:
        """The name of a constant."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, out: str = "", **attributes: object) -> str:
        """The name of what a node gives."""
        name = out or f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def state(self, shape: list[int]) -> str:
        """The name of what the last hop left."""
        name = f"state{len(self.inputs) - 1}"
        self.inputs.append((name, shape))
        return name

    def keep(self, name: str, shape: list[int]) -> None:
        """Leave a value of `op`, named so, to the next hop."""
        self.outputs.append((name, shape))

    def convolution(self, x: str, layer: torch.nn.Conv1d) -> str:
        """A convolution over the rows before and including `x`, [1, channels], and a ReLU."""
        dilation, taps, width = layer.dilation[0], layer.kernel_size[0], layer.in_channels
        past = dilation * (taps - 1)
        state = self.state([past, width])
        rows = self.op("Concat", state, x, axis=0)
        begin, end = self.weight(np.array([1])), self.weight(np.array([past + 1]))
        next_state = self.op("Slice", rows, begin, end, out=state.replace("state", "next"))
        self.keep(next_state, [past, width])
        if dilation > 1:
            every = [np.array([0]), np.array([past + 1]), np.array([0]), np.array([dilation])]
            rows = self.op("Slice", rows, *(self.weight(index) for index in every))
        flat = self.op("Reshape", rows, self.weight(np.array([1, taps * width])))
        matrix = layer.weight.detach().numpy().transpose(2, 1, 0).reshape(taps * width, -1)
        assert layer.bias is not None
        bias = self.weight(layer.bias.detach().numpy())
        return self.op("Relu", self.op("Gemm", flat, self.weight(matrix), bias))

    def recurrence(self, x: str, layer: torch.nn.GRU) -> str:
        """The GRU's new memory, [1, MEMORY]."""

        def gates(parameter: torch.Tensor) -> Floats:
            reset, update, new = parameter.detach().numpy().reshape(3, MEMORY, -1)
            # ONNX has the update gate first.
            return np.concatenate((update, reset, new))

        bias = np.concatenate((gates(layer.bias_ih_l0), gates(layer.bias_hh_l0))).reshape(1, -1)
        state = self.state([1, 1, MEMORY])
        after = state.replace("state", "next")
        row = self.op("Reshape", x, self.weight(np.array([1, 1, CHANNELS])))
        weights = [gates(layer.weight_ih_l0)[None], gates(layer.weight_hh_l0)[None], bias]
        names = [self.weight(np.asarray(weight, np.float32)) for weight in weights]
        self.nodes.append(
            helper.make_node(
                "GRU",
                [row, *names, "", state],
                ["", after],
                hidden_size=MEMORY,
                linear_before_reset=1,
            )
        )
        self.keep(after, [1, 1, MEMORY])
        return self.op("Reshape", after, self.weight(np.array([1, MEMORY])))


def build(net: Net) -> ModelProto:
    """The net as a graph of one hop."""
    graph = Graph()
    centred = graph.op("Sub", "mel", graph.weight(net.mean.numpy()))
    x = graph.convolution(graph.op("Div", centred, graph.weight(net.deviation.numpy())), net.stem)
    for block in net.blocks:
        assert isinstance(block, torch.nn.Conv1d)
        x = graph.op("Add", x, graph.convolution(x, block))
    known = graph.op("Concat", x, graph.recurrence(x, net.memory), axis=1)
    matrix = graph.weight(net.visemes.weight.detach().numpy().T)
    scores = graph.op("Gemm", known, matrix, graph.weight(net.visemes.bias.detach().numpy()))
    graph.op("LogSoftmax", scores, out="log_probabilities", axis=1)

    def described(values: list[tuple[str, list[int]]]) -> list[object]:
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in values]

    outputs = [("log_probabilities", [1, len(VISEMES)]), *graph.outputs]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "visemes", described(graph.inputs), described(outputs), graph.weights
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    helper.set_model_props(
        model,
        {
            "visemes": " ".join(VISEMES),
            "delay_hops": str(DELAY_HOPS),
            "licence": "Apache-2.0",
        },
    )
    checker.check_model(model, full_check=True)
    return model


def difference(net: Net, content: bytes) -> float:
    """The most by which hop after hop differs from the net on all hops at once."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {put.name: np.zeros(put.shape, np.float32) for put in session.get_inputs()}
    deviations = np.random.default_rng(0).normal(size=(COMPARED_HOPS, BANDS)).astype(np.float32)
    rows = deviations * net.deviation.numpy() + net.mean.numpy()
    with torch.no_grad():
        expected = net(torch.from_numpy(rows)[None])[0][0].numpy()
    most = 0.0
    for row, answer in zip(rows, expected, strict=True):
        feed["mel"] = row[None]
        got, *state = session.run(None, feed)
        feed.update(zip(list(feed)[1:], state, strict=True))
        most = max(most, float(np.abs(got[0] - answer).max()))
    return most


def export(checkpoint: Path, target: Path) -> str:
    """Write the model file.

    Returns:
        Its SHA-256.

    Raises:
        ValueError: The file would not answer as the net does.
    """
    net = Net()
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    content: bytes = build(net.eval()).SerializeToString(deterministic=True)
    if (apart := difference(net, content)) > TOLERANCE:
        raise ValueError(f"hop after hop differs from the whole by {apart}: the graph is wrong")
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path, nargs="?", default=RESOURCE)
    arguments = parser.parse_args()
    print(export(arguments.checkpoint, arguments.file), arguments.file.stat().st_size, "bytes")
