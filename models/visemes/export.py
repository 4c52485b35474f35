"""Writes the net for serving: `python -m models.visemes.export CHECKPOINT [FILE]`.

Takes a checkpoint of the training; gives `visemes.onnx`, which takes some hops and the state
before them and gives an answer for each and the state after them. It goes through them one by one,
within one call: the answers do not depend on how many came together, and a caller from a busy
Python process waits once for its turn, not once for every hop. The convolutions are written as
products of matrices over the few rows they look at, which is what one hop is fastest with.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
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
    """Collects the nodes that hear one hop, the weights, and the shapes of what a hop leaves."""

    def __init__(self) -> None:
        self.nodes: list[object] = []
        self.weights: list[object] = []
        self.states: list[list[int]] = []

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

    def state(self, shape: list[int]) -> tuple[str, str]:
        """The names of what the last hop left, and of what this one leaves to the next."""
        self.states.append(shape)
        return f"before{len(self.states) - 1}", f"after{len(self.states) - 1}"

    def convolution(self, x: str, layer: torch.nn.Conv1d) -> str:
        """A convolution over the rows before and including `x`, [1, channels], and a ReLU."""
        dilation, taps, width = layer.dilation[0], layer.kernel_size[0], layer.in_channels
        past = dilation * (taps - 1)
        before, after = self.state([past, width])
        rows = self.op("Concat", before, x, axis=0)
        begin, end = self.weight(np.array([1])), self.weight(np.array([past + 1]))
        self.op("Slice", rows, begin, end, out=after)
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
        before, after = self.state([1, 1, MEMORY])
        row = self.op("Reshape", x, self.weight(np.array([1, 1, CHANNELS])))
        weights = [gates(layer.weight_ih_l0)[None], gates(layer.weight_hh_l0)[None], bias]
        names = [self.weight(np.asarray(weight, np.float32)) for weight in weights]
        self.nodes.append(
            helper.make_node(
                "GRU",
                [row, *names, "", before],
                ["", after],
                hidden_size=MEMORY,
                linear_before_reset=1,
            )
        )
        return self.op("Reshape", after, self.weight(np.array([1, MEMORY])))


def build(net: Net) -> ModelProto:
    """The net as a graph of some hops."""
    graph = Graph()
    row = graph.op("Reshape", "hop", graph.weight(np.array([1, BANDS])))
    centred = graph.op("Sub", row, graph.weight(net.mean.numpy()))
    x = graph.convolution(graph.op("Div", centred, graph.weight(net.deviation.numpy())), net.stem)
    for block in net.blocks:
        assert isinstance(block, torch.nn.Conv1d)
        x = graph.op("Add", x, graph.convolution(x, block))
    known = graph.op("Concat", x, graph.recurrence(x, net.memory), axis=1)
    matrix = graph.weight(net.visemes.weight.detach().numpy().T)
    scores = graph.op("Gemm", known, matrix, graph.weight(net.visemes.bias.detach().numpy()))
    scores = graph.op("LogSoftmax", scores, axis=1)
    graph.op("Reshape", scores, graph.weight(np.array([len(VISEMES)])), out="answer")
    return _model(graph)


def _model(graph: Graph) -> ModelProto:
    """The model that goes through hops with the nodes of `graph`."""

    def values(name: str) -> list[object]:
        return [_value(f"{name}{index}", shape) for index, shape in enumerate(graph.states)]

    def names(name: str) -> list[str]:
        return [f"{name}{index}" for index in range(len(graph.states))]

    step = helper.make_graph(
        graph.nodes,
        "hop",
        [*values("before"), _value("hop", [BANDS])],
        [*values("after"), _value("answer", [len(VISEMES)])],
    )
    scan = helper.make_node(
        "Scan",
        [*names("state"), "mel"],
        [*names("next"), "log_probabilities"],
        body=step,
        num_scan_inputs=1,
    )
    model = helper.make_model(
        helper.make_graph(
            [scan],
            "visemes",
            [_value("mel", ["hops", BANDS]), *values("state")],
            [_value("log_probabilities", ["hops", len(VISEMES)]), *values("next")],
            graph.weights,
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


def _value(name: str, shape: Sequence[int | str]) -> object:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def difference(net: Net, content: bytes) -> float:
    """The most by which what the file answers differs from the net."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {put.name: np.zeros(put.shape, np.float32) for put in session.get_inputs()[1:]}
    deviations = np.random.default_rng(0).normal(size=(COMPARED_HOPS, BANDS)).astype(np.float32)
    rows = deviations * net.deviation.numpy() + net.mean.numpy()
    with torch.no_grad():
        expected = net(torch.from_numpy(rows)[None])[0][0].numpy()
    feed["mel"] = rows
    got: Floats = session.run(["log_probabilities"], feed)[0]
    return float(np.abs(got - expected).max())


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
