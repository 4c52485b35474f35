"""What a state, an emotion or a stressed word adds to parameters of the face: a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS

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


class OffsetTable:
    """Rows for these names, as arrays."""

    def __init__(self, rows: Sequence[Offset], names: Sequence[str]) -> None:
        table = np.zeros((len(names), len(PARAMETERS)))
        for row in rows:
            which = range(len(names)) if row.name == ANY else names.index(row.name)
            table[which, INDEX[row.parameter]] += row.value
        features = table.copy()
        features[:, len(ARKIT_BLENDSHAPES) :] = 0.0
        self._table = np.concatenate([features, table - features])

    def at(self, features: Sequence[float], posture: Sequence[float]) -> NDArray[np.float64]:
        """The sum of the rows, float64 [60], one per name in `PARAMETERS`.

        `features` weighs the names in the blendshapes, `posture` in the pose.
        """
        offsets: NDArray[np.float64] = np.array([*features, *posture]) @ self._table
        return offsets
