"""What a persona file says that it takes from pictures: for what fetches pixels faster another way.

The file lists in its metadata, as JSON, `taken`: objects with the name of a `value`, [planes, B, h,
w]; of `at`, [B, 2, h, w], columns and rows between the pixels of a picture; and `from`, objects
that follow each other as its planes do, with

- the name of `planes`, [1, all, H, W], which never change, and of `which` of them;
- optionally `step` 2, where every second pixel is enough and the others lie between them, and
  `right` and `down`, pixels to add to `at`;
- optionally the name of `wider`, [1, B, h, w], to be added to the columns so many `times`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .parts import entries

KEY = "taken"
MOST = 256
"""Values, pictures of a value, and planes of a picture."""


class Source(NamedTuple):
    """Some planes of a picture, and how they are taken from it."""

    planes: str
    which: tuple[int, ...]
    step: int = 1
    right: int = 0
    down: int = 0
    wider: str | None = None
    times: int = 1


class Taken(NamedTuple):
    """A value of a persona's graph that lies between the pixels of pictures."""

    value: str
    at: str
    sources: tuple[Source, ...]

    @property
    def names(self) -> set[str]:
        """Of all values that are needed, and of its own."""
        wider = {each.wider for each in self.sources if each.wider}
        return {self.value, self.at, *wider, *(each.planes for each in self.sources)}


def taken_of(metadata: Mapping[str, str]) -> tuple[Taken, ...]:
    """Read the list; nothing where the file has none.

    Raises:
        OnnxFileError: It lists what is none.
    """
    what = "objects with the names of a `value` and of `at`, and a list `from`"
    return entries(metadata, KEY, MOST, _taken, what)


def listed(taken: Sequence[Taken]) -> str:
    """The text of the metadata for a file that takes this."""
    usual = Source("", ())._asdict()
    return json.dumps(
        [
            {
                "value": each.value,
                "at": each.at,
                "from": [
                    {key: said for key, said in source._asdict().items() if said != usual[key]}
                    for source in each.sources
                ],
            }
            for each in taken
        ]
    )


def _taken(said: Any) -> Taken:
    taken = Taken(said["value"], said["at"], tuple(Source(**each) for each in said["from"]))
    sources = tuple(each._replace(which=tuple(each.which)) for each in taken.sources)
    numbers = [n for each in sources for n in (*each.which, each.step, each.right, each.down)]
    named = all(isinstance(name, str) and name for name in taken.names)
    whole = all(type(number) is int and 0 <= number < MOST for number in numbers)
    shifted = all(each.times in (-1, 1) and each.step in (1, 2) for each in sources)
    counted = all(0 < len(each.which) <= MOST for each in sources)
    if not (named and whole and shifted and counted and 0 < len(sources) <= MOST):
        raise ValueError
    return taken._replace(sources=sources)
