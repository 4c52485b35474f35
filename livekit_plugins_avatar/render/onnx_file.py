"""Reads what an ONNX file says of itself, and refuses one that is not safe to compute.

An ONNX file is a protobuf message (onnx.proto3). This reader follows the fields in `MODEL`, skips
the rest by their lengths, and computes nothing. It refuses whatever reaches outside the file or may
never end. It is at least as strict as ONNX Runtime's parser, so that both see the same file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

MAX_BYTES = 256 * 2**20
"""A built-in persona has 7 MB; opening a file takes a few times its size in memory."""

MAX_FIELDS = 500_000
"""A built-in persona has 22,000; so many take two seconds to read."""

VARINT, SIZED, FIXED = 0, 2, {1: 8, 5: 4}
"""Protobuf's wire types: a number of 7 bits a byte, a length with as many bytes after it, and those
of a fixed length in bytes."""

TEXT, NUMBER, BYTES = "text", "number", "bytes"

Schema = Mapping[int, tuple[str, Any]]
"""The fields of a message that are read: ONNX's number of each, its name here, and its kind."""

TENSOR: Schema = {8: ("name", TEXT), 13: ("external data", BYTES), 14: ("data location", NUMBER)}
SPARSE: Schema = {1: ("values", TENSOR), 2: ("indices", TENSOR)}
ATTRIBUTE: Schema = {
    5: ("tensor", TENSOR),
    6: ("graph within", BYTES),
    10: ("tensor", TENSOR),
    11: ("graph within", BYTES),
    22: ("sparse tensor", SPARSE),
    23: ("sparse tensor", SPARSE),
}
NODE: Schema = {4: ("operator", TEXT), 5: ("attribute", ATTRIBUTE), 7: ("domain", TEXT)}
DIMENSION: Schema = {1: ("size", NUMBER), 2: ("size", TEXT)}
TENSOR_TYPE: Schema = {1: ("element", NUMBER), 2: ("shape", {1: ("dimension", DIMENSION)})}
VALUE: Schema = {1: ("name", TEXT), 2: ("type", {1: ("tensor", TENSOR_TYPE)})}
GRAPH: Schema = {
    1: ("node", NODE),
    2: ("graph name", TEXT),
    5: ("initializer", TENSOR),
    11: ("input", VALUE),
    12: ("output", VALUE),
    15: ("sparse initializer", SPARSE),
}
MODEL: Schema = {
    7: ("graph", GRAPH),
    14: ("metadata", {1: ("key", TEXT), 2: ("text", TEXT)}),
    20: ("training graph", BYTES),
    25: ("function", BYTES),
}

WEIGHT: Schema = {2: ("element", NUMBER), 8: ("name", TEXT), 9: ("raw data", BYTES)}
WEIGHTS: Schema = {7: ("graph", {5: ("initializer", WEIGHT)})}

MODEL_FIELDS = frozenset({*range(1, 9), 14, 20, 25, 26})
"""All fields that a file may have (ModelProto of ONNX 1.19)."""

Tree = dict[str, list[Any]]
"""A message: all values of each field, in order."""


MALFORMED = "cannot be opened as an ONNX model: export it again"
CUT_SHORT = "is cut short, at least {} bytes are missing at its end: fetch or copy it again"


class OnnxFileError(ValueError):
    """The file is malformed or not safe; the message completes "the file ..." and has a remedy."""


class TensorInfo(NamedTuple):
    """An input or output of the graph; element 0 and shape None are those that it does not say."""

    name: str
    element: int
    shape: tuple[int | str | None, ...] | None


class OnnxFile(NamedTuple):
    """What a file says of itself; its inputs are those without an initial value."""

    metadata: Mapping[str, str]
    inputs: list[TensorInfo]
    outputs: list[TensorInfo]


class Weight(NamedTuple):
    """Numbers that a file holds: their type, as of `TensorInfo`, and their bytes."""

    element: int
    raw: memoryview


def read_bytes(path: Path) -> bytes:
    """Read a file of at most `MAX_BYTES`."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            limit = f"{MAX_BYTES / 1e6:.0f} MB are the limit"
            raise OnnxFileError(f"has {size / 1e6:,.0f} MB, and {limit}: export a smaller model")
        return file.read(MAX_BYTES)


def parse(content: bytes) -> OnnxFile:
    """Read an ONNX file, if it is one, is whole, and is safe to compute."""
    if not content:
        raise OnnxFileError(CUT_SHORT.format(1))
    try:
        model = _Reader().read(memoryview(content), MODEL)
    except UnicodeDecodeError:
        raise OnnxFileError(MALFORMED) from None
    weights = set(_all(model, "graph", "initializer", "name"))
    inputs = [_tensor_info(value) for value in _all(model, "graph", "input")]
    return OnnxFile(
        {_last(entry, "key", ""): _last(entry, "text", "") for entry in _all(model, "metadata")},
        [each for each in inputs if each.name not in weights],
        [_tensor_info(value) for value in _all(model, "graph", "output")],
    )


def read_weights(content: bytes | bytearray) -> dict[str, Weight]:
    """The weights of a file that `parse` has accepted, by name, where they are kept as bytes.

    They are parts of `content`, not copies: of a bytearray they can be written to.
    """
    weights = _all(_Reader().read(memoryview(content), WEIGHTS), "graph", "initializer")
    return {
        _last(each, "name", ""): Weight(_last(each, "element", 0), _last(each, "raw data", None))
        for each in weights
        if "raw data" in each
    }


def fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """The number and the value, whole or bytes, of each field of a message.

    Raises:
        OnnxFileError: It is malformed.
    """
    return _Reader().fields(message)


def _all(tree: Tree, *path: str) -> list[Any]:
    """All values at a path; the parts of a message that comes several times are joined."""
    found: list[Any] = [tree]
    for name in path:
        found = [value for each in found for value in each.get(name, ())]
    return found


def _last(tree: Tree, name: str, default: Any) -> Any:
    """The value of a field, the last where it comes several times."""
    return tree.get(name, (default,))[-1]


def _tensor_info(value: Tree) -> TensorInfo:
    elements = _all(value, "type", "tensor", "element")
    sides = _all(value, "type", "tensor", "shape", "dimension")
    shape = tuple(_last(side, "size", None) for side in sides)
    known = bool(_all(value, "type", "tensor", "shape"))
    return TensorInfo(_last(value, "name", ""), [0, *elements][-1], shape if known else None)


def _refusal(name: str, value: Any) -> str | None:
    """Why a field makes a file unsafe, and the remedy; None where it does not."""
    match name:
        case "training graph":
            return "holds a training graph: export it for inference"
        case "function":
            return "holds functions: inline them and export it again"
        case "graph within":
            return "has control flow (a graph within the graph): export it as a graph without"
        case "operator" if value in ("Loop", "If", "Scan", "SequenceMap"):
            return f"has control flow ({value}): export it as a graph without"
        # Other operators may read files, as com.microsoft's EPContext does.
        case "domain" if value not in ("", "ai.onnx"):
            return f"needs operators of {shortened(value)!r}: export it with ONNX's own only"
        # TensorRT makes a file's name of it.
        case "graph name" if {"/", "\\"} & set(value):
            return "has a graph whose name is a path: rename the graph"
        case "external data" | "data location" if value != 0:
            return "keeps data in other files: export it as one self-contained .onnx file"
    return None


class _Reader:
    """Reads the messages of one file, and counts their fields."""

    _count = 0

    def read(self, message: memoryview, schema: Schema) -> Tree:
        """Read the fields of a message that are in the schema, and messages within it."""
        tree: Tree = {}
        for number, value in self.fields(message, whole=schema is MODEL):
            if number not in schema:
                continue
            name, kind = schema[number]
            if isinstance(value, int) != (kind == NUMBER):
                raise OnnxFileError(MALFORMED)
            if kind == TEXT:
                value = str(value, "utf-8")
            if refusal := _refusal(name, value):
                raise OnnxFileError(refusal)
            tree.setdefault(name, []).append(
                self.read(value, kind) if isinstance(kind, Mapping) else value
            )
        return tree

    def fields(self, message: memoryview, *, whole: bool = False) -> Iterator[tuple[int, Any]]:
        """Yield the number of each field of a message, or of the whole file, and its value."""
        at = 0
        while at < len(message):
            self._count += 1
            if self._count > MAX_FIELDS:
                raise OnnxFileError(f"has more than {MAX_FIELDS:,} fields: export a smaller model")
            try:
                tag, at = _varint(message, at)
                number, wire = tag >> 3, tag & 7
                known = number in MODEL_FIELDS if whole else 0 < number < 2**29
                if not known or wire not in (VARINT, SIZED, *FIXED):
                    raise OnnxFileError(MALFORMED)
                size, at = (FIXED[wire], at) if wire in FIXED else _varint(message, at)
                value: int | memoryview = size
                if wire != VARINT:
                    value, at = message[at : at + size], at + size
            except IndexError:
                at = len(message) + 1
            if at > len(message):
                missing = at - len(message)
                raise OnnxFileError(CUT_SHORT.format(missing) if whole else MALFORMED)
            yield number, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise OnnxFileError(MALFORMED)


def shortened(text: str, most: int = 60) -> str:
    """Return a text of the file, fit for a line of a log."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text[:most])
    return line + "..." if len(text) > most else line
