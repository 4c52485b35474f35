"""The people that come with the package, as viewers see them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import BUILT_IN, Persona
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools.eval.persona import likeness, truth_folder
from livekit_plugins_avatar.tools.eval.truth import load_truth
from livekit_plugins_avatar.tools.i420 import luma

PEOPLE = [name for name in BUILT_IN if name != "sketch"]

TRAINED = ["man", "woman"]
"""Those that were learnt from renderings; the filmed man and the caller are made of one picture
each, and there is nothing to hold them against."""

STILL = {"filmed-man": {"tongueOut"}, "caller": {"tongueOut"}}
"""What a person cannot move: a face from a picture keeps its tongue in."""

HELD_DB = {
    "man": {"psnr_mouth_db": 36.2, "psnr_eyes_db": 35.7, "psnr_db": 35.7},
    "woman": {"psnr_mouth_db": 34.9, "psnr_eyes_db": 34.8, "psnr_db": 32.5},
}
"""Half a decibel below the cards: pictures differ in a bit from machine to machine, and those of a
persona that was made worse by more."""


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> OnnxRenderer:
    return OnnxRenderer(Persona.load(request.param), device="cpu")


@pytest.mark.parametrize("person", TRAINED, indirect=True)
def test_likeness(person: OnnxRenderer) -> None:
    """A person is as true to renderings as the card says; every fourth of them is compared here."""
    figures = likeness(person, load_truth(truth_folder(person.persona))[::4])
    for name, least in HELD_DB[person.persona.name].items():
        assert figures[name] >= least, name


def test_batch(person: OnnxRenderer) -> None:
    """Faces drawn together are those drawn alone."""
    faces = [FaceState.of(jawOpen=0.4), FaceState.of(headYaw=0.1, gazeYaw=-0.2), FaceState.of()]
    moments = [Timed(0, 1600, face) for face in faces]
    together = person.render(moments)
    for moment, drawn in zip(moments, together, strict=True):
        alone = person.render([moment])[0]
        np.testing.assert_allclose(drawn.astype(int), alone.astype(int), atol=1)


@pytest.mark.parametrize("name", PEOPLE)
def test_file(name: str) -> None:
    """A person is a small file and has a wide picture."""
    persona = Persona.load(name)
    assert Path(persona.path).stat().st_size <= 15e6
    assert persona.size_of("wide") == (912, 512)


def test_wide(person: OnnxRenderer) -> None:
    """The wide picture is the square one between two sides."""
    face = FaceState.of(jawOpen=0.4, headYaw=0.1, gazeYaw=-0.1)
    with closing(OnnxRenderer(person.persona, device="cpu", aspect="wide")) as wide:
        (square,), (around,) = (each.render([Timed(0, 1600, face)]) for each in (person, wide))
    assert np.array_equal(luma(around)[:, 200:712], luma(square))


def test_parameters(person: OnnxRenderer) -> None:
    """Every parameter changes the picture while the lips are apart (else a tongue does not)."""
    rest, *faces = person.render(
        [
            Timed(0, 1600, FaceState.of(**{"jawOpen": 0.3} | moved))
            for moved in ({}, *map(_little, person.persona.parameters))
        ]
    )
    for name, face in zip(person.persona.parameters, faces, strict=True):
        if name in STILL.get(person.persona.name, ()):
            continue
        changed = np.abs(luma(face).astype(int) - luma(rest)) > 4
        assert changed.sum() > 8, name


def _little(name: str) -> dict[str, float]:
    """One parameter, moved by a third of its way or so."""
    return {name: {"jawOpen": 0.6, "headX": 0.012, "headY": 0.012, "headZ": 0.012}.get(name, 0.3)}
