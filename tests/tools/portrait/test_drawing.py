"""The graph of a persona from a picture: one file draws many faces, each as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.render.parted_model import PartedModel
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.tools.gpu.measure import random_faces

from ...render.whole import drawn_whole, psnr_db
from .conftest import Made

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")


def test_faces_of_a_batch_do_not_mix(made: Made) -> None:
    """Faces drawn in one run are those drawn one by one."""
    import onnxruntime

    persona = Persona.load(made.path)
    faces = random_faces(persona, 3)
    session = onnxruntime.InferenceSession(persona.content, providers=["CPUExecutionProvider"])
    together = session.run(["i420"], {"face": faces})[0]
    one_by_one = np.concatenate([drawn_whole(persona, "i420", face[None]) for face in faces])
    assert np.abs(together.astype(int) - one_by_one).max() <= 1
    assert np.abs(together[1].astype(int) - together[2]).max() > 50


def test_composed_as_the_graph_says(made: Made) -> None:
    """Native code puts the same pictures together as the whole graph."""
    persona = Persona.load(made.path)
    faces = random_faces(persona, 3)
    for composed, whole in zip(
        PartedModel(persona, 1).draw("i420", faces),
        drawn_whole(persona, "i420", faces),
        strict=True,
    ):
        assert psnr_db(composed, whole) > 45
