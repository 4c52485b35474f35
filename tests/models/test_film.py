"""Film, the place behind a person, and what a rendered face lacks in the picture's plane."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

from models.cast.backdrop import Backdrop
from models.cast.film import Film
from models.cast.finish import modelled, textured, uneven

CLEAN = Film(exposure=0.0, grain=0.0, vignette=0.0, px=64)
SIDE = 96


def grey(light: float, side: int = SIDE) -> np.ndarray:
    return np.full((side, side, 3), light)


def test_film_shows_more_light_brighter_and_grey_in_the_middle() -> None:
    steps = [0.0, 0.02, 0.18, 0.7, 3.0, 50.0]
    shown = [np.asarray(CLEAN(grey(light), 64)).mean() for light in steps]
    assert all(low < high for low, high in pairwise(shown))
    assert shown[0] < 20 and 110 < shown[2] < 145 and shown[-1] > 235


def test_grain_shows_in_the_middle_tones_and_is_that_of_its_seed() -> None:
    grainy = replace(CLEAN, grain=0.05)
    middle, bright = (
        np.asarray(grainy(grey(light), 64), float)[..., 1].std() for light in (0.18, 20.0)
    )
    assert middle > 3 * bright
    first, same, other = (np.asarray(grainy(grey(0.18), 64, seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_lights_have_a_red_halo() -> None:
    """Around what is brighter than white a dark picture turns red."""
    light = grey(0.02)
    light[40:56, 40:56] = 30
    plain, halo = (
        np.asarray(replace(CLEAN, halation=halation)(light, SIDE), float)[36, 48]
        for halation in (0.0, 0.2)
    )
    more = halo - plain
    assert more[0] > more[2] + 3


def place(lamp: tuple[int, int]) -> np.ndarray:
    """A dark place with one lamp at a row and column."""
    made = np.zeros((90, 180, 3))
    made[lamp] = 20.0
    return made


def test_a_lamp_is_a_disc_where_the_camera_looks() -> None:
    """In the middle when the camera looks at it, as wide as asked, with all of its light."""
    seen = [
        Backdrop(0.5, 60, disc, 1.0)(place((44, 90)), (120, 120))[..., 0] for disc in (0.02, 0.10)
    ]
    sizes = [np.count_nonzero(each > 0.2 * each.max()) for each in seen]
    assert sizes[1] > 6 * sizes[0]
    assert seen[1].sum() == pytest.approx(seen[0].sum(), rel=0.02)
    rows, columns = np.nonzero(seen[1] > 0.2 * seen[1].max())
    assert abs(rows.mean() - 60) < 4 and abs(columns.mean() - 60) < 4
    assert Backdrop(0.0, 60, 0.02, 1.0)(place((44, 90)), (120, 120)).max() < 1e-9


def test_all_planes_are_bent_alike_and_edges_stay() -> None:
    chance = np.random.default_rng(0)
    plane = chance.random((SIDE, SIDE))
    bent, both = uneven([plane, np.dstack([plane, plane])], 0.02)
    assert np.allclose(both[..., 0], bent) and both.shape == (SIDE, SIDE, 2)
    assert np.abs(bent - plane)[20:-20, 20:-20].mean() > 0.02
    assert np.allclose(bent[0], plane[0]) and np.allclose(bent[:, -1], plane[:, -1])


def skin() -> np.ndarray:
    """Skin in the left half."""
    mask = np.zeros((SIDE, SIDE))
    mask[:, : SIDE // 2] = 1
    return mask


def test_skin_gets_texture_and_nothing_else_does() -> None:
    """More of it, more contrast; what is no skin stays."""
    little, much = (textured(grey(0.3), skin(), amount) for amount in (0.2, 1.0))
    assert np.array_equal(much[:, SIDE // 2 :], grey(0.3)[:, SIDE // 2 :])
    left = np.s_[:, : SIDE // 2]
    assert much[left].std() > 3 * little[left].std() > 0
    assert much[left].mean() == pytest.approx(0.3, rel=0.1)
    redness = much[left][..., 0] / much[left][..., 1]
    assert redness.std() > 0.01


def test_forms_of_the_skin_gain_contrast() -> None:
    """A soft fold is deeper, and light that is even stays so."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    fold = 0.3 - 0.1 * np.exp(-((x - 20) ** 2) / 2) + 0 * y
    light = np.repeat(fold[..., None], 3, axis=2)
    deeper = modelled(light, np.ones((SIDE, SIDE)), 0.5)
    assert np.ptp(deeper[40, 10:30, 0]) > 1.15 * np.ptp(light[40, 10:30, 0])
    assert np.allclose(modelled(grey(0.3), skin(), 0.5), grey(0.3), rtol=0.01)
