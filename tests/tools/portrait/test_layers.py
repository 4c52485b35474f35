"""Figure and wall at rest are the picture, and holes are filled with grain."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
canvas = import_module("livekit_plugins_avatar.tools.portrait.canvas")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
ndimage = import_module("scipy.ndimage")
exemplar = import_module("livekit_plugins_avatar.tools.portrait.exemplar")


def test_a_hole_gets_the_grain_of_what_is_around_it() -> None:
    """A hole in a grainy slope is filled with grain as strong, on the same slope."""
    draw = np.random.default_rng(1)
    slope = np.linspace(100, 140, 128)[None, :, None] + np.zeros((128, 128, 3))
    picture = slope + draw.normal(0, 12, (128, 128, 1))
    known = np.ones((128, 128), bool)
    known[48:80, 40:88] = False
    filled = exemplar.fill(np.where(known[..., None], picture, 0.0), known, ~known)
    off = (filled - slope)[~known]
    assert np.allclose(filled[known], picture[known], atol=1e-3)
    assert 9 < off.std() < 15
    assert abs(off.mean()) < 8


def test_a_filled_hole_has_no_line_at_its_rim() -> None:
    """In a slope that no other part of the picture is as bright as, what is filled begins with the
    brightness of what is beside it."""
    x, y = np.meshgrid(np.arange(128.0), np.arange(128.0))
    picture = np.repeat((80 + 0.6 * x + 0.004 * (y - 64) ** 2)[..., None], 3, axis=2)
    known = (np.hypot(x - 90, y - 64) > 30) & (x < 120)
    filled = exemplar.fill(picture, known, ~known)
    rim = ndimage.binary_dilation(known) & ~known
    off = ndimage.gaussian_filter((filled - picture)[..., 0] * rim, 4.0)
    near = ndimage.gaussian_filter(rim.astype(float), 4.0)
    assert np.abs(off[rim] / near[rim]).mean() < 4


def test_nothing_of_the_picture_is_lost_at_rest(man: np.ndarray, made: Made) -> None:
    """Beside and behind the head the picture is there to the last bit, but for its coarse chroma:
    brightness differs by what rounding to video and back does."""
    rest = drawn(Persona.load(made.path), [FaceState.of()])[0]
    square = canvas.framed(man, landmarks.landmarks(man, landmarks.faces(man)[0]))
    luma = (rest.astype(float) - square) @ [0.299, 0.587, 0.114]
    luma[180:400, 140:370] = 0  # mouth and eyes are drawn anew
    assert np.abs(luma).max() < 3
