"""A smile reaches the cheeks and the eyes, and its folds get darker."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")

CORNERS, CHEEKS, FOLDS = (61, 291), (205, 425), (216, 436)


def test_a_smile_reaches_cheeks_and_folds(made: Made) -> None:
    """Corners of the mouth go apart nearly as far as up, cheeks rise, and the folds beside the
    mouth get darker than the chin does."""
    smile = FaceState.of(mouthSmileLeft=0.8, mouthSmileRight=0.8)
    rest, smiling = drawn(Persona.load(made.path), [FaceState.of(), smile])
    points = [landmarks.landmarks(each, landmarks.faces(each)[0]) for each in (rest, smiling)]
    before, after = (each.points[:, :2] for each in points)
    wider = np.ptp(after[list(CORNERS), 0]) - np.ptp(before[list(CORNERS), 0])
    up = (before - after)[list(CORNERS), 1].mean()
    assert up > 2
    assert wider / 2 > 0.6 * up
    assert (before - after)[list(CHEEKS), 1].mean() > 1

    def bright(at: tuple[int, ...]) -> float:
        lumas = [
            sampling.sampled(sampling.blurred(picture, 1.5) @ LUMA_OF_RGB, where[list(at)])
            for picture, where in ((rest, before), (smiling, after))
        ]
        return float((lumas[1] / lumas[0]).mean())

    assert bright(FOLDS) < 0.96 * bright((152, 200))
