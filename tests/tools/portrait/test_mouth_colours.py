"""Teeth are as white as the eyes, and the depth of a mouth is no blacker than the picture."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
mouth_colours = import_module("livekit_plugins_avatar.tools.portrait.mouth_colours")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")
eyes = import_module("livekit_plugins_avatar.tools.portrait.eyes")


def _eye(white: tuple[float, float, float]) -> Any:
    plane, picture = np.ones((8, 8)), np.full((8, 8, 3), np.array(white))
    return eyes.Eyeball(
        0, 0, 8, picture, picture, plane, plane, picture, plane, plane, picture, 1.0, 4.0, 0.0
    )


def _colours(picture: np.ndarray, white: tuple[float, float, float]) -> Any:
    face = landmarks.landmarks(picture, landmarks.faces(picture)[0])
    pixels = picture.astype(float)
    slit = slits.slits_of(face, pixels @ LUMA_OF_RGB)["mouth"]
    return mouth_colours.colours_of(pixels, face, slit, {"Left": _eye(white)})


def test_teeth_of_a_dark_face_are_bright(man: np.ndarray) -> None:
    """With a third of the skin's light but the same white of the eyes, teeth lose at most half."""
    dark = (man * 0.33).astype(np.uint8)
    bright, dim = (_colours(each, (190, 185, 180)).tooth @ LUMA_OF_RGB for each in (man, dark))
    assert 0.5 * bright < dim < bright


def test_red_eyes_make_no_red_teeth(man: np.ndarray) -> None:
    """An eye that shows no white does not colour the teeth."""
    tooth = _colours(man, (150, 60, 40)).tooth
    assert tooth[0] - tooth[2] < 0.5 * tooth @ LUMA_OF_RGB


def test_depth_is_no_blacker_than_the_picture(man: np.ndarray) -> None:
    """In a picture that fog makes pale, the depth of the mouth is pale too."""
    pale = (90 + man * 0.6).astype(np.uint8)
    depth, clear = (_colours(each, (190, 185, 180)).dark @ LUMA_OF_RGB for each in (pale, man))
    assert depth > clear + 10
