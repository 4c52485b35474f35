"""What a state, an emotion or a stressed word adds to parameters of the face: a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .state import INDEX, PARAMETERS

ANY = "any"
"""The name of a row that counts for each name of its table."""


class Offset(NamedTuple):
    """What `name` adds to one of `PARAMETERS`: a weight, radians or metres, as in FaceState.

    In reasons, AU is an action unit of FACS (Ekman and Friesen 1978).
    """

    name: str
    parameter: str
    value: float
    reason: str


def both(name: str, parameter: str, left: float, right: float, reason: str) -> tuple[Offset, ...]:
    """The rows of both sides of the face, which are never quite the same."""
    sides = (("Left", left), ("Right", right))
    return tuple(Offset(name, parameter + side, value, reason) for side, value in sides)


def offset_table(rows: Sequence[Offset], names: Sequence[str]) -> NDArray[np.float64]:
    """The rows as float64 [len(names), len(PARAMETERS)], to be multiplied by weights of `names`."""
    table = np.zeros((len(names), len(PARAMETERS)))
    for row in rows:
        which = range(len(names)) if row.name == ANY else names.index(row.name)
        table[which, INDEX[row.parameter]] += row.value
    return table
