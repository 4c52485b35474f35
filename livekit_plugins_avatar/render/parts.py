"""What a persona file says of its parts: values that a few parameters decide.

The file lists them in its metadata as JSON, `parts`: objects with `parameters`, names of the
persona's own, and `values`, names of values of the graph that depend on nothing else of a face.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .onnx_file import OnnxFileError

KEY = "parts"
MOST_PARTS, MOST_VALUES = 16, 256

T = TypeVar("T")


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
    what = "objects with `parameters` of the persona and names of `values`"
    return entries(metadata, KEY, MOST_PARTS, lambda said: _part(said, parameters), what)


def entries(
    metadata: Mapping[str, str], key: str, most: int, read: Callable[[Any], T], what: str
) -> tuple[T, ...]:
    """Read a list that the metadata may have as JSON; nothing where it has none.

    Args:
        metadata: Of the file.
        key: Of the list.
        most: Entries that it may have.
        read: Reads an entry; raises ValueError, TypeError or KeyError where it is none.
        what: The entries are.

    Raises:
        OnnxFileError: It is no such list.
    """
    if key not in metadata:
        return ()
    try:
        listed = json.loads(metadata[key])
        if not isinstance(listed, list) or len(listed) > most:
            raise ValueError
        return tuple(map(read, listed))
    # Deep nesting, and numbers of thousands of digits.
    except (ValueError, TypeError, KeyError, RecursionError):
        raise OnnxFileError(
            f"has a `{key}` that is no JSON list of {what}: write it so, or leave it out"
        ) from None


def _part(said: Any, parameters: Sequence[str]) -> Part:
    columns = tuple(parameters.index(name) for name in said["parameters"])
    values = tuple(said["values"])
    named = all(isinstance(name, str) and name for name in values)
    if not columns or not named or not 0 < len(set(values)) == len(values) <= MOST_VALUES:
        raise ValueError
    return Part(columns, values)
