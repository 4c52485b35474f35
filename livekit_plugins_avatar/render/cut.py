"""Cuts a part out of an ONNX file, as a file of its own that computes some of its values.

The file is one that `onnx_file.parse` has accepted. Operators and weights that the values need are
copied byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from .onnx_file import OnnxFileError, TensorInfo, fields, shortened

VERSION, GRAPH, OPERATORS = 1, 7, 8
"""Fields of a model (onnx.proto3): of the format, the graph, the version of operators."""

NODE, NAME, WEIGHT, INPUT, OUTPUT = 1, 2, 5, 11, 12
"""Fields of a graph."""

TAKES, MAKES, KIND, ATTRIBUTE = 1, 2, 4, 5
"""Fields of a node: the values that it takes and makes, its operator, and what it is told."""

KEY, NUMBER, TEXT = 1, 3, 4
"""Fields of an attribute."""

SAMPLES = "GridSample"

USUAL = {"mode": ("linear", "bilinear"), "padding_mode": ("zeros",), "align_corners": (0,)}
"""What a `GridSample` may be told to be computed by other code."""

WEIGHT_NAME = 8


class _Node(NamedTuple):
    message: memoryview
    takes: list[str]
    makes: list[str]
    samples: bool


class Sample(NamedTuple):
    """A `GridSample` of a file: what it makes, from what, and at which places."""

    makes: str
    source: str
    places: str


class Stage(NamedTuple):
    """Values that are computed together, and what is then fetched of them and of earlier ones."""

    makes: list[str]
    samples: list[Sample]


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
                names: dict[int, list[str]] = {TAKES: [], MAKES: [], KIND: []}
                usual = True
                for field, found in fields(value):
                    if field in names:
                        names[field].append(str(found, "utf-8"))
                    elif field == ATTRIBUTE:
                        usual &= _is_usual(found)
                samples = usual and names[KIND] == [SAMPLES]
                self._nodes.append(_Node(value, names[TAKES], names[MAKES], samples))
            elif number == WEIGHT:
                name = next((str(n, "utf-8") for f, n in fields(value) if f == WEIGHT_NAME), "")
                self._weights[name] = value

    def stages(self, given: Collection[str], wanted: Sequence[str]) -> list[Stage]:
        """How values are computed where `GridSample` is left to other code: one stage after the
        other, the last without samples. The first is computed once: it depends on nothing given.

        Args:
            given: Names of values that need not be computed.
            wanted: Names of values.
        """
        nodes = self._needed(given, wanted)
        ages: dict[str, int] = {}
        for node in nodes:
            takes = [name for name in node.takes if name in given or name in ages]
            age = max((ages.get(name, 0) for name in takes), default=-1)
            if age >= 0:
                ages |= dict.fromkeys(node.makes, age + node.samples)
        makes: list[list[str]] = [[] for _ in range(2 + max(ages.values(), default=0))]
        samples: list[list[Sample]] = [[] for _ in makes]
        fetched = {node.makes[0] for node in nodes if node.samples and node.makes[0] in ages}
        made = {name for node in nodes for name in node.makes} - fetched
        # What does not depend on a face is part of each file that needs it, but for samples.
        takers = [(node, ages[node.makes[0]]) for node in nodes if node.makes[0] in ages]
        for node, age in takers:
            for name in node.takes[:2] if node.samples else node.takes:
                earlier = name in ages and (ages[name] < age or node.samples)
                if name in made and (earlier or (node.samples and name not in ages)):
                    makes[ages.get(name, -1) + 1].append(name)
            if node.samples:
                samples[age].append(Sample(node.makes[0], *node.takes[:2]))
        for name in wanted:
            if name in made:
                makes[ages.get(name, -1) + 1].append(name)
        stages = zip(makes, samples, strict=True)
        return [Stage(list(dict.fromkeys(names)), each) for names, each in stages]

    def cut(self, given: Sequence[TensorInfo], wanted: Sequence[str]) -> bytes:
        """A file that computes values.

        Args:
            given: Values that need not be computed; those that are needed become its inputs.
            wanted: Names of values, its outputs.

        Raises:
            OnnxFileError: The file has no such value.
        """
        nodes = self._needed({value.name for value in given}, wanted)
        used = {*wanted, *(name for node in nodes for name in node.takes)}
        graph = [_message(NODE, node.message) for node in nodes]
        graph.append(_message(NAME, b"part"))
        graph += [_message(WEIGHT, raw) for name, raw in self._weights.items() if name in used]
        graph += [_message(INPUT, _value(value)) for value in given if value.name in used]
        graph += [_message(OUTPUT, _message(1, name.encode())) for name in wanted]
        return self._head + _message(GRAPH, b"".join(graph))

    def _needed(self, given: Collection[str], wanted: Sequence[str]) -> list[_Node]:
        """The nodes that make values, in order; OnnxFileError where the file has no such value."""
        makers = {name: at for at, node in enumerate(self._nodes) for name in node.makes}
        nodes: set[int] = set()
        seen: set[str] = set()
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in makers and name not in given:
                nodes.add(makers[name])
                waiting.extend(self._nodes[makers[name]].takes)
            elif name and name not in given and name not in self._weights:
                raise OnnxFileError(f"has no value {shortened(repr(name))}: export it again")
        return [self._nodes[at] for at in sorted(nodes)]


def _is_usual(attribute: memoryview) -> bool:
    """Whether other code does what an attribute says; those of other operators do not matter."""
    said = {number: each for number, each in fields(attribute) if number in (KEY, NUMBER, TEXT)}
    usual = USUAL.get(str(said[KEY], "utf-8"), ()) if KEY in said else ()
    text = said.get(TEXT)
    return (said.get(NUMBER) if text is None else str(text, "utf-8", "replace")) in usual


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
