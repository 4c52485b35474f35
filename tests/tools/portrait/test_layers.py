"""Figure and wall at rest are the picture, and holes are filled with grain."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.i420 import yuv
from livekit_plugins_avatar.render.persona import Persona

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
canvas = import_module("livekit_plugins_avatar.tools.portrait.canvas")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
ndimage = import_module("scipy.ndimage")
exemplar = import_module("livekit_plugins_avatar.tools.portrait.exemplar")
heads = import_module("livekit_plugins_avatar.tools.portrait.head")
layers = import_module("livekit_plugins_avatar.tools.portrait.layers")


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


def _separated() -> tuple[np.ndarray, Any]:
    """Layers of a dark figure before a grainy wall, with a strand of hair beside it."""
    draw = np.random.default_rng(2)
    picture = 180 + np.repeat(draw.normal(0, 3, (512, 512, 1)), 3, axis=2)
    matte = np.zeros((512, 512))
    matte[100:, 200:312] = 1.0
    picture[100:, 200:312] = 60.0
    picture[300:302, 312:320] = 60.0
    head = heads.Head(np.zeros((heads.CELLS, heads.CELLS, 2, len(heads.POWERS))), matte, 0.0)
    return picture, layers.layers_of(picture, head)


def test_grain_beside_a_figure_is_the_walls() -> None:
    """With the figure it would be stretched as a head turns; a strand is the figure's."""
    picture, both = _separated()
    assert both.matte[60:140, 160:165].max() == 0
    assert np.abs(both.wall_luma[120:280, 318:330] - yuv(picture)[0, 120:280, 318:330]).max() <= 1
    assert both.matte[150, 157:159].min() > 0.5
