"""An ONNX file is read as ONNX reads it, and refused where it is not safe to compute."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import AttributeProto, GraphProto, NodeProto, TensorProto, helper, numpy_helper

from livekit_plugins_avatar.render.onnx_file import (
    MAX_BYTES,
    MAX_FIELDS,
    OnnxFileError,
    parse,
    read_bytes,
)
from livekit_plugins_avatar.render.persona import BUILT_IN

WritePersona = Callable[..., Path]


def resource_bytes(name: str) -> bytes:
    return (resources.files("livekit_plugins_avatar") / "resources" / name).read_bytes()


@pytest.fixture
def stub(write_persona: WritePersona) -> onnx.ModelProto:
    """The persona of the tests, for a test to change."""
    return onnx.load(str(write_persona(wide=14)))


@pytest.mark.parametrize("name", BUILT_IN.values())
def test_reads_as_onnx_does(name: str) -> None:
    """Metadata, inputs and outputs are those that the onnx package reads."""
    content = resource_bytes(name)
    file, model = parse(content), onnx.ModelProto.FromString(content)
    assert file.metadata == {entry.key: entry.value for entry in model.metadata_props}
    for mine, theirs in ((file.inputs, model.graph.input), (file.outputs, model.graph.output)):
        assert [each.name for each in mine] == [each.name for each in theirs]
        for tensor, value in zip(mine, theirs, strict=True):
            kind = value.type.tensor_type
            shape = [side.dim_param or side.dim_value for side in kind.shape.dim]
            assert (tensor.element, list(tensor.shape or ())) == (kind.elem_type, shape)


def test_initial_value(stub: onnx.ModelProto) -> None:
    """An input that has an initial value is a weight, as in old files."""
    stub.graph.input.append(helper.make_tensor_value_info("gain", TensorProto.FLOAT, []))
    assert [each.name for each in parse(stub.SerializeToString()).inputs] == ["face"]


def weight() -> TensorProto:
    return numpy_helper.from_array(np.zeros(2, np.float32), "weight")


def elsewhere() -> TensorProto:
    """A tensor whose data lies in another file."""
    tensor = weight()
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    return tensor


def says_elsewhere() -> TensorProto:
    """A tensor that only says so."""
    tensor = weight()
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def lists_elsewhere() -> TensorProto:
    """A tensor that only names the file, as ONNX Runtime's address of memory does."""
    tensor = weight()
    tensor.external_data.add(key="location", value="*/_ORT_MEM_ADDR_/*")
    return tensor


def as_initializer(tensor: TensorProto, graph: GraphProto) -> None:
    graph.initializer.append(tensor)


def as_constant(tensor: TensorProto, graph: GraphProto) -> None:
    graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))


def as_tensors(tensor: TensorProto, graph: GraphProto) -> None:
    attribute = AttributeProto(name="many", type=AttributeProto.TENSORS, tensors=[tensor])
    graph.node.append(NodeProto(op_type="Constant", output=["c"], attribute=[attribute]))


def as_sparse_values(tensor: TensorProto, graph: GraphProto) -> None:
    graph.sparse_initializer.add().values.CopyFrom(tensor)


def as_sparse_indices(tensor: TensorProto, graph: GraphProto) -> None:
    graph.sparse_initializer.add().indices.CopyFrom(tensor)


def as_sparse_constant(tensor: TensorProto, graph: GraphProto) -> None:
    attribute = AttributeProto(name="sparse_value", type=AttributeProto.SPARSE_TENSOR)
    attribute.sparse_tensor.values.CopyFrom(tensor)
    graph.node.append(NodeProto(op_type="Constant", output=["c"], attribute=[attribute]))


def as_sparse_tensors(tensor: TensorProto, graph: GraphProto) -> None:
    attribute = AttributeProto(name="many", type=AttributeProto.SPARSE_TENSORS)
    attribute.sparse_tensors.add().values.CopyFrom(tensor)
    graph.node.append(NodeProto(op_type="Constant", output=["c"], attribute=[attribute]))


PLACES = [
    as_initializer,
    as_constant,
    as_tensors,
    as_sparse_values,
    as_sparse_indices,
    as_sparse_constant,
    as_sparse_tensors,
]


@pytest.mark.parametrize("tensor", [elsewhere, says_elsewhere, lists_elsewhere])
@pytest.mark.parametrize("place", PLACES)
def test_external_data(
    stub: onnx.ModelProto,
    place: Callable[[TensorProto, GraphProto], None],
    tensor: Callable[[], TensorProto],
) -> None:
    """Data in other files is refused wherever a tensor may lie."""
    place(weight(), stub.graph)
    parse(stub.SerializeToString())
    place(tensor(), stub.graph)
    with pytest.raises(OnnxFileError, match="keeps data in other files"):
        parse(stub.SerializeToString())


@pytest.mark.parametrize("operator", ["Loop", "If", "Scan", "SequenceMap"])
def test_control_flow(stub: onnx.ModelProto, operator: str) -> None:
    """What may run for ever is refused, with a graph within it or without."""
    stub.graph.node.append(NodeProto(op_type=operator))
    with pytest.raises(OnnxFileError, match=rf"control flow \({operator}\)"):
        parse(stub.SerializeToString())


@pytest.mark.parametrize("several", [False, True])
def test_graph_within(stub: onnx.ModelProto, several: bool) -> None:
    """A graph within the graph is refused, whatever the operator is called."""
    attribute = AttributeProto(name="body")
    graph = attribute.graphs.add() if several else attribute.g
    graph.initializer.append(elsewhere())
    stub.graph.node.append(NodeProto(op_type="Add", attribute=[attribute]))
    with pytest.raises(OnnxFileError, match="a graph within the graph"):
        parse(stub.SerializeToString())


def functions(model: onnx.ModelProto) -> None:
    model.functions.add(name="f", domain="local")


def training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def domain(model: onnx.ModelProto) -> None:
    model.graph.node.add(op_type="EPContext", domain="com.microsoft")


def path_name(model: onnx.ModelProto) -> None:
    model.graph.name = "../../.bashrc"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (functions, "holds functions: inline them"),
        (training, "holds a training graph"),
        (domain, "needs operators of 'com.microsoft'"),
        (path_name, "has a graph whose name is a path"),
    ],
)
def test_refused(
    stub: onnx.ModelProto, change: Callable[[onnx.ModelProto], None], sentence: str
) -> None:
    """What else reaches outside the file is refused, with the remedy."""
    change(stub)
    with pytest.raises(OnnxFileError, match=sentence):
        parse(stub.SerializeToString())


def test_second_graph(stub: onnx.ModelProto) -> None:
    """Protobuf merges a graph that comes twice: the second is read as well."""
    graph = GraphProto(initializer=[elsewhere()])
    second = onnx.ModelProto(graph=graph).SerializeToString()
    with pytest.raises(OnnxFileError, match="keeps data in other files"):
        parse(stub.SerializeToString() + second)


@pytest.mark.parametrize(
    "content",
    [
        b"\x3b\x0b",
        b"\x38\x01",
        b"\x00\x01",
        b"\x3f",
        b"\xba\x80\x80\x80\x10\x00",
        b"\x08" + b"\xff" * 10 + b"\x01",
        b"\x3a\x02\x2a\x7f",
        b"\x72\x04\x0a\x02\xff\xfe",
        b"\xd2\x0f\x00",
    ],
    ids=[
        "group",
        "graph as a number",
        "field 0",
        "wire type 7",
        "field number over 29 bits",
        "number over 64 bits",
        "length beyond its message",
        "no UTF-8",
        "unknown field",
    ],
)
def test_malformed(content: bytes) -> None:
    """What other readers might read differently is refused."""
    with pytest.raises(OnnxFileError, match="cannot be opened as an ONNX model"):
        parse(content)


def test_many_fields() -> None:
    """A file of a million fields is left after some of them."""
    began_s = time.process_time()
    with pytest.raises(OnnxFileError, match="has more than 500,000 fields"):
        parse(b"\x08\x01" * (2 * MAX_FIELDS))
    assert time.process_time() - began_s < 5


def test_large_file(tmp_path: Path) -> None:
    """A file of 3 GB is refused before it is read."""
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(OnnxFileError, match="has 3,221 MB, and 268 MB are the limit"):
        read_bytes(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < MAX_BYTES / 1024 / 4
