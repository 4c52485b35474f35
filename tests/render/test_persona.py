"""A persona file is checked before anything is drawn with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS
from livekit_plugins_avatar.render.onnx_file import bytes_missing
from livekit_plugins_avatar.render.persona import BUILT_IN, PersonaError, load_persona

WritePersona = Callable[..., Path]


def test_a_file_that_fits_is_described_by_what_it_says(write_persona: WritePersona) -> None:
    path = write_persona()
    persona = load_persona(path)
    assert persona.path == path
    assert (persona.name, persona.licence) == ("stub", "CC0-1.0")
    assert (persona.size, persona.wide_width, persona.fps) == ((8, 4), None, 25)
    assert persona.parameters == ("headYaw", "jawOpen")
    assert persona.neutral == (0.0, 0.0)
    assert persona.columns == [INDEX["headYaw"], INDEX["jawOpen"]]


def test_a_path_may_be_a_string(write_persona: WritePersona) -> None:
    assert load_persona(str(write_persona())).name == "stub"


def test_a_wide_frame_is_as_high_and_wider(write_persona: WritePersona) -> None:
    persona = load_persona(write_persona(wide=14))
    assert persona.size_of("square") == (8, 4)
    assert persona.size_of("wide") == (14, 4)


def test_a_wide_frame_that_is_not_there_is_refused_with_the_remedy(
    write_persona: WritePersona,
) -> None:
    persona = load_persona(write_persona())
    with pytest.raises(
        PersonaError, match=r'persona stub .* has no wide frame: use frame="square"'
    ):
        persona.size_of("wide")


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_persona_fits_and_is_called_what_its_file_says(name: str) -> None:
    persona = load_persona(name)
    assert persona.name == name
    assert set(persona.parameters) <= set(PARAMETERS)
    assert (persona.size, persona.fps) == ((512, 512), 30)


def test_the_sketch_knows_every_parameter() -> None:
    persona = load_persona("sketch")
    assert (persona.parameters, persona.licence) == (PARAMETERS, "Apache-2.0")


def test_a_missing_file_is_named_with_the_built_in_names(tmp_path: Path) -> None:
    with pytest.raises(PersonaError, match=r"no persona file .*none\.onnx.*'sketch'"):
        load_persona(tmp_path / "none.onnx")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "picture.onnx"
    path.write_bytes(b"not a model at all")
    with pytest.raises(PersonaError, match=r"picture\.onnx cannot be opened as an ONNX model"):
        load_persona(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_a_file_cut_short_is_told_from_one_that_is_no_model(tmp_path: Path, share: float) -> None:
    whole = load_persona("sketch").path.read_bytes()
    path = tmp_path / "short.onnx"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PersonaError, match=r"short\.onnx is cut short, .* fetch or copy it again"):
        load_persona(path)


def test_a_whole_model_that_cannot_be_opened_is_not_called_short(tmp_path: Path) -> None:
    path = tmp_path / "riddle.onnx"
    nodes = [helper.make_node("NoSuchOperator", ["face"], ["i420"])]
    face = helper.make_tensor_value_info("face", TensorProto.FLOAT, ["batch", 1])
    i420 = helper.make_tensor_value_info("i420", TensorProto.UINT8, ["batch", 6, 8])
    onnx.save(helper.make_model(helper.make_graph(nodes, "riddle", [face], [i420])), str(path))
    assert bytes_missing(path) == 0
    with pytest.raises(PersonaError, match=r"riddle\.onnx cannot be opened as an ONNX model"):
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
        ({"wide": 14, "wide_width": None}, "wide frame in its output and none in its metadata"),
        ({"wide_width": "14"}, "wide frame in its metadata and none in its output"),
        ({"wide": 14, "wide_width": "15"}, "has wide_width 15: I420 frames need a wide_width that"),
        ({"wide": 8}, "has wide_width 8 and width 8: the wide frame holds the other"),
        ({"wide": 14, "wide_width": "16"}, r"`i420_wide` of .* the shape .* says \[batch, 6, 16\]"),
        ({"wide": 14, "wide_type": TensorProto.INT8}, "`i420_wide` of .* export it as uint8"),
    ],
)
def test_what_does_not_fit_is_one_sentence_that_names_it(
    write_persona: WritePersona, wrong: dict[str, str | int | None], sentence: str
) -> None:
    with pytest.raises(PersonaError, match=sentence) as raised:
        load_persona(write_persona(**wrong))
    assert "stub.onnx" in str(raised.value)
    assert "\n" not in str(raised.value)
