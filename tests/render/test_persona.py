"""A persona file is checked before anything is drawn with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS
from livekit_plugins_avatar.render.persona import PersonaError, load_persona

WIDTH, HEIGHT = 8, 4
NAMES = ["headYaw", "jawOpen"]
METADATA = {
    "schema": "1",
    "name": "stub",
    "licence": "CC0-1.0",
    "width": str(WIDTH),
    "height": str(HEIGHT),
    "fps": "25",
    "parameters": json.dumps(NAMES),
    "neutral": "[0.0, 0.0]",
}


def write(
    path: Path,
    *,
    face: str = "face",
    face_type: int = TensorProto.FLOAT,
    columns: int = len(NAMES),
    batch: str | int = "batch",
    i420: str = "i420",
    i420_type: int = TensorProto.UINT8,
    rows: int = HEIGHT * 3 // 2,
    **metadata: str | None,
) -> Path:
    """A persona that paints its first parameter everywhere, with parts put wrong on request."""
    shape = numpy_helper.from_array(np.ones((1, rows, WIDTH), np.float32), "ones")
    index = numpy_helper.from_array(np.array([0]), "index")
    axes = numpy_helper.from_array(np.array([2]), "axes")
    nodes = [
        helper.make_node("Cast", [face], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["as_float", "index"], ["first"], axis=1),
        helper.make_node("Unsqueeze", ["first", "axes"], ["pixel"]),
        helper.make_node("Mul", ["pixel", "ones"], ["picture"]),
        helper.make_node("Cast", ["picture"], [i420], to=i420_type),
    ]
    graph = helper.make_graph(
        nodes,
        "stub",
        [helper.make_tensor_value_info(face, face_type, [batch, columns])],
        [helper.make_tensor_value_info(i420, i420_type, [batch, rows, WIDTH])],
        [shape, index, axes],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    merged = {**METADATA, **metadata}
    helper.set_model_props(model, {key: text for key, text in merged.items() if text is not None})
    onnx.save(model, str(path))
    return path


def test_a_file_that_fits_is_described_by_what_it_says(tmp_path: Path) -> None:
    path = write(tmp_path / "stub.onnx")
    persona = load_persona(path)
    assert persona.path == path
    assert (persona.name, persona.licence) == ("stub", "CC0-1.0")
    assert (persona.size, persona.fps) == ((WIDTH, HEIGHT), 25)
    assert persona.parameters == tuple(NAMES)
    assert persona.neutral == (0.0, 0.0)
    assert persona.columns == [INDEX["headYaw"], INDEX["jawOpen"]]


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    assert load_persona(str(write(tmp_path / "stub.onnx"))).name == "stub"


def test_the_sketch_comes_with_the_package_and_knows_every_parameter() -> None:
    persona = load_persona("sketch")
    assert persona.parameters == PARAMETERS
    assert (persona.size, persona.fps, persona.licence) == ((512, 512), 30, "Apache-2.0")


def test_a_missing_file_is_named_with_the_built_in_names(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match=r"no persona file .*none\.onnx.*'sketch'"):
        load_persona(tmp_path / "none.onnx")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "picture.onnx"
    path.write_bytes(b"not a model at all")
    with pytest.raises(PersonaError, match=r"picture\.onnx cannot be opened as an ONNX model"):
        load_persona(path)


def test_a_persona_error_is_a_value_error() -> None:
    assert issubclass(PersonaError, ValueError)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"schema": None}, "has no `schema` in its metadata"),
        ({"name": ""}, "has no `name` in its metadata"),
        ({"schema": "7"}, "persona of schema 7, this package reads schema 1"),
        ({"fps": "61"}, "has fps 61: give it a whole number between 10 and 60"),
        ({"fps": "9"}, "has fps 9: give it a whole number between 10 and 60"),
        ({"fps": "29.97"}, "has fps 29.97"),
        ({"width": "7"}, "has width 7: I420 frames need a width that 2 divides"),
        ({"height": "6"}, "has height 6: I420 frames need a height that 4 divides"),
        ({"width": "-8"}, "has width -8: give it a whole number"),
        ({"parameters": "jawOpen"}, "`parameters` that is no JSON list"),
        ({"parameters": '["jawOpen", "earWiggle"]'}, "asks for the parameter 'earWiggle'"),
        ({"parameters": '["jawOpen", 3]'}, "asks for the parameter 3"),
        ({"parameters": '["jawOpen", "jawOpen"]'}, "the parameter 'jawOpen' twice"),
        ({"neutral": "{}"}, "`neutral` that is no JSON list"),
        ({"neutral": "[0.0]"}, "2 parameters and 1 numbers in `neutral`"),
        ({"neutral": '[0.0, "a"]'}, "'a' in `neutral`: give it numbers only"),
        ({"neutral": "[0.0, NaN]"}, "nan in `neutral`: give it finite numbers"),
        ({"face": "params"}, "has the inputs params: export it with one input, named `face`"),
        ({"face_type": TensorProto.DOUBLE}, "`face` of .* is tensor.double.: export it as float32"),
        ({"columns": 3}, r"`face` of .* has the shape .*, its metadata says \[batch, 2\]"),
        ({"batch": 1}, r"`face` of .* has the shape \[1, 2\].*the batch left open"),
        ({"i420": "frame"}, "has the outputs frame: export it with an output named `i420`"),
        ({"i420_type": TensorProto.FLOAT}, "`i420` of .* is tensor.float.: export it as uint8"),
        ({"rows": 5}, r"`i420` of .* has the shape .*, its metadata says \[batch, 6, 8\]"),
    ],
)
def test_what_does_not_fit_is_one_sentence_that_names_it(
    tmp_path: Path, wrong: dict[str, str | int | None], sentence: str
) -> None:
    path = write(tmp_path / "stub.onnx", **wrong)  # type: ignore[arg-type]
    with pytest.raises(PersonaError, match=sentence) as raised:
        load_persona(path)
    assert "stub.onnx" in str(raised.value)
    assert "\n" not in str(raised.value)
