"""A persona file: one ONNX model and what it says of itself.

In flows a path or a built-in name; out flows a `Persona` whose every claim has been held against
the model's real inputs and outputs. Nothing of ONNX Runtime is loaded before a persona is.

The file: input `face`, float32 [B, P]; output `i420`, uint8 [B, H * 3 / 2, W], B free. Its
metadata: `schema` ("1"), `name`, `licence`, `width`, `height`, `fps`, `parameters` (JSON list of P
names of `face.state.PARAMETERS`, in the order of the columns) and `neutral` (JSON list of P
numbers: the face at rest).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ..face.state import INDEX

SCHEMA = "1"
"""The version of the contract above."""

BUILT_IN = ("sketch",)
"""Personas that come with the package, by name."""

KEYS = ("schema", "name", "licence", "width", "height", "fps", "parameters", "neutral")


class PersonaError(ValueError):
    """A persona file does not fit; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Persona:
    """What a persona file holds besides the model.

    Args:
        path: Where it lies.
        name: What it is called.
        licence: SPDX expression under which the likeness may be used.
        size: Width and height of its pictures in pixels, both even.
        fps: Frames a second it is meant for, 10 to 60.
        parameters: The names of its input's columns.
        neutral: The face at rest, a number per column.
    """

    path: Path
    name: str
    licence: str
    size: tuple[int, int]
    fps: int
    parameters: tuple[str, ...]
    neutral: tuple[float, ...]


def load_persona(persona: str | Path) -> Persona:
    """Find a persona and check that it fits.

    Args:
        persona: A name in `BUILT_IN`, or the path of a file.

    Raises:
        PersonaError: There is no such file, it is not an ONNX model, or what it says of itself
            is incomplete or not what the model does.
    """
    path = _find(persona)
    session = _open(path)
    metadata = session.get_modelmeta().custom_metadata_map
    read = _read(path, metadata)
    _check_tensor(
        path, "input", session.get_inputs(), "face", "tensor(float)", [len(read.parameters)]
    )
    width, height = read.size
    _check_tensor(
        path, "output", session.get_outputs(), "i420", "tensor(uint8)", [height * 3 // 2, width]
    )
    return read


def _find(persona: str | Path) -> Path:
    if persona in BUILT_IN:
        return Path(
            str(resources.files("livekit_plugins_avatar") / "resources" / f"{persona}.onnx")
        )
    path = Path(persona).expanduser()
    if not path.is_file():
        names = ", ".join(map(repr, BUILT_IN))
        raise PersonaError(
            f"there is no persona {str(persona)!r}: pass the path of a persona file, or {names}"
        )
    return path


def _open(path: Path) -> Any:
    import onnxruntime as ort

    try:
        return ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise PersonaError(
            f"{path} is not a persona: ONNX Runtime cannot read it ({_first_line(error)})"
        ) from error


def _read(path: Path, metadata: Mapping[str, str]) -> Persona:
    missing = [key for key in KEYS if key not in metadata]
    if missing:
        raise PersonaError(
            f"{path} is an ONNX model but not a persona: its metadata lacks {', '.join(missing)}"
        )
    if metadata["schema"] != SCHEMA:
        raise PersonaError(
            f"{path} follows persona schema {metadata['schema']!r} and this version reads "
            f"{SCHEMA!r}: update livekit-plugins-avatar or the persona"
        )
    try:
        width, height, fps = (int(metadata[key]) for key in ("width", "height", "fps"))
        parameters = tuple(map(str, json.loads(metadata["parameters"])))
        neutral = tuple(map(float, json.loads(metadata["neutral"])))
    except (TypeError, ValueError) as error:
        raise PersonaError(f"{path} has metadata that cannot be read: {error}") from error
    _check_values(path, width, height, fps, parameters, neutral)
    return Persona(
        path, metadata["name"], metadata["licence"], (width, height), fps, parameters, neutral
    )


def _check_values(
    path: Path,
    width: int,
    height: int,
    fps: int,
    parameters: tuple[str, ...],
    neutral: tuple[float, ...],
) -> None:
    if width < 2 or height < 2 or width % 2 or height % 2:
        raise PersonaError(f"{path} is {width}x{height}: width and height of a persona are even")
    if not 10 <= fps <= 60:
        raise PersonaError(f"{path} asks for {fps} frames a second: 10 to 60 are possible")
    unknown = [name for name in parameters if name not in INDEX]
    if unknown:
        raise PersonaError(
            f"{path} has parameters that no face has: {', '.join(unknown)}; the names are in "
            f"livekit_plugins_avatar.face.state.PARAMETERS"
        )
    if len(neutral) != len(parameters):
        raise PersonaError(
            f"{path} has {len(parameters)} parameters and a neutral face of {len(neutral)}"
        )


def _check_tensor(
    path: Path, role: str, tensors: list[Any], name: str, dtype: str, shape: list[int]
) -> None:
    """Hold one tensor against what the metadata promises; the batch dimension is free."""
    [tensor] = [each for each in tensors if each.name == name] or [None]
    if tensor is None:
        found = ", ".join(each.name for each in tensors)
        raise PersonaError(f"{path} has no {role} {name!r}, it has {found}")
    if tensor.type != dtype or list(tensor.shape[1:]) != shape or isinstance(tensor.shape[0], int):
        raise PersonaError(
            f"{path}: {role} {name!r} is {tensor.type} {list(tensor.shape)} and should be "
            f"{dtype} {['batch', *shape]}"
        )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
