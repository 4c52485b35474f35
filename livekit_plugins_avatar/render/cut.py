"""Cuts a part out of an ONNX file, as a file of its own that computes some of its values.

The file is one that `onnx_file.parse` has accepted. Operators and weights that the values need are
copied byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .onnx_file import OnnxFileError, TensorInfo, fields, shortened

VERSION, GRAPH, OPERATORS = 1, 7, 8
"""Fields of a model (onnx.proto3): of the format, the graph, the version of operators."""

NODE, NAME, WEIGHT, INPUT, OUTPUT = 1, 2, 5, 11, 12
"""Fields of a graph."""

TAKES, MAKES = 1, 2
"""Fields of a node: the values that it takes and makes."""

WEIGHT_NAME = 8


class _Node(NamedTuple):
    message: memoryview
    takes: list[str]
    makes: list[str]


class Cutter:
    """A file to cut from.

    Args:
        content: Of the file.
    """

    def __init__(self, content: bytes) -> None:
        self._head = b""
        self._nodes: list[_Node] = []
        self._weights: dict[str, memoryview] = {}
        for number, value in fields(memoryview(content)):
            if number == GRAPH:
                self._read(value)
            elif number == VERSION:
                self._head += _varint(VERSION << 3) + _varint(value)
            elif number == OPERATORS:
                self._head += _message(OPERATORS, value)

    def _read(self, graph: memoryview) -> None:
        for number, value in fields(graph):
            if number == NODE:
                names: dict[int, list[str]] = {TAKES: [], MAKES: []}
                for field, name in fields(value):
                    if field in names:
                        names[field].append(str(name, "utf-8"))
                self._nodes.append(_Node(value, names[TAKES], names[MAKES]))
            elif number == WEIGHT:
                name = next((str(n, "utf-8") for f, n in fields(value) if f == WEIGHT_NAME), "")
                self._weights[name] = value

    def cut(self, given: Sequence[TensorInfo], wanted: Sequence[str]) -> bytes:
        """A file that computes values.

        Args:
            given: Values that need not be computed; those that are needed become its inputs.
            wanted: Names of values, its outputs.

        Raises:
            OnnxFileError: The file has no such value.
        """
        makers = {name: at for at, node in enumerate(self._nodes) for name in node.makes}
        inputs = {value.name: value for value in given}
        nodes: set[int] = set()
        used: set[str] = set()
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name in used:
                continue
            used.add(name)
            if name in makers and name not in inputs:
                nodes.add(makers[name])
                waiting.extend(self._nodes[makers[name]].takes)
            elif name and name not in inputs and name not in self._weights:
                raise OnnxFileError(f"has no value {shortened(repr(name))}: export it again")
        graph = [_message(NODE, self._nodes[at].message) for at in sorted(nodes)]
        graph.append(_message(NAME, b"part"))
        graph += [_message(WEIGHT, raw) for name, raw in self._weights.items() if name in used]
        graph += [_message(INPUT, _value(value)) for value in given if value.name in used]
        graph += [_message(OUTPUT, _message(1, name.encode())) for name in wanted]
        return self._head + _message(GRAPH, b"".join(graph))


def _value(value: TensorInfo) -> bytes:
    """A ValueInfoProto: a name, and the type of a tensor."""
    sides = [_message(1, _varint(1 << 3) + _varint(int(side or 0))) for side in value.shape or ()]
    tensor = _varint(1 << 3) + _varint(value.element) + _message(2, b"".join(sides))
    return _message(1, value.name.encode()) + _message(2, _message(1, tensor))


def _message(number: int, content: bytes | memoryview) -> bytes:
    """A field of protobuf that has a length."""
    return _varint(number << 3 | 2) + _varint(len(content)) + bytes(content)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
