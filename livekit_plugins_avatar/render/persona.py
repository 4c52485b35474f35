"""The persona file: one face as one ONNX model.

The file has

- an input `face`, float32 [batch, P]: one column per name in the metadata's `parameters`;
- an output `i420`, uint8 [batch, height * 3 / 2, width], laid out as `renderer.Frames` says;
- where the persona has one, an output `i420_wide`, uint8 [batch, height * 3 / 2, wide_width]: the
  same picture within a wider one, for meeting tiles;
- metadata: `schema`, `name`, `licence`, `width`, `height`, `fps`, with the wide output its
  `wide_width`, and as JSON `parameters` (names from `face.state.PARAMETERS`, any of them in any
  order) and `neutral` (P numbers: the face at rest).

Loading checks all of this, and that the file is safe to compute (`onnx_file`), without computing
anything. Whatever does not fit is one `PersonaError`. ONNX Runtime computes both pictures whichever
is asked for: make the wide one of the other's bytes, which costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from ..face.state import INDEX
from .onnx_file import OnnxFile, OnnxFileError, TensorInfo, parse, read_bytes, shortened

Aspect = Literal["square", "wide"]
"""The picture itself, or the same picture in the middle of a 16:9 one."""

SCHEMA = 1
"""The version of the contract above."""

FPS_MIN, FPS_MAX = 10, 60
"""Below, lips cannot follow speech; above, no WebRTC receiver asks for more."""

SIDE_MAX_PX = 4096
"""More than any video codec of a browser takes: such a number is a mistake."""

NAME_MAX = 200
"""Letters of a name or a licence, which appear in logs."""

BUILT_IN: Mapping[str, str] = {
    "man": "man.onnx",
    "woman": "woman.onnx",
    "sketch": "sketch.onnx",
}
"""Personas that come with the package: their names, and their files in `resources/`."""

OUTPUTS: Mapping[Aspect, str] = {"square": "i420", "wide": "i420_wide"}
"""Which output draws which aspect."""

FLOAT32, UINT8 = 1, 2
"""ONNX's numbers for types of elements (TensorProto.DataType)."""

FLOAT32_MAX = 3.4e38
"""Numbers of a face at rest are of this type."""


class PersonaError(ValueError):
    """A persona file does not fit; the message says what is wrong with it, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A persona file that has been checked; made by `Persona.load`.

    Args:
        path: The file.
        name: What it calls itself.
        licence: Under which it may be used; an SPDX expression where there is one.
        sizes: Width and height in pixels, both even, of each aspect it draws.
        fps: Frames a second it is made for.
        parameters: What each column of the model's input is.
        neutral: The model's input for the face at rest, one number per parameter.
        batch: What the file calls the batch dimension of its input, if it has a name there.
        content: The bytes of the file.
        digest: Of the content; personas with the same digest draw the same.
    """

    path: Path
    name: str
    licence: str
    sizes: Mapping[Aspect, tuple[int, int]]
    fps: int
    parameters: tuple[str, ...]
    neutral: tuple[float, ...]
    batch: str | None
    content: bytes = field(repr=False)
    digest: str

    @classmethod
    def load(cls, persona: str | Path) -> Persona:
        """Read and check a persona.

        Args:
            persona: One of the names in `BUILT_IN`, or the path of a persona file.

        Raises:
            PersonaError: There is no such file, or it does not fit.
        """
        path = _find(persona)
        try:
            content = read_bytes(path)
            return cls(path=path, content=content, **_checked(parse(content), content))
        except OnnxFileError as error:
            raise PersonaError(f"{path} {error}") from None
        except OSError as error:
            raise PersonaError(f"{path} cannot be read: {error.strerror}") from error

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the square picture in pixels."""
        return self.sizes["square"]

    def size_of(self, aspect: Aspect) -> tuple[int, int]:
        """Width and height of an aspect in pixels.

        Raises:
            PersonaError: The persona does not draw it.
        """
        if aspect not in self.sizes:
            raise PersonaError(
                f'the persona {self.name} ({self.path}) has no wide picture: use aspect="square", '
                f"or export it with an output named `{OUTPUTS['wide']}`"
            )
        return self.sizes[aspect]

    @property
    def columns(self) -> list[int]:
        """Where each parameter lies in a `FaceState`."""
        return [INDEX[name] for name in self.parameters]


def _find(persona: str | Path) -> Path:
    if isinstance(persona, str) and persona in BUILT_IN:
        return Path(
            str(resources.files("livekit_plugins_avatar") / "resources" / BUILT_IN[persona])
        )
    path = Path(persona)
    try:
        found = path.is_file()
    except OSError:
        found = False
    if not found:
        names = ", ".join(map(repr, BUILT_IN))
        raise PersonaError(
            f"there is no persona file {path}: give the path of an .onnx file or a built-in name "
            f"({names})"
        )
    return path


def _checked(file: OnnxFile, content: bytes) -> dict[str, Any]:
    """Return what a file says of itself, as `Persona` has it."""
    said = file.metadata
    schema = _text(said, "schema")
    if schema != str(SCHEMA):
        raise OnnxFileError(
            f"is a persona of schema {shortened(schema)}, this package reads schema {SCHEMA}: "
            "export it again, or install the release of livekit-plugins-avatar that it was made for"
        )
    parameters, neutral = _parameters(said), _neutral(said)
    if len(neutral) != len(parameters):
        raise OnnxFileError(
            f"has {len(parameters)} parameters and {len(neutral)} numbers in `neutral`: give it "
            "one number per parameter"
        )
    sizes = _sizes(said, file.outputs)
    batch = _check_input(file.inputs, len(parameters))
    _check_outputs(file.outputs, sizes)
    return {
        "name": _name(said, "name"),
        "licence": _name(said, "licence"),
        "sizes": sizes,
        "fps": _whole(said, "fps", FPS_MIN, FPS_MAX),
        "parameters": parameters,
        "neutral": neutral,
        "batch": batch,
        "digest": hashlib.sha256(content).hexdigest(),
    }


def _text(said: Mapping[str, str], key: str) -> str:
    if not said.get(key):
        raise OnnxFileError(f"has no `{key}` in its metadata: add it to the model's metadata_props")
    return said[key]


def _name(said: Mapping[str, str], key: str) -> str:
    text = _text(said, key)
    if len(text) > NAME_MAX or not text.isprintable():
        raise OnnxFileError(
            f"has the {key} {shortened(text)}: give it at most {NAME_MAX} printable letters"
        )
    return text


def _whole(said: Mapping[str, str], key: str, least: int, most: int) -> int:
    text = _text(said, key)
    whole = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not whole or not least <= int(text) <= most:
        raise OnnxFileError(
            f"has {key} {shortened(text)}: give it a whole number between {least} and {most}"
        )
    return int(text)


def _side(said: Mapping[str, str], key: str) -> int:
    side = _whole(said, key, 2, SIDE_MAX_PX)
    # Planar I420 in one array of full-width rows needs whole rows of chroma.
    step = 4 if key == "height" else 2
    if side % step:
        raise OnnxFileError(
            f"has {key} {side}: I420 frames need a {key} that {step} divides, export the persona "
            f"at {side - side % step} or {side - side % step + step}"
        )
    return side


def _sizes(said: Mapping[str, str], outputs: list[TensorInfo]) -> Mapping[Aspect, tuple[int, int]]:
    width, height = _side(said, "width"), _side(said, "height")
    drawn = any(value.name == OUTPUTS["wide"] for value in outputs)
    if drawn != ("wide_width" in said):
        has, lacks = ("output", "metadata") if drawn else ("metadata", "output")
        raise OnnxFileError(
            f"has a wide picture in its {has} and none in its {lacks}: a persona has both "
            f"`wide_width` and `{OUTPUTS['wide']}`, or neither"
        )
    if not drawn:
        return {"square": (width, height)}
    wide = _side(said, "wide_width")
    if wide <= width:
        raise OnnxFileError(
            f"has wide_width {wide} and width {width}: the wide picture holds the other, export "
            "it wider"
        )
    return {"square": (width, height), "wide": (wide, height)}


def _json_list(said: Mapping[str, str], key: str) -> list[Any]:
    try:
        value = json.loads(_text(said, key))
    except OnnxFileError:
        raise
    # Deep nesting, and numbers of thousands of digits.
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, list) or not value:
        raise OnnxFileError(f"has a `{key}` that is no JSON list: write it as one")
    if len(value) > len(INDEX):
        raise OnnxFileError(
            f"has {len(value)} entries in `{key}`: a face has {len(INDEX)} parameters"
        )
    return value


def _parameters(said: Mapping[str, str]) -> tuple[str, ...]:
    names = _json_list(said, "parameters")
    for name in names:
        if not isinstance(name, str) or name not in INDEX:
            raise OnnxFileError(
                f"asks for the parameter {shortened(repr(name))}, which no face has: use names "
                "from livekit_plugins_avatar.face.state.PARAMETERS"
            )
        if names.count(name) > 1:
            raise OnnxFileError(f"asks for the parameter {name!r} twice: name it once")
    return tuple(names)


def _neutral(said: Mapping[str, str]) -> tuple[float, ...]:
    numbers = _json_list(said, "neutral")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise OnnxFileError(f"has {shortened(repr(number))} in `neutral`: give it numbers only")
        if not abs(number) < FLOAT32_MAX:
            raise OnnxFileError(
                f"has {shortened(repr(number))} in `neutral`: give it finite numbers only"
            )
    return tuple(map(float, numbers))


def _check_input(inputs: list[TensorInfo], columns: int) -> str | None:
    """Return the name of the batch dimension."""
    if [value.name for value in inputs] != ["face"]:
        names = ", ".join(shortened(value.name) for value in inputs[:5]) or "none"
        raise OnnxFileError(f"has the inputs {names}: export it with one input, named `face`")
    _check_tensor(inputs[0], FLOAT32, (None, columns))
    batch = (inputs[0].shape or (None,))[0]
    return batch if isinstance(batch, str) else None


def _check_outputs(outputs: list[TensorInfo], sizes: Mapping[Aspect, tuple[int, int]]) -> None:
    by_name = {value.name: value for value in outputs}
    if OUTPUTS["square"] not in by_name:
        names = ", ".join(map(shortened, list(by_name)[:5])) or "none"
        raise OnnxFileError(
            f"has the outputs {names}: export it with an output named `{OUTPUTS['square']}`"
        )
    for aspect, (width, height) in sizes.items():
        _check_tensor(by_name[OUTPUTS[aspect]], UINT8, (None, height * 3 // 2, width))


def _check_tensor(value: TensorInfo, element: int, wanted: tuple[int | None, ...]) -> None:
    if value.element != element:
        kind = "float32" if element == FLOAT32 else "uint8"
        raise OnnxFileError(f"has a `{value.name}` that is not {kind}: export it as {kind}")
    shape = value.shape
    if shape is None:
        return
    fits = len(shape) == len(wanted) and all(
        not isinstance(side, int) or side == want for side, want in zip(shape, wanted, strict=True)
    )
    if not fits:
        text = ", ".join("batch" if want is None else str(want) for want in wanted)
        raise OnnxFileError(
            f"has a `{value.name}` of the shape {shortened(str(list(shape)))}, its metadata says "
            f"[{text}]: export it with that shape, and the batch left open"
        )
