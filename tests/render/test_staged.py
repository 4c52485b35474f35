"""Native code fetches what `GridSample` fetches, between sessions of ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from livekit_plugins_avatar.render import staged
from livekit_plugins_avatar.render.cut import Cutter, Sample
from livekit_plugins_avatar.render.onnx_file import TensorInfo
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.render.session import OnnxSession
from livekit_plugins_avatar.render.staged import StagedSession, open_staged

SIDE = 12
FACE = TensorInfo("face", 1, (1, 2))
USUAL = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": 0}


def file(**told: Any) -> bytes:
    """Places that a face moves; a still picture is fetched from these, and what was fetched from
    others, and both are added up."""
    chance = np.random.default_rng(0)
    at = np.stack(np.meshgrid(*[np.linspace(-1.2, 1.2, SIDE)] * 2), -1)[None]
    numbers = {
        "picture": chance.normal(0, 50, (1, 3, 20, 17)),
        "two": np.array(2.0),
        "at": at,
        "shape": np.array([1, 1, 1, 2], np.int64),
    }
    kind = {**USUAL, **told}
    nodes = [
        helper.make_node("Mul", ["picture", "two"], ["still"]),
        helper.make_node("Reshape", ["face", "shape"], ["by"]),
        helper.make_node("Add", ["at", "by"], ["places"]),
        helper.make_node("GridSample", ["still", "places"], ["found"], **kind),
        helper.make_node("Mul", ["places", "two"], ["further"]),
        helper.make_node("GridSample", ["found", "further"], ["again"], **kind),
        helper.make_node("Add", ["found", "again"], ["both"]),
    ]
    weights = [
        numpy_helper.from_array(each if name == "shape" else each.astype(np.float32), name)
        for name, each in numbers.items()
    ]
    face = helper.make_tensor_value_info("face", TensorProto.FLOAT, [1, 2])
    both = helper.make_tensor_value_info("both", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "persona", [face], [both], weights)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def opens(content: bytes) -> OnnxSession:
    return OnnxSession(replace(Persona.load("sketch"), content=content), 1, content)


def face(*moved: float) -> NDArray[np.float32]:
    return np.array([moved], np.float32)


def test_stages() -> None:
    """Each stage makes what the next fetches from; what no face changes comes first, once."""
    first, *others = Cutter(file()).stages({"face"}, ["both"])
    assert first == (["still"], [])
    assert [stage.samples for stage in others] == [
        [Sample("found", "still", "places")],
        [Sample("again", "found", "further")],
        [],
    ]
    assert [stage.makes for stage in others] == [["places", "further"], [], ["both"]]


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.3, -0.2), (5.0, 0.0), (50.0, -50.0)])
def test_as_one_session(moved: tuple[float, float]) -> None:
    """Numbers are those of the whole file, beyond the rim too, and for each face anew."""
    content = file()
    session = StagedSession(Cutter(content), [FACE], ["both"], opens, {"face": face(0.1, 0.1)})
    wanted = opens(content).once({"face": face(*moved)})["both"]
    found = session.once({"face": face(*moved)})["both"]
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_nan() -> None:
    """A face without sense is drawn from nothing, and costs no process."""
    session = StagedSession(Cutter(file()), [FACE], ["both"], opens, {"face": face(0, 0)})
    assert (session.once({"face": face(np.nan, np.nan)})["both"] == 0).all()


def test_in_place() -> None:
    """A bound session follows what is written to its input."""
    session = StagedSession(Cutter(file()), [FACE], ["both"], opens, {"face": face(0, 0)})
    values = {"face": face(0, 0), "both": np.zeros((1, 3, SIDE, SIDE), np.float32)}
    run = session.bound(values)
    for moved in ((0.1, 0.2), (-0.3, 0.0)):
        values["face"][:] = moved
        run()
        assert (values["both"] == session.once({"face": face(*moved)})["both"]).all()


@pytest.mark.parametrize(
    "told", [{"mode": "nearest"}, {"padding_mode": "border"}, {"align_corners": 1}]
)
def test_otherwise(told: dict[str, Any]) -> None:
    """What is to be fetched in another way stays with ONNX Runtime."""
    stages = Cutter(file(**told)).stages({"face"}, ["both"])
    assert [stage.samples for stage in stages] == [[], []]


def test_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where little is fetched, one session computes it all."""
    args = Cutter(file()), [FACE], ["both"], opens, {"face": face(0, 0)}
    assert isinstance(open_staged(*args), OnnxSession)
    monkeypatch.setattr(staged, "LEAST", 1)
    assert isinstance(open_staged(*args), StagedSession)
    monkeypatch.setattr(staged, "library", lambda: None)
    assert isinstance(open_staged(*args), OnnxSession)


def test_many_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of more planes than native code takes stay with ONNX Runtime."""
    monkeypatch.setattr(staged, "LEAST", 1)
    model = onnx.load_from_string(file())
    [picture] = [each for each in model.graph.initializer if each.name == "picture"]
    picture.CopyFrom(numpy_helper.from_array(np.ones((1, 9, 4, 4), np.float32), "picture"))
    content = model.SerializeToString()
    session = open_staged(Cutter(content), [FACE], ["both"], opens, {"face": face(0, 0)})
    assert isinstance(session, OnnxSession)
