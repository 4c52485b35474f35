"""What a persona file says of its parts: values that a few parameters decide.

The file lists them in its metadata as JSON, `parts`: objects with `parameters`, names of the
persona's own, and `values`, names of values of the graph that depend on nothing else of a face.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .onnx_file import OnnxFileError

KEY = "parts"
MOST_PARTS, MOST_VALUES = 16, 256


class Part(NamedTuple):
    """Values of a persona's graph, and the columns of its input that decide them."""

    columns: tuple[int, ...]
    values: tuple[str, ...]


def parts_of(metadata: Mapping[str, str], parameters: Sequence[str]) -> tuple[Part, ...]:
    """Read the parts; none where the file lists none.

    Args:
        metadata: Of the file.
        parameters: What each column of the input is.

    Raises:
        OnnxFileError: It lists what is none.
    """
    if KEY not in metadata:
        return ()
    try:
        listed = json.loads(metadata[KEY])
        if not isinstance(listed, list) or len(listed) > MOST_PARTS:
            raise ValueError
        return tuple(_part(said, parameters) for said in listed)
    # Deep nesting, and numbers of thousands of digits.
    except (ValueError, TypeError, KeyError, RecursionError):
        raise OnnxFileError(
            f"has a `{KEY}` that is no JSON list of objects with `parameters` of the persona and "
            "names of `values`: write it so, or leave it out"
        ) from None


def _part(said: Any, parameters: Sequence[str]) -> Part:
    columns = tuple(parameters.index(name) for name in said["parameters"])
    values = tuple(said["values"])
    named = all(isinstance(name, str) and name for name in values)
    if not columns or not named or not 0 < len(set(values)) == len(values) <= MOST_VALUES:
        raise ValueError
    return Part(columns, values)
