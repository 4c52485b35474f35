"""An open mouth ends in two points, and round lips put its teeth in the shade."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.i420 import LUMA_OF_RGB

from .conftest import Made, drawn

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
fits = import_module("livekit_plugins_avatar.tools.portrait.fit")
landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
motions = import_module("livekit_plugins_avatar.tools.portrait.motion")
rigs = import_module("livekit_plugins_avatar.tools.portrait.rig")
sampling = import_module("livekit_plugins_avatar.tools.portrait.sampling")
slits = import_module("livekit_plugins_avatar.tools.portrait.slits")


def test_lips_part_less_towards_the_corners(man: np.ndarray) -> None:
    """Beside a corner lips part by less than an eighth of what they do in the middle."""
    face = landmarks.landmarks(man, landmarks.faces(man)[0])
    its = slits.slits_of(face, man @ LUMA_OF_RGB)
    rig = rigs.load()
    moves = motions.motion_of(rig, fits.fit(rig, face, (512, 512)), face, its)
    slit, jaw = its["mouth"], moves.names.index("jawOpen")
    t = np.array([-0.97, 0.0, 0.97])
    at = motions.in_nodes(slit.at(t, slit.edges(t)[1] + 1)) - moves.box[:2]
    above, below = (
        sampling.sampled(each[..., jaw], at) @ slit.across for each in (moves.above, moves.below)
    )
    left, middle, right = below - above
    assert middle > 10
    assert max(left, right) < 0.12 * middle


def test_round_lips_shade_the_teeth(made: Made) -> None:
    """What shines in a mouth is darker behind lips that reach forward."""
    faces = [
        FaceState.of(jawOpen=0.25, mouthUpperUpLeft=0.3, mouthUpperUpRight=0.3, mouthPucker=weight)
        for weight in (0.0, 0.8)
    ]
    bright = []
    for picture in drawn(Persona.load(made.path), faces):
        face = landmarks.landmarks(picture, landmarks.faces(picture)[0])
        slit = slits.slits_of(face, picture @ LUMA_OF_RGB)["mouth"]
        within = slit.inside(sampling.grid(512, 512)) > 1
        bright.append(np.quantile((picture @ LUMA_OF_RGB)[within], 0.9))
    assert bright[1] < 0.85 * bright[0]
