"""A persona file is checked before anything is drawn with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

from livekit_plugins_avatar.face.state import INDEX, PARAMETERS
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import BUILT_IN, Persona, PersonaError

WritePersona = Callable[..., Path]


def test_fields(write_persona: WritePersona) -> None:
    """A file that fits is described by what it says."""
    path = write_persona()
    persona = Persona.load(path)
    assert persona.path == path
    assert (persona.name, persona.licence) == ("stub", "CC0-1.0")
    assert (persona.size, dict(persona.sizes), persona.fps) == ((8, 4), {"square": (8, 4)}, 25)
    assert persona.parameters == ("headYaw", "jawOpen")
    assert persona.neutral == (0.0, 0.0)
    assert persona.columns == [INDEX["headYaw"], INDEX["jawOpen"]]
    assert persona.batch == "batch"


def test_path_as_string(write_persona: WritePersona) -> None:
    """A path may be a string."""
    assert Persona.load(str(write_persona())).name == "stub"


def test_wide(write_persona: WritePersona) -> None:
    """A wide picture is as high as the square one, and wider."""
    persona = Persona.load(write_persona(wide=14))
    assert persona.size_of("square") == (8, 4)
    assert persona.size_of("wide") == (14, 4)


def test_no_wide(write_persona: WritePersona) -> None:
    """A wide picture that is not there is refused with the remedy."""
    persona = Persona.load(write_persona())
    with pytest.raises(PersonaError, match=r'stub .* has no wide picture: use aspect="square"'):
        persona.size_of("wide")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in(name: str) -> None:
    """Every built-in persona fits and is called what its file says."""
    persona = Persona.load(name)
    assert persona.name == name
    assert set(persona.parameters) <= set(PARAMETERS)
    assert (persona.size, persona.fps) == ((512, 512), 30)


def test_sketch() -> None:
    """The sketch has every parameter."""
    persona = Persona.load("sketch")
    assert (persona.parameters, persona.licence) == (PARAMETERS, "Apache-2.0")


@pytest.mark.parametrize("name", ["none.onnx", "x" * 5000], ids=["missing", "too long"])
def test_missing_file(tmp_path: Path, name: str) -> None:
    """A missing file is named, with the built-in names."""
    with pytest.raises(PersonaError, match=r"no persona file .*'sketch'"):
        Persona.load(tmp_path / name)


def test_no_model(tmp_path: Path) -> None:
    """A file that is no model is named."""
    path = tmp_path / "picture.onnx"
    path.write_bytes(b"not a model at all")
    with pytest.raises(PersonaError, match=r"picture\.onnx cannot be opened as an ONNX model"):
        Persona.load(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999])
def test_cut_short(tmp_path: Path, share: float) -> None:
    """A file that is cut short is told from one that is no model."""
    whole = Persona.load("sketch").content
    path = tmp_path / "short.onnx"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(PersonaError, match=r"short\.onnx is cut short, .* fetch or copy it again"):
        Persona.load(path)


def test_unknown_operator(write_persona: WritePersona) -> None:
    """A whole model that ONNX Runtime cannot open is not called short."""
    path = write_persona()
    model = onnx.load(str(path))
    model.graph.node[3].op_type = "NoSuchOperator"
    onnx.save(model, str(path))
    with pytest.raises(PersonaError, match=r"stub\.onnx cannot be opened as an ONNX model"):
        OnnxRenderer(Persona.load(path), device="cpu")


def test_value_error() -> None:
    """A persona error is a value error."""
    assert issubclass(PersonaError, ValueError)


WRONG: list[tuple[dict[str, str | int | None], str]] = [
    ({"schema": None}, "has no `schema` in its metadata"),
    ({"name": ""}, "has no `name` in its metadata"),
    ({"name": "a\nb"}, r"has the name a\?b: give it at most 200 printable letters"),
    ({"licence": "x" * 201}, r"has the licence x+\.\.\.: give it at most 200"),
    ({"schema": "7"}, "persona of schema 7, this package reads schema 1"),
    ({"fps": "61"}, "has fps 61: give it a whole number between 10 and 60"),
    ({"fps": "9"}, "has fps 9: give it a whole number between 10 and 60"),
    ({"fps": "29.97"}, "has fps 29.97"),
    ({"fps": "3" * 100_000}, r"has fps 3+\.\.\.: give it a whole number"),
    ({"fps": "\u0662\u0665"}, "has fps .*: give it a whole number"),
    ({"width": "7"}, "has width 7: I420 frames need a width that 2 divides"),
    ({"height": "6"}, "has height 6: I420 frames need a height that 4 divides"),
    ({"width": "-8"}, "has width -8: give it a whole number"),
    ({"parameters": "jawOpen"}, "`parameters` that is no JSON list"),
    ({"parameters": "[" * 100_000}, "`parameters` that is no JSON list"),
    ({"parameters": '["jawOpen", "earWiggle"]'}, "asks for the parameter 'earWiggle'"),
    ({"parameters": '["jawOpen", 3]'}, "asks for the parameter 3"),
    ({"parameters": '["jawOpen", "jawOpen"]'}, "the parameter 'jawOpen' twice"),
    ({"neutral": "{}"}, "`neutral` that is no JSON list"),
    ({"neutral": "[0.0]"}, "2 parameters and 1 numbers in `neutral`"),
    ({"neutral": f"[{'0, ' * 399}0]"}, "has 400 entries in `neutral`: a face has 60 parameters"),
    ({"neutral": '[0.0, "a"]'}, "'a' in `neutral`: give it numbers only"),
    ({"neutral": "[0.0, true]"}, "True in `neutral`: give it numbers only"),
    ({"neutral": "[0.0, NaN]"}, "nan in `neutral`: give it finite numbers"),
    ({"neutral": "[0.0, 1e39]"}, r"1e\+39 in `neutral`: give it finite numbers"),
    ({"neutral": f"[0.0, {'9' * 400}]"}, r"9+\.\.\. in `neutral`: give it finite numbers"),
    ({"neutral": f"[0.0, {'9' * 5000}]"}, "`neutral` that is no JSON list"),
    ({"face": "params"}, "has the inputs params: export it with one input, named `face`"),
    ({"face_type": TensorProto.DOUBLE}, "has a `face` that is not float32: export it as float32"),
    ({"columns": 3}, r"has a `face` of the shape .*, its metadata says \[batch, 2\]"),
    ({"batch": 1}, r"has a `face` of the shape \[1, 2\].*the batch left open"),
    ({"i420": "frame"}, "has the outputs frame: export it with an output named `i420`"),
    ({"i420_type": TensorProto.FLOAT}, "has a `i420` that is not uint8: export it as uint8"),
    ({"rows": 5}, r"has a `i420` of the shape .*, its metadata says \[batch, 6, 8\]"),
    ({"wide": 14, "wide_width": None}, "wide picture in its output and none in its metadata"),
    ({"wide_width": "14"}, "wide picture in its metadata and none in its output"),
    ({"wide": 14, "wide_width": "15"}, "has wide_width 15: I420 frames need a wide_width that"),
    ({"wide": 8}, "has wide_width 8 and width 8: the wide picture holds the other"),
    ({"wide": 14, "wide_width": "16"}, r"has a `i420_wide` of the shape .* says \[batch, 6, 16\]"),
    ({"wide": 14, "wide_type": TensorProto.INT8}, "`i420_wide` .* export it as uint8"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_wrong(
    write_persona: WritePersona, wrong: dict[str, str | int | None], sentence: str
) -> None:
    """What does not fit is one short sentence that names it."""
    with pytest.raises(PersonaError, match=sentence) as raised:
        Persona.load(write_persona(**wrong))
    assert "stub.onnx" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500
