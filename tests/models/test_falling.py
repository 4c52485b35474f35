"""Hair of the cast that falls."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

from models.cast.cut import CUTS
from models.cast.falling import falling
from models.cast.strands import Ground
from models.personas.hair import Scalp

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


def grown(name: str, **changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Roots on the upper half of the ball, and their strands."""
    skin, quads = ball()
    chance = np.random.default_rng(3)
    out = chance.normal(size=(900, 3))
    out[:, 1] = np.abs(out[:, 1]) + 0.4
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    place = Scalp(out[:, 1], out[:, 2] + 0.2, out[:, 0])
    head = cast(Any, SimpleNamespace(faces=quads))
    cut = replace(CUTS[name], **changes)
    ground = Ground(cut, out, out, np.ones(len(out)), place, head, skin, chance)
    return out, falling(ground)


@pytest.mark.parametrize("name", ["fringe", "loose"])
def test_no_hair_is_in_the_head(name: str) -> None:
    """Beyond its root every point of a strand lies outside the ball."""
    roots, strands = grown(name)
    assert strands.shape == (len(roots), CUTS[name].points, 3)
    assert np.linalg.norm(strands[:, 0] - roots, axis=1).max() < 0.01
    assert np.linalg.norm(strands[:, 1:], axis=2).min() > 0.995


def test_weight_bends_hair_down() -> None:
    """Tips hang lower with more weight."""
    light, heavy = (grown("loose", weight=weight)[1][:, -1, 1].mean() for weight in (0.2, 3.0))
    assert heavy < light - 0.2


def test_a_fringe_hangs_before_the_forehead() -> None:
    """Hair of the front of the head ends lower than it began, in front of the face."""
    roots, strands = grown("fringe")
    front = (roots[:, 2] > 0.5) & (roots[:, 1] > 0.4)
    tips = strands[front, -1]
    assert np.mean(tips[:, 1] < roots[front, 1] - 0.1) > 0.7
    assert tips[:, 2].mean() > 0.5


def test_hair_leaves_the_parting_to_both_sides() -> None:
    """On either side of the parting the first steps go away from it."""
    roots, strands = grown("loose", parting=0.2, mess=0.0)
    top = (roots[:, 1] > 0.75) & (np.abs(roots[:, 0] - 0.2) > 0.1)
    step = strands[top, 3, 0] - strands[top, 0, 0]
    assert np.mean(np.sign(step) == np.sign(roots[top, 0] - 0.2)) > 0.9
