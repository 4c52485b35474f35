"""What a state, an emotion or a stressed word adds to parameters of the face: a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .state import INDEX, PARAMETERS

ANY = "any"


@dataclass(frozen=True, slots=True)
class Offset:
    """What one thing adds to one parameter.

    Args:
        name: What adds it, or `ANY` for each in the table.
        parameter: One of `PARAMETERS`.
        value: A weight, radians or metres, as in FaceState.
        reason: Why. AU is an action unit of FACS (Ekman and Friesen 1978).
    """

    name: str
    parameter: str
    value: float
    reason: str


def offset_table(rows: Sequence[Offset], names: Sequence[str]) -> NDArray[np.float64]:
    """The rows as float64 [len(names), len(PARAMETERS)], to be multiplied by weights of `names`."""
    table = np.zeros((len(names), len(PARAMETERS)))
    for row in rows:
        which = range(len(names)) if row.name == ANY else names.index(row.name)
        table[which, INDEX[row.parameter]] += row.value
    return table
