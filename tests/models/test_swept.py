"""Hair of the cast that is swept over the head and hangs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

from models.cast.cut import CUTS
from models.cast.strands import Ground
from models.cast.swept import swept
from models.personas import hair

AROUND, UP = 96, 64


def ball() -> tuple[np.ndarray, np.ndarray]:
    """A ball of 1 dm about the origin: vertices and quads, seen from outside."""
    around = np.linspace(-np.pi, np.pi, AROUND, endpoint=False)
    up = np.linspace(-1.5, 1.5, UP)
    high, turn = np.meshgrid(up, around, indexing="ij")
    points = np.stack([np.cos(high) * np.sin(turn), np.sin(high), np.cos(high) * np.cos(turn)], -1)
    i, j = (k.ravel() for k in np.meshgrid(np.arange(UP - 1), np.arange(AROUND), indexing="ij"))
    k = (j + 1) % AROUND
    quads = np.stack(
        [i * AROUND + j, i * AROUND + k, (i + 1) * AROUND + k, (i + 1) * AROUND + j], 1
    )
    return points.reshape(-1, 3), quads


def grown(name: str, within: float = 1.0, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Roots on the upper half of the ball, where hair is so dense, and their strands."""
    skin, quads = ball()
    chance = np.random.default_rng(3)
    out = chance.normal(size=(900, 3))
    out[:, 1] = np.abs(out[:, 1]) + 0.4
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    whole = hair.Head(0.0, 1.0, -0.2, np.zeros(len(skin)))
    head = cast(Any, SimpleNamespace(faces=quads))
    cut = replace(CUTS[name], **changes)
    dense = np.full(len(out), within)
    return out, swept(Ground(cut, out, out, dense, whole, whole.place(out), head, skin, chance))


@pytest.mark.parametrize("name", ["fringe", "loose"])
def test_no_hair_is_in_the_head(name: str) -> None:
    """Beyond its root every point of a strand lies outside the ball."""
    roots, strands = grown(name)
    assert strands.shape == (len(roots), CUTS[name].points, 3)
    assert np.linalg.norm(strands[:, 0] - roots, axis=1).max() < 0.01
    assert np.linalg.norm(strands[:, 1:], axis=2).min() > 0.995


def test_long_hair_hangs_beside_the_head() -> None:
    """Half of its tips end far below the middle of the ball."""
    assert np.median(grown("loose")[1][:, -1, 1]) < -0.5


def test_a_hairline_has_short_hairs() -> None:
    """Where hair is sparse, most of it is much shorter than within."""
    sparse, dense = (
        np.linalg.norm(np.diff(grown("loose", within)[1], axis=1), axis=2).sum(axis=1)
        for within in (0.05, 1.0)
    )
    assert np.median(sparse) < 0.25 * np.median(dense)


def test_hair_droops_over_the_forehead() -> None:
    """The front of the fringe ends lower if it droops."""
    low, high = (
        strands[(roots[:, 2] > 0.5) & (roots[:, 0] < -0.1), -1, 1].mean()
        for roots, strands in (grown("fringe", droops=droops) for droops in (0.6, 0.0))
    )
    assert low < high - 0.03


def test_hair_leaves_the_parting_to_both_sides() -> None:
    """On either side of the parting the first steps go away from it."""
    roots, strands = grown("loose", parting=0.2, mess=0.0)
    top = (roots[:, 1] > 0.75) & (np.abs(roots[:, 0] - 0.2) > 0.1)
    step = strands[top, 3, 0] - strands[top, 0, 0]
    assert np.mean(np.sign(step) == np.sign(roots[top, 0] - 0.2)) > 0.9
