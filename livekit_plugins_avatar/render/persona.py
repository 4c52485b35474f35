"""The persona file: one face as one ONNX model.

In flows a path or a built-in name; out flows what a renderer must know of the file. A file that is
handed out has been opened and compared with what it says of itself: whatever does not fit is one
`PersonaError` here, not a strange picture later. The file is

- an input `face`, float32 [batch, P]: one column per name in the metadata's `parameters`;
- an output `i420`, uint8 [batch, height * 3 / 2, width], laid out as `renderer.Frames` says;
- where the persona has one, an output `i420_wide`, uint8 [batch, height * 3 / 2, wide_width]: the
  same picture within a wider one, for meeting tiles;
- metadata: `schema`, `name`, `licence`, `width`, `height`, `fps`, with the wide output its
  `wide_width`, and as JSON `parameters` (names from `face.state.PARAMETERS`, any of them in any
  order) and `neutral` (P numbers: the face at rest).

ONNX Runtime computes both pictures whichever is asked for: make the wide one of the other's bytes,
which costs next to nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from ..face.state import INDEX
from ..options import Aspect
from .onnx_file import bytes_missing

SCHEMA = 1
"""The version of the contract above."""

FPS_MIN, FPS_MAX = 10, 60
"""Below, lips cannot follow speech; above, no WebRTC receiver asks for more."""

SIDE_MAX_PX = 4096
"""More than any video codec of a browser takes: such a number is a mistake."""

BUILT_IN: Mapping[str, str] = {
    "man": "man.onnx",
    "woman": "woman.onnx",
    "sketch": "sketch.onnx",
}
"""Personas that come with the package: their names, and their files in `resources/`."""

OUTPUTS: Mapping[Aspect, str] = {"square": "i420", "wide": "i420_wide"}
"""Which output draws which frame."""


class PersonaError(ValueError):
    """A persona file does not fit; the message says what is wrong with it, and the remedy."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona file that has been checked.

    Args:
        path: The file.
        name: What it calls itself.
        licence: Under which it may be used; an SPDX expression where there is one.
        size: Width and height in pixels, both even.
        fps: Frames a second it is made for.
        parameters: What each column of the model's input is.
        neutral: The model's input for the face at rest, one number per parameter.
        wide_width: Width in pixels of the wide frame, even and more than that of `size`; None
            where there is no such frame.
        batch: What the file calls the batch dimension of its input, if it has a name there.
    """

    path: Path
    name: str
    licence: str
    size: tuple[int, int]
    fps: int
    parameters: tuple[str, ...]
    neutral: tuple[float, ...]
    wide_width: int | None = None
    batch: str | None = None

    @property
    def sizes(self) -> Mapping[Aspect, tuple[int, int]]:
        """Width and height in pixels of each picture it draws."""
        square: dict[Aspect, tuple[int, int]] = {"square": self.size}
        if self.wide_width is None:
            return square
        return square | {"wide": (self.wide_width, self.size[1])}

    def size_of(self, frame: Aspect) -> tuple[int, int]:
        """Width and height of a frame in pixels.

        Raises:
            PersonaError: The persona draws no such frame.
        """
        if frame not in self.sizes:
            raise PersonaError(
                f'the persona {self.name} ({self.path}) has no wide frame: use frame="square", or '
                f"export it with an output named `{OUTPUTS['wide']}`"
            )
        return self.sizes[frame]

    @property
    def columns(self) -> list[int]:
        """Where each parameter lies in a `FaceState`."""
        return [INDEX[name] for name in self.parameters]


def load_persona(persona: str | Path) -> Persona:
    """Open and check a persona.

    Args:
        persona: One of the names in `BUILT_IN`, or the path of a persona file.

    Raises:
        PersonaError: There is no such file, or it does not fit.
    """
    path = _find(persona)
    session = _open(path)
    said = session.get_modelmeta().custom_metadata_map
    schema = _text(path, said, "schema")
    if schema != str(SCHEMA):
        raise PersonaError(
            f"{path} is a persona of schema {schema}, this package reads schema {SCHEMA}: "
            "export it again, or install the release of livekit-plugins-avatar that it was made for"
        )
    loaded = Persona(
        path=path,
        name=_text(path, said, "name"),
        licence=_text(path, said, "licence"),
        size=(_side(path, said, "width"), _side(path, said, "height")),
        fps=_whole(path, said, "fps", FPS_MIN, FPS_MAX),
        parameters=_parameters(path, said),
        neutral=_neutral(path, said),
        wide_width=_wide_width(path, said, session.get_outputs()),
    )
    if len(loaded.neutral) != len(loaded.parameters):
        raise PersonaError(
            f"{path} has {len(loaded.parameters)} parameters and {len(loaded.neutral)} numbers in "
            "`neutral`: give it one number per parameter"
        )
    inputs = session.get_inputs()
    _check_input(loaded, inputs)
    _check_outputs(loaded, session.get_outputs())
    batch = inputs[0].shape[0]
    return replace(loaded, batch=batch if isinstance(batch, str) else None)


def _find(persona: str | Path) -> Path:
    if isinstance(persona, str) and persona in BUILT_IN:
        return Path(
            str(resources.files("livekit_plugins_avatar") / "resources" / BUILT_IN[persona])
        )
    path = Path(persona)
    if not path.is_file():
        names = ", ".join(map(repr, BUILT_IN))
        raise PersonaError(
            f"there is no persona file {path}: give the path of an .onnx file or a built-in name "
            f"({names})"
        )
    return path


def _open(path: Path) -> Any:
    # Here, so that whoever imports the package does not wait for ONNX Runtime.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own classes have no common one.
        if missing := bytes_missing(path):
            raise PersonaError(
                f"{path} is cut short, at least {missing} bytes are missing at its end: fetch or "
                "copy it again"
            ) from error
        raise PersonaError(
            f"{path} cannot be opened as an ONNX model: export it again as one self-contained "
            f".onnx file ({str(error).splitlines()[0]})"
        ) from error


def _text(path: Path, said: Mapping[str, str], key: str) -> str:
    if not said.get(key):
        raise PersonaError(
            f"{path} has no `{key}` in its metadata: add it to the model's metadata_props"
        )
    return said[key]


def _whole(path: Path, said: Mapping[str, str], key: str, least: int, most: int) -> int:
    text = _text(path, said, key)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise PersonaError(
            f"{path} has {key} {text}: give it a whole number between {least} and {most}"
        )
    return int(text)


def _side(path: Path, said: Mapping[str, str], key: str) -> int:
    side = _whole(path, said, key, 2, SIDE_MAX_PX)
    # Planar I420 in one array of full-width rows needs whole rows of chroma.
    step = 4 if key == "height" else 2
    if side % step:
        raise PersonaError(
            f"{path} has {key} {side}: I420 frames need a {key} that {step} divides, export the "
            f"persona at {side - side % step} or {side - side % step + step}"
        )
    return side


def _wide_width(path: Path, said: Mapping[str, str], outputs: Sequence[Any]) -> int | None:
    drawn = any(value.name == OUTPUTS["wide"] for value in outputs)
    if drawn != ("wide_width" in said):
        has, lacks = ("output", "metadata") if drawn else ("metadata", "output")
        raise PersonaError(
            f"{path} has a wide frame in its {has} and none in its {lacks}: a persona has both "
            f"`wide_width` and `{OUTPUTS['wide']}`, or neither"
        )
    if not drawn:
        return None
    wide, width = _side(path, said, "wide_width"), _side(path, said, "width")
    if wide <= width:
        raise PersonaError(
            f"{path} has wide_width {wide} and width {width}: the wide frame holds the other, "
            "export it wider"
        )
    return wide


def _json_list(path: Path, said: Mapping[str, str], key: str) -> list[Any]:
    text = _text(path, said, key)
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, list) or not value:
        raise PersonaError(f"{path} has a `{key}` that is no JSON list: write it as one")
    return value


def _parameters(path: Path, said: Mapping[str, str]) -> tuple[str, ...]:
    names = _json_list(path, said, "parameters")
    for name in names:
        if not isinstance(name, str) or name not in INDEX:
            raise PersonaError(
                f"{path} asks for the parameter {name!r}, which no face has: use names from "
                "livekit_plugins_avatar.face.state.PARAMETERS"
            )
        if names.count(name) > 1:
            raise PersonaError(f"{path} asks for the parameter {name!r} twice: name it once")
    return tuple(names)


def _neutral(path: Path, said: Mapping[str, str]) -> tuple[float, ...]:
    numbers = _json_list(path, said, "neutral")
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise PersonaError(f"{path} has {number!r} in `neutral`: give it numbers only")
        if not math.isfinite(number):
            raise PersonaError(f"{path} has {number} in `neutral`: give it finite numbers only")
    return tuple(map(float, numbers))


def _check_input(persona: Persona, inputs: Sequence[Any]) -> None:
    if [value.name for value in inputs] != ["face"]:
        names = ", ".join(value.name for value in inputs) or "none"
        raise PersonaError(
            f"{persona.path} has the inputs {names}: export it with one input, named `face`"
        )
    wanted = (None, len(persona.parameters))
    _check_tensor(persona, inputs[0], "tensor(float)", "float32", wanted)


def _check_outputs(persona: Persona, outputs: Sequence[Any]) -> None:
    by_name = {value.name: value for value in outputs}
    if OUTPUTS["square"] not in by_name:
        raise PersonaError(
            f"{persona.path} has the outputs {', '.join(by_name)}: export it with an output named "
            f"`{OUTPUTS['square']}`"
        )
    for frame, (width, height) in persona.sizes.items():
        wanted = (None, height * 3 // 2, width)
        _check_tensor(persona, by_name[OUTPUTS[frame]], "tensor(uint8)", "uint8", wanted)


def _check_tensor(
    persona: Persona, value: Any, kind: str, kind_name: str, wanted: tuple[int | None, ...]
) -> None:
    if value.type != kind:
        raise PersonaError(
            f"`{value.name}` of {persona.path} is {value.type}: export it as {kind_name}"
        )
    shape = value.shape
    fits = len(shape) == len(wanted) and all(
        not isinstance(side, int) or side == want for side, want in zip(shape, wanted, strict=True)
    )
    if not fits:
        text = ", ".join("batch" if want is None else str(want) for want in wanted)
        raise PersonaError(
            f"`{value.name}` of {persona.path} has the shape {shape}, its metadata says "
            f"[{text}]: export it with that shape, and the batch left open"
        )
