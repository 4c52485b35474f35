"""A moved picture is neither softer nor harder than it was."""

from __future__ import annotations

from importlib import import_module
from math import erf
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
graphs = import_module("livekit_plugins_avatar.tools.portrait.graph")
sharpness = import_module("livekit_plugins_avatar.tools.portrait.sharpness")

SIDE = 16


def _run(graph: Any, out: Any, **inputs: NDArray[np.float32]) -> Any:
    import onnxruntime
    from onnx import TensorProto, helper

    kind = TensorProto.FLOAT
    wanted = helper.make_graph(
        [],
        "g",
        [helper.make_tensor_value_info(n, kind, v.shape) for n, v in inputs.items()],
        [helper.make_tensor_value_info(out.name, kind, None)],
    )
    graph.add_to(wanted)
    model = helper.make_model(wanted, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, inputs)[0]


def _waves(shift: float) -> NDArray[np.float32]:
    """Waves of four pixels each way, interpolated `shift` to the right and down."""
    at = np.arange(SIDE + 1)
    wave = np.cos(np.pi / 2 * at)
    soft = wave[:-1] * (1 - shift) + wave[1:] * shift
    both: NDArray[np.float32] = (soft[:, None] + soft[None]).astype(np.float32)
    return both[None, None]


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.75])
def test_shifted_waves_keep_their_height(shift: float) -> None:
    """A structure of four pixels has what it had, within a tenth, wherever it moves."""
    moved = np.full((1, 2, SIDE, SIDE), shift, np.float32)
    graph = graphs.Graph()
    share = sharpness.lost(graph.input("moved"))
    whole = sharpness.regained(graph.input("soft"), share)
    sharp = _run(graph, whole, soft=_waves(shift), moved=moved)[0, 0, 2:-2, 2:-2]
    assert np.std(sharp) == pytest.approx(np.std(_waves(0.0)[0, 0, 2:-2, 2:-2]), rel=0.1)


def test_blocks_are_sharpened_as_one_picture() -> None:
    """Each pixel of a block has its own four neighbours, also those of the next block."""
    picture = np.random.default_rng(0).uniform(100, 103, (SIDE, SIDE)).astype(np.float32)
    blocks = picture.reshape(SIDE // 2, 2, SIDE // 2, 2).transpose(1, 3, 0, 2)
    graph = graphs.Graph()
    share = graph.constant(np.full((1, 1, SIDE // 2, SIDE // 2), 1 / sharpness.DIAGONAL))
    out = sharpness.regained_blocks(graph.input("luma"), share)
    drawn = _run(graph, out, luma=blocks.reshape(4, 1, SIDE // 2, SIDE // 2))
    drawn = drawn.reshape(2, 2, SIDE // 2, SIDE // 2).transpose(2, 0, 3, 1).reshape(SIDE, SIDE)
    corners = (picture[:-2, :-2] + picture[:-2, 2:] + picture[2:, :-2] + picture[2:, 2:]) / 4
    wanted = 2 * picture[1:-1, 1:-1] - corners
    np.testing.assert_allclose(drawn[1:-1, 1:-1], wanted, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("narrower", [1.0, 1.5])
def test_an_edge_that_is_pushed_together_stays_as_soft(narrower: float) -> None:
    """An edge is as wide as in the picture, within a tenth."""
    width, at = 0.85, np.arange(SIDE) - SIDE / 2 + 0.5
    places = at * narrower / width
    edge = np.array([100 * (1 + erf(place / np.sqrt(2))) for place in places])
    blocks = np.tile(edge, (SIDE, 1)).reshape(SIDE // 2, 2, SIDE // 2, 2).transpose(1, 3, 0, 2)
    graph, half = graphs.Graph(), (SIDE // 2, SIDE // 2)
    share = sharpness.crowded(graph.constant(np.full((1, 1, *half), narrower - 1)))
    out = sharpness.regained_blocks(graph.input("luma"), share)
    luma = blocks.reshape(4, 1, *half).astype(np.float32)
    drawn = _run(graph, out, luma=luma).reshape(2, 2, *half).transpose(2, 0, 3, 1)
    slope = np.diff(drawn.reshape(SIDE, SIDE)[SIDE // 2])
    middles = (at[1:] + at[:-1]) / 2
    found = np.sqrt((slope * middles**2).sum() / slope.sum())
    # A pixel's difference to the next is a blur of its own.
    assert np.sqrt(found**2 - 1 / 12) == pytest.approx(width, rel=0.1)


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.5, 2.0])
def test_a_moved_picture_keeps_its_waves(shift: float) -> None:
    """An iris that has moved by a part of a pixel keeps 0.85 of what is four pixels long."""
    at = np.arange(SIDE)
    waves = np.tile(np.cos(np.pi / 2 * at), (SIDE, 1)).astype(np.float32)
    picture = np.stack([waves, waves])[:, None, None]
    way = np.zeros((2, 2, 1, 1, 1, 1), np.float32)
    way[0] = shift
    graph = graphs.Graph()
    out = sharpness.moved_whole(graph.input("picture"), graph.input("way"), SIDE)
    moved = _run(graph, out, picture=picture, way=way)[1, 0, 0, 4:-4, 4:-4]
    truth = np.cos(np.pi / 2 * (at[4:-4] - shift))
    share = float((moved * truth).sum() / (truth * truth).sum() / (SIDE - 8))
    assert 0.85 < share < 1.01
