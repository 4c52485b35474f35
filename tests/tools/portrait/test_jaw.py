"""An opening jaw narrows the mouth and hollows the cheeks, and parted lips part less."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
jaws = import_module("livekit_plugins_avatar.tools.portrait.jaw")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")

CORNERS, FOREHEAD = (61, 291), (151, 108, 337)


def test_an_open_mouth_is_narrower_between_hollow_cheeks(made: Made) -> None:
    """The corners come nearer by a fortieth of the width, and cheeks get darker than the brow."""
    rest, wide = drawn(Persona.load(made.path), [FaceState.of(), FaceState.of(jawOpen=0.6)])
    before, after = (
        landmarks.landmarks(each, landmarks.faces(each)[0]).points[:, :2] for each in (rest, wide)
    )
    assert np.ptp(after[list(CORNERS), 0]) < 0.975 * np.ptp(before[list(CORNERS), 0])

    def bright(at: list[int]) -> float:
        lumas = [
            sampling.sampled(sampling.blurred(picture, 2.0) @ LUMA_OF_RGB, points[at])
            for picture, points in ((rest, before), (wide, after))
        ]
        return float((lumas[1] / lumas[0]).mean())

    hollows = [number for line in jaws.HOLLOWS.values() for number in line[1:3]]
    assert bright(hollows) < 0.97 * bright(list(FOREHEAD))


def _lean(gap: float) -> np.ndarray:
    """Of a jaw that opens by 20 px, where the picture shows a gap in the middle."""
    x = np.linspace(20, 84, 11)
    arc = gap / 2 * (1 - np.linspace(-1, 1, 11) ** 2)
    mouth = slits.Slit(np.stack([x, 30 - arc], axis=-1), np.stack([x, 30 + arc], axis=-1))
    names = ("jawOpen", "mouthClose", "mouthSmileLeft", "seal")
    above, below = np.zeros((2, 16, 28, 2, 4))
    below[..., 1, 0] = 20
    return np.asarray(jaws.parted_lean(names, above, below, mouth, np.zeros(2), 4.0))


def test_lips_that_the_picture_parts_part_less() -> None:
    """A jaw opens less where a picture shows a gap, and closes by as much; a smile stays."""
    assert _lean(0.5).tolist() == [1, 1, 1, 1]
    parted = _lean(9.0)
    assert 0.5 <= parted[0] < 0.7
    assert parted[1] == parted[0]
    assert parted[2:].tolist() == [1, 1]
