"""Graphs that are written in a way that takes less time."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

pytest.importorskip("onnx", reason="the extra `portrait` is not installed")

from livekit_plugins_avatar.face.state import PARAMETERS
from livekit_plugins_avatar.tools.portrait.graph import Graph
from models.personas.simpler import _folded, in_phases, unfolded, without_shapes


def graph() -> onnx.ModelProto:
    """A picture that is doubled, convolved and bent, with a margin that torch would work out from
    the size of a tensor."""
    chance, made = np.random.default_rng(0), Graph()
    small = made.input("face").columns(range(24)).reshaped(-1, 2, 3, 4)
    kind = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
    scales = made.constant(np.array([1, 1, 2, 2]))
    doubled = made.node("Resize", small, None, scales, nearest_mode="floor", **kind)
    kernel = made.half(chance.integers(-8, 9, (5, 2, 3, 3)) / 8)
    sums = made.node("Conv", doubled, kernel, made.constant(np.zeros(5)), pads=[1, 1, 1, 1])
    bent = made.node("LeakyRelu", sums, alpha=0.1)
    size = made.node("Shape", bent)
    rows = made.node("Slice", size, made.whole(2), made.whole(3))
    shape = made.joined([made.node("Slice", size, made.whole(0), made.whole(1)), made.whole(5)], 0)
    shape = made.joined([shape, made.node("Mul", rows, made.whole(8))], 0)
    made.named(made.node("Reshape", bent, shape).codes(128, 0.05), "i420")
    return onnx.load_from_string(made.model(len(PARAMETERS), "i420", (5, 48), {}))


def drawn(model: onnx.ModelProto) -> np.ndarray:
    """What it draws of three faces."""
    faces = np.random.default_rng(1).standard_normal((3, len(PARAMETERS))).astype(np.float32)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    out: np.ndarray = session.run(None, {"face": faces})[0]
    return out


def test_what_is_doubled_is_convolved_before() -> None:
    """No picture is enlarged any more, and the sums are the same."""
    before, after = graph(), graph()
    in_phases(after)
    assert [node.op_type for node in after.graph.node].count("Resize") == 0
    assert np.abs(drawn(before).astype(int) - drawn(after)).max() <= 1


def test_sizes_become_numbers() -> None:
    """What follows from a tensor's size is known before a face is, whatever the batch."""
    before, after = graph(), graph()
    without_shapes(after)
    last = [node for node in after.graph.node if node.op_type == "Reshape"][-1]
    shape = next(each for each in after.graph.initializer if each.name == last.input[1])
    assert onnx.numpy_helper.to_array(shape).tolist() == [-1, 5, 48]
    assert (drawn(before) == drawn(after)).all()


def test_a_kernel_is_had_back() -> None:
    """Learning goes on from the kernel as it was."""
    model = onnx.ModelProto()
    kernel = np.random.default_rng(2).integers(-8, 9, (5, 2, 3, 3)) / 8
    for down, right in np.ndindex(2, 2):
        part = _folded(_folded(kernel, 2, down), 3, right).astype(np.float16)
        name = f"/net/mouth/eighth/Conv/{down}{right}_half"
        model.graph.initializer.append(onnx.numpy_helper.from_array(part, name))
    weights = {each.name: each for each in model.graph.initializer}
    back = unfolded(weights, "mouth.eighth.weight")
    assert back is not None
    assert (back == kernel).all()
    assert unfolded(weights, "mouth.paint.weight") is None
