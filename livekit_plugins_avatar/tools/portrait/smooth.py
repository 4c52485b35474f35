"""Continues values smoothly to where nothing is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu

from .sampling import Floats

STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def filled(values: Floats, known: NDArray[np.bool_], screen: float = 0.0) -> Floats:
    """Solve Laplace's equation where nothing is known.

    Args:
        values: [H, W, C]; those that are not known do not matter.
        known: bool [H, W].
        screen: How strongly values go to 0 far from what is known.

    Returns:
        [H, W, C].
    """
    height, width = known.shape
    unknown = ~known
    count = int(unknown.sum())
    if not count:
        return values
    number = np.full((height, width), -1)
    number[unknown] = np.arange(count)
    y, x = np.nonzero(unknown)
    rows, columns, weights = [np.arange(count)], [np.arange(count)], []
    diagonal = np.full(count, screen + 1e-9)
    given = np.zeros((count, values.shape[2]))
    for down, right in STEPS:
        beside_y, beside_x = y + down, x + right
        within = (beside_y >= 0) & (beside_y < height) & (beside_x >= 0) & (beside_x < width)
        diagonal += within
        beside_y, beside_x = beside_y.clip(0, height - 1), beside_x.clip(0, width - 1)
        beside = number[beside_y, beside_x]
        linked, bound = within & (beside >= 0), within & (beside < 0)
        rows.append(np.flatnonzero(linked))
        columns.append(beside[linked])
        weights.append(np.full(int(linked.sum()), -1.0))
        given[bound] += values[beside_y[bound], beside_x[bound]]
    entries = np.concatenate([diagonal, *weights])
    places = (np.concatenate(rows), np.concatenate(columns))
    out = np.array(values, np.float64)
    out[unknown] = splu(coo_matrix((entries, places)).tocsc()).solve(given)
    return out
