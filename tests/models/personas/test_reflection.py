"""What an eye reflects, and where rays meet the film over it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.personas.boxes import EYE_BOXES
from models.personas.camera import Camera
from models.personas.eyes import CORNEA_HEIGHT_SHARE, FILM_RADIUS, Socket
from models.personas.reflection import SHOWN, Reflection, _film

AWAY = 90.0
"""A camera so many radii from the ball sees it nearly without perspective."""


def _met(x: float, y: float) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    ray = np.array([[x, y, -AWAY]])
    met, normal, there = _film(np.array([0.0, 0.0, AWAY]), ray / np.linalg.norm(ray))
    return met[0], normal[0], bool(there[0])


def test_the_cornea_stands_out_in_the_middle() -> None:
    met, normal, there = _met(0.0, 0.0)
    assert there
    np.testing.assert_allclose(met, [0, 0, FILM_RADIUS + CORNEA_HEIGHT_SHARE], atol=1e-6)
    np.testing.assert_allclose(normal, [0, 0, 1], atol=1e-3)


def test_the_white_is_a_ball() -> None:
    met, normal, there = _met(0.8, 0.0)
    assert there and np.linalg.norm(met) == pytest.approx(FILM_RADIUS, abs=1e-6)
    np.testing.assert_allclose(normal, met / FILM_RADIUS, atol=1e-6)


def test_a_cornea_bends_away_faster_than_the_ball_it_sits_on() -> None:
    met, normal, _ = _met(0.2, 0.2)
    steepness = np.arccos(normal[2])
    assert steepness > 1.3 * np.arccos(met[2] / np.linalg.norm(met))
    assert normal[0] == pytest.approx(normal[1])


def test_a_ray_beside_the_ball_meets_nothing() -> None:
    assert not _met(1.2, 0.0)[2]


@pytest.fixture
def eye() -> Reflection:
    """The man's right one, which is on the left of the picture."""
    centre, camera = np.array([-0.29, 8.04, 1.25]), np.array([0.0, 8.05, 14.27])
    socket = Socket(centre, 0.144, np.array([0.022, 0.001]))
    return Reflection(socket, Camera(camera, 1551.0), EYE_BOXES["Right"])


def test_an_eye_that_looks_at_the_viewer_shows_the_window(eye: Reflection) -> None:
    shown = eye(0.0, 0.0)
    rows, columns = np.nonzero(shown > 0.9 * SHOWN)
    assert shown.max() <= SHOWN and 2 <= len(rows) <= 12
    # The window is to the viewer's left and higher than the eyes.
    assert columns.mean() < EYE_BOXES["Right"].width / 2 - 1
    assert rows.mean() < EYE_BOXES["Right"].height / 2


def test_the_window_follows_the_cornea_by_less_than_that_turns(eye: Reflection) -> None:
    places = []
    for yaw_rad in (-0.15, 0.0):
        columns = np.nonzero(eye(yaw_rad, 0.0) > 0.9 * SHOWN)[1]
        places.append(columns.mean())
    iris_px = 0.15 * 0.144 / 13.0 * 1551.0
    assert 0.3 * iris_px < places[1] - places[0] < 0.9 * iris_px
