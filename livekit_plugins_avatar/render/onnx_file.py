"""Reads what an ONNX file says of itself, and refuses one that is not safe to compute.

An ONNX file is a protobuf message (onnx.proto3). This reader follows the fields that matter, skips
the rest by their lengths, and computes nothing. It refuses whatever reaches outside the file or may
never end: external data, control flow, functions, operators that are not ONNX's own. It is at least
as strict as ONNX Runtime's parser, so that both see the same file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAX_BYTES = 256 * 2**20
"""A built-in persona has 7 MB; opening a file takes a few times its size in memory."""

MAX_FIELDS = 500_000
"""A built-in persona has 22,000; so many take two seconds to read."""

VARINT, FIXED64, SIZED, FIXED32 = 0, 1, 2, 5
"""Protobuf's wire types: a number of 7 bits a byte, 8 bytes, a length with as many bytes after it,
and 4 bytes."""

DOMAINS = ("", "ai.onnx")
"""Names of ONNX's own operators. Others may read files, as com.microsoft's EPContext does."""

CONTROL_FLOW = ("Loop", "If", "Scan", "SequenceMap")
"""Operators that run a graph within the graph; a Loop need not end."""

MODEL_FIELDS = frozenset({*range(1, 9), 14, 20, 25, 26})
"""The fields of a file (ModelProto of ONNX 1.19)."""

Dimension = int | str | None
Message = Iterator[tuple[int, "int | memoryview"]]


class OnnxFileError(ValueError):
    """The file is malformed or not safe; the message completes "the file ..." and has a remedy."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output of the graph.

    Args:
        name: Of the input or output.
        element: ONNX's number for the type of an element; 0 where it is no tensor.
        shape: A number, a name or None for each dimension; None where the file does not say.
    """

    name: str
    element: int
    shape: tuple[Dimension, ...] | None


@dataclass(slots=True)
class OnnxFile:
    """What a file says of itself.

    Args:
        metadata: Its metadata_props.
        inputs: Inputs of its graph, without those that have an initial value.
        outputs: Outputs of its graph.
    """

    metadata: dict[str, str] = field(default_factory=dict)
    inputs: list[TensorInfo] = field(default_factory=list)
    outputs: list[TensorInfo] = field(default_factory=list)


def read_bytes(path: Path) -> bytes:
    """Read a file of at most `MAX_BYTES`.

    Raises:
        OnnxFileError: The file is larger.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(MAX_BYTES + 1) if size <= MAX_BYTES else b""
    if size > MAX_BYTES or len(content) > MAX_BYTES:
        raise OnnxFileError(
            f"has {size / 1e6:,.0f} MB, and {MAX_BYTES / 1e6:.0f} MB are the limit: export a "
            "smaller model"
        )
    return content


def parse(content: bytes) -> OnnxFile:
    """Read an ONNX file.

    Raises:
        OnnxFileError: The file is cut short, is no ONNX file, or is not safe to compute.
    """
    return _Parser().model(content)


class _Parser:
    def __init__(self) -> None:
        self._fields = 0
        self._initial: set[str] = set()
        self._file = OnnxFile()

    def model(self, content: bytes) -> OnnxFile:
        if not content:
            raise _cut_short(1)
        for number, value in self._message(memoryview(content), MODEL_FIELDS):
            if number == 7:
                self._graph(_sized(value))
            elif number == 14:
                key, text = self._entry(_sized(value))
                self._file.metadata[key] = text
            elif number == 20:
                raise OnnxFileError("holds a training graph: export it for inference")
            elif number == 25:
                raise OnnxFileError("holds functions: inline them and export it again")
        inputs = self._file.inputs
        self._file.inputs = [each for each in inputs if each.name not in self._initial]
        return self._file

    def _graph(self, message: memoryview) -> None:
        for number, value in self._message(message):
            if number == 1:
                self._node(_sized(value))
            elif number == 2 and {"/", "\\"} & set(_text(value)):
                # TensorRT makes a file's name of it.
                raise OnnxFileError("has a graph whose name is a path: rename the graph")
            elif number == 5:
                self._initial.add(self._tensor(_sized(value)))
            elif number == 11:
                self._file.inputs.append(self._value(_sized(value)))
            elif number == 12:
                self._file.outputs.append(self._value(_sized(value)))
            elif number == 15:
                self._sparse(_sized(value))

    def _node(self, message: memoryview) -> None:
        for number, value in self._message(message):
            if number == 4 and _text(value) in CONTROL_FLOW:
                raise _control_flow(_text(value))
            if number == 7 and _text(value) not in DOMAINS:
                raise OnnxFileError(
                    f"needs operators of {shortened(_text(value))!r}: export it with ONNX's own "
                    "operators only"
                )
            if number == 5:
                self._attribute(_sized(value))

    def _attribute(self, message: memoryview) -> None:
        for number, value in self._message(message):
            if number in (6, 11):
                raise _control_flow("a graph within the graph")
            if number in (5, 10):
                self._tensor(_sized(value))
            elif number in (22, 23):
                self._sparse(_sized(value))

    def _sparse(self, message: memoryview) -> None:
        for number, value in self._message(message):
            if number in (1, 2):
                self._tensor(_sized(value))

    def _tensor(self, message: memoryview) -> str:
        """Check a tensor and return its name."""
        name = ""
        for number, value in self._message(message):
            if number == 13 or (number == 14 and value != 0):
                raise OnnxFileError(
                    "keeps data in other files: export it as one self-contained .onnx file"
                )
            if number == 8:
                name = _text(value)
        return name

    def _value(self, message: memoryview) -> TensorInfo:
        name, element, shape = "", 0, None
        for number, value in self._message(message):
            if number == 1:
                name = _text(value)
            elif number == 2:
                for kind, tensor in self._message(_sized(value)):
                    if kind == 1:
                        element, shape = self._tensor_type(_sized(tensor))
        return TensorInfo(name, element, shape)

    def _tensor_type(self, message: memoryview) -> tuple[int, tuple[Dimension, ...] | None]:
        element: int = 0
        shape: tuple[Dimension, ...] | None = None
        for number, value in self._message(message):
            if number == 1 and isinstance(value, int):
                element = value
            elif number == 2:
                sides = self._message(_sized(value))
                shape = tuple(self._dimension(_sized(side)) for kind, side in sides if kind == 1)
        return element, shape

    def _dimension(self, message: memoryview) -> Dimension:
        side: Dimension = None
        for number, value in self._message(message):
            if number == 1 and isinstance(value, int):
                side = value
            elif number == 2:
                side = _text(value) or None
        return side

    def _entry(self, message: memoryview) -> tuple[str, str]:
        texts = {1: "", 2: ""}
        for number, value in self._message(message):
            if number in texts:
                texts[number] = _text(value)
        return texts[1], texts[2]

    def _message(self, message: memoryview, known: frozenset[int] = frozenset()) -> Message:
        """Yield the fields of a message: their numbers, and a number or bytes of each.

        Args:
            message: The bytes.
            known: Of the file itself, the fields it may have; where it ends within one of them, it
                is cut short.
        """
        at = 0
        while at < len(message):
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise OnnxFileError(f"has more than {MAX_FIELDS:,} fields: export a smaller model")
            tag = 0
            value: int | memoryview | None = None
            try:
                tag, at = _varint(message, at)
                kind = tag & 7
                if kind == VARINT:
                    value, at = _varint(message, at)
                elif kind == SIZED:
                    size, at = _varint(message, at)
                    value, at = message[at : at + size], at + size
                elif kind in (FIXED32, FIXED64):
                    size = 4 if kind == FIXED32 else 8
                    value, at = message[at : at + size], at + size
            except IndexError:
                at = len(message) + 1
            number = tag >> 3
            if tag and (number >= 2**29 or (known and number not in known)):
                raise _malformed()
            if at > len(message):
                raise _cut_short(at - len(message)) if known else _malformed()
            if value is None or not number:
                raise _malformed()
            yield number, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at `at`, and where it ends.

    Raises:
        IndexError: The message ends within it.
        OnnxFileError: It has more than 64 bits.
    """
    number = message[at]
    if number < 0x80:
        return number, at + 1
    number = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise _malformed()


def _sized(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _malformed()
    return value


def _text(value: int | memoryview) -> str:
    try:
        return str(_sized(value), "utf-8")
    except UnicodeDecodeError:
        raise _malformed() from None


def shortened(text: str, most: int = 60) -> str:
    """Return a text of the file, fit for a line of a log."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text[:most])
    return line + "..." if len(text) > most else line


def _malformed() -> OnnxFileError:
    return OnnxFileError("cannot be opened as an ONNX model: export it again")


def _cut_short(missing: int) -> OnnxFileError:
    return OnnxFileError(
        f"is cut short, at least {missing} bytes are missing at its end: fetch or copy it again"
    )


def _control_flow(what: str) -> OnnxFileError:
    return OnnxFileError(f"has control flow ({what}): export it as a graph without")
