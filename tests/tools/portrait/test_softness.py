"""How soft a picture's edges are found to be."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")
softness = import_module("livekit_plugins_avatar.tools.portrait.softness")


@pytest.fixture(scope="module")
def face(man: np.ndarray) -> Any:
    """The man's landmarks."""
    return landmarks.landmarks(man, landmarks.faces(man)[0])


def test_a_blurred_picture_is_softer(man: np.ndarray, face: Any) -> None:
    """A sharp picture leaves what is drawn nearly as it is; a blur is told from it."""
    pixels = man.astype(float)
    sharp = softness.softness_of(pixels, face)
    assert sharp < 0.8
    assert softness.softness_of(sampling.blurred(pixels, 1.2), face) > sharp + 0.2


def test_a_picture_without_edges_says_nothing(man: np.ndarray, face: Any) -> None:
    """Where nothing has contrast, nothing is blurred."""
    assert softness.softness_of(man * 0.0 + 90.0, face) == 0
