"""Finds the parts of a persona's graph: what the head alone decides, the eyes, the mouth.

They are listed in the file's metadata (`render.parts`); one that has not changed is not drawn.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import onnx
from onnx import numpy_helper

from livekit_plugins_avatar.face.state import PARAMETERS, POSE_PARAMETERS
from livekit_plugins_avatar.render.parts import KEY

BESIDE_THE_NOSE = ("cheekSquint", "noseSneer")
"""They move the lower lids, and the upper lip."""

HEAD = POSE_PARAMETERS[:6]
EYES = [name for name in PARAMETERS if name.startswith(("brow", "eye", "gaze", *BESIDE_THE_NOSE))]
MOUTH = [
    name for name in PARAMETERS if name.startswith(("cheek", "jaw", "mouth", "tongue", "nose"))
]

PARTS = [frozenset(PARAMETERS.index(name) for name in part) for part in (HEAD, EYES, MOUTH)]
"""Columns of the input that decide a part."""

NONE: frozenset[int] = frozenset()


def declare(model: onnx.ModelProto, wanted: Sequence[str]) -> None:
    """List the parts of a graph whose input has all `PARAMETERS` in the metadata of its file.

    Args:
        model: The file.
        wanted: Names of the values that are computed for each picture.
    """
    part_of = {
        name: next((part for part, each in enumerate(PARTS) if columns <= each), len(PARTS))
        for name, columns in _columns(model.graph).items()
        if columns
    }
    values: list[list[str]] = [[] for _ in PARTS]
    takers = [(node.input, part_of.get(node.output[0])) for node in needed(model.graph, wanted)]
    for names, taker in (*takers, (wanted, None)):
        for name in names:
            part = part_of.get(name, len(PARTS))
            if part < len(PARTS) and part != taker and name not in values[part]:
                values[part].append(name)
    listed = [
        {"parameters": [PARAMETERS[column] for column in sorted(columns)], "values": names}
        for columns, names in zip(PARTS, values, strict=True)
        if names
    ]
    if listed:
        model.metadata_props.add(key=KEY, value=json.dumps(listed))


def needed(graph: Any, wanted: Sequence[str]) -> list[Any]:
    """The nodes that make some values, in order."""
    names: set[str] = set(wanted)
    nodes: list[Any] = []
    for node in reversed(graph.node):
        if not names.isdisjoint(node.output):
            names.update(node.input)
            nodes.insert(0, node)
    return nodes


def _columns(graph: Any) -> dict[str, frozenset[int]]:
    """The columns of the input that decide each value."""
    weights = {weight.name: weight for weight in graph.initializer}
    columns: dict[str, frozenset[int]] = {}
    for node in graph.node:
        decide = NONE.union(*(columns.get(name, NONE) for name in node.input))
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
        elif "face" in node.input and node.op_type == "Gather" and node.input[1] in weights:
            decide |= set(numpy_helper.to_array(weights[node.input[1]]).ravel().tolist())
        elif "face" in node.input and node.op_type != "Shape":
            decide |= set(range(len(PARAMETERS)))
        columns |= dict.fromkeys(node.output, frozenset(decide))
    return columns
