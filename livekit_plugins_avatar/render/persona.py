"""The persona file: one face as one ONNX model.

The file has

- an input `face`, float32 [batch, P]: one column per name in the metadata's `parameters`;
- an output `i420`, uint8 [batch, height * 3 / 2, width], laid out as `renderer.Frames` says;
- where the persona has one, an output `i420_wide`, uint8 [batch, height * 3 / 2, wide_width]: the
  same picture within a wider one, for meeting tiles;
- metadata: `schema`, `name`, `licence`, `width`, `height`, `fps`, with the wide output its
  `wide_width`, and as JSON `parameters` (names from `face.state.PARAMETERS`, any of them in any
  order) and `neutral` (P numbers: the face at rest); where some parameters alone decide values of
  the graph, `parts`, which lists these (`parts`); and `composition`, how the picture is put
  together at the end (`composition`).

Loading checks all of this, and that the file is safe to compute (`onnx_file`), without computing
anything. Whatever does not fit is one `PersonaError`. ONNX Runtime computes both pictures whichever
is asked for: make the wide one of the other's bytes, which costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..face.state import INDEX
from ..timeline import SAMPLE_RATE
from .composition import Composition, composition_of
from .onnx_file import OnnxFileError, TensorInfo, parse, read_bytes, shortened
from .parts import Part, parts_of

Aspect = Literal["square", "wide", "portrait"]
"""The picture itself, the same picture in the middle of a 16:9 one, or what `framing` cuts out of
the picture itself for 9:16."""

Device = Literal["auto", "tensorrt", "cuda", "cpu"]
"""Where a persona is drawn; "auto" is the first of the others that works."""

SCHEMA = 1
"""The version of the contract above."""

NUMBERS = {
    # Below, lips cannot follow speech; above, no WebRTC receiver asks for more.
    "fps": (10, 60, 1),
    # More than a browser's video codecs take is a mistake. I420 halves the chroma's rows and
    # columns, and two of its rows share one of the array.
    "width": (2, 4096, 2),
    "height": (4, 4096, 4),
    "wide_width": (2, 4096, 2),
}
"""The least and the most that a number of the metadata may be, and what has to divide it."""

NAME_MAX = 200
"""Letters of a name or a licence, which appear in logs."""

BUILT_IN = {name: f"{name}.onnx" for name in ("man", "woman", "filmed-man", "caller", "sketch")}
"""Personas that come with the package: their names, and their files in `resources/`."""

OUTPUTS: Mapping[Aspect, str] = {"square": "i420", "wide": "i420_wide", "portrait": "i420"}
"""Which output draws which aspect."""

ELEMENTS = {"float32": 1, "uint8": 2}
"""ONNX's numbers for types of elements (TensorProto.DataType)."""

FLOAT32_MAX = 3.4e38
"""The largest number of a face at rest."""


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
        parts: Values that a few parameters decide.
        composition: What its picture is composed of, if it says so.
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
    parts: tuple[Part, ...]
    composition: Composition | None
    digest: str

    @staticmethod
    def load(persona: str | Path) -> Persona:
        """Read and check one of the personas in `BUILT_IN`, or a persona file.

        Raises:
            PersonaError: There is no such file, or it does not fit.
        """
        path = _find(persona)
        try:
            content = read_bytes(path)
        except OnnxFileError as error:
            raise PersonaError(f"{path} {error}") from None
        except OSError as error:
            raise PersonaError(f"{path} cannot be read: {error.strerror}") from error
        return Persona.parse(path, content)

    @staticmethod
    def parse(path: Path, content: bytes) -> Persona:
        """Check the bytes of a persona file; a PersonaError, which names `path`, if they misfit."""
        try:
            return _checked(path, content)
        except OnnxFileError as error:
            raise PersonaError(f"{path} {error}") from None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the square picture in pixels."""
        return self.sizes["square"]

    def size_of(self, aspect: Aspect) -> tuple[int, int]:
        """Width and height in pixels of what is drawn for an aspect, or a PersonaError."""
        if aspect == "portrait":
            return self.size
        if aspect not in self.sizes:
            raise PersonaError(
                f'the persona {self.name} ({self.path}) has no wide picture: use aspect="square", '
                f"or export it with an output named `{OUTPUTS['wide']}`"
            )
        return self.sizes[aspect]

    def check_drawn(self, aspect: Aspect, drawn: NDArray[Any]) -> None:
        """Raise a PersonaError, if a picture that the file draws is not what its metadata says."""
        width, height = self.sizes[aspect]
        if drawn.shape != (1, height * 3 // 2, width) or drawn.dtype != np.uint8:
            raise PersonaError(
                f"{self.path} draws {drawn.dtype} {list(drawn.shape)}, its metadata says "
                f"uint8 [1, {height * 3 // 2}, {width}]: export it with that shape"
            )

    @property
    def columns(self) -> list[int]:
        """Where each parameter lies in a `FaceState`."""
        return [INDEX[name] for name in self.parameters]


def _find(persona: str | Path) -> Path:
    if isinstance(persona, str) and persona in BUILT_IN:
        folder = resources.files("livekit_plugins_avatar") / "resources"
        return Path(str(folder / BUILT_IN[persona]))
    # Unlike Path.is_file, it calls a file missing whose name is too long.
    if not os.path.isfile(persona):
        names = ", ".join(map(repr, BUILT_IN))
        raise PersonaError(
            f"there is no persona file {persona}: give a path or a built-in name ({names})"
        )
    return Path(persona)


def _checked(path: Path, content: bytes) -> Persona:
    file = parse(content)
    said = file.metadata
    schema = _text(said, "schema")
    if schema != str(SCHEMA):
        raise OnnxFileError(
            f"is a persona of schema {shortened(schema)}, this package reads schema {SCHEMA}: "
            "export it again, or install the release that it was made for"
        )
    outputs = {value.name: value for value in file.outputs}
    parameters, sizes = _parameters(said), _sizes(said, outputs)
    if [value.name for value in file.inputs] != ["face"]:
        names = _listed([value.name for value in file.inputs])
        raise OnnxFileError(f"has the inputs {names}: export it with one input, named `face`")
    _check_tensor(file.inputs[0], "float32", len(parameters))
    for aspect, (width, height) in sizes.items():
        _check_tensor(outputs[OUTPUTS[aspect]], "uint8", height * 3 // 2, width)
    batch = (file.inputs[0].shape or (None,))[0]
    return Persona(
        path=path,
        name=_name(said, "name"),
        licence=_name(said, "licence"),
        sizes=sizes,
        fps=_number(said, "fps"),
        parameters=parameters,
        neutral=_neutral(said, len(parameters)),
        batch=batch if isinstance(batch, str) else None,
        content=content,
        parts=parts_of(said, parameters),
        composition=composition_of(said),
        digest=hashlib.sha256(content).hexdigest(),
    )


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


def _number(said: Mapping[str, str], key: str) -> int:
    text = _text(said, key)
    least, most, step = NUMBERS[key]
    whole = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
    if not whole or not least <= int(text) <= most:
        raise OnnxFileError(
            f"has {key} {shortened(text)}: give it a whole number between {least} and {most}"
        )
    if key == "fps" and SAMPLE_RATE % int(text):
        raise OnnxFileError(
            f"has fps {text}, which does not divide {SAMPLE_RATE}, the sample rate of the audio: "
            "export it at 25, 30, 50 or 60"
        )
    if int(text) % step:
        raise OnnxFileError(
            f"has {key} {text}: I420 frames need a {key} that {step} divides, export it with one"
        )
    return int(text)


def _sizes(said: Mapping[str, str], outputs: Collection[str]) -> dict[Aspect, tuple[int, int]]:
    square, wide = OUTPUTS["square"], OUTPUTS["wide"]
    if square not in outputs:
        names = _listed(list(outputs))
        raise OnnxFileError(f"has the outputs {names}: export it with an output named `{square}`")
    if (wide in outputs) != ("wide_width" in said):
        has, lacks = ("output", "metadata") if wide in outputs else ("metadata", "output")
        raise OnnxFileError(
            f"has a wide picture in its {has} and none in its {lacks}: a persona has both "
            f"`wide_width` and `{wide}`, or neither"
        )
    width, height = _number(said, "width"), _number(said, "height")
    if wide not in outputs:
        return {"square": (width, height)}
    wide_width = _number(said, "wide_width")
    if wide_width <= width:
        raise OnnxFileError(
            f"has wide_width {wide_width} and width {width}: the wide picture holds the other, "
            "export it wider"
        )
    return {"square": (width, height), "wide": (wide_width, height)}


def _listed(names: list[str]) -> str:
    return ", ".join(map(shortened, names[:5])) or "none"


def _json_list(said: Mapping[str, str], key: str) -> list[Any]:
    text = _text(said, key)
    try:
        value = json.loads(text)
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
        if str(name) not in INDEX:
            raise OnnxFileError(
                f"asks for the parameter {shortened(repr(name))}, which no face has: use names "
                "from livekit_plugins_avatar.face.state.PARAMETERS"
            )
        if names.count(name) > 1:
            raise OnnxFileError(f"asks for the parameter {name!r} twice: name it once")
    return tuple(names)


def _neutral(said: Mapping[str, str], count: int) -> tuple[float, ...]:
    numbers = _json_list(said, "neutral")
    if len(numbers) != count:
        raise OnnxFileError(
            f"has {count} parameters and {len(numbers)} numbers in `neutral`: give it one number "
            "per parameter"
        )
    for number in numbers:
        real = isinstance(number, int | float) and not isinstance(number, bool)
        if not real or not abs(number) < FLOAT32_MAX:
            wanted = "finite numbers" if real else "numbers"
            raise OnnxFileError(
                f"has {shortened(repr(number))} in `neutral`: give it {wanted} only"
            )
    return tuple(map(float, numbers))


def _check_tensor(value: TensorInfo, element: str, *sides: int) -> None:
    """Check the type and, where the file tells it, the shape: an open batch of such sides."""
    if value.element != ELEMENTS[element]:
        raise OnnxFileError(f"has a `{value.name}` that is not {element}: export it as {element}")
    wanted = ("batch", *sides)
    shape = wanted if value.shape is None else value.shape
    if len(shape) != len(wanted) or any(
        isinstance(side, int) and side != want for side, want in zip(shape, wanted, strict=True)
    ):
        raise OnnxFileError(
            f"has a `{value.name}` of the shape {shortened(str(list(shape)))}, its metadata says "
            f"[{', '.join(map(str, wanted))}]: export it with that shape, and the batch left open"
        )
