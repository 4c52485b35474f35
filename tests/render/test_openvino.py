"""OpenVINO draws what ONNX Runtime draws."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render import engine, providers
from livekit_plugins_avatar.render.onnx_file import OnnxFileError
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.openvino import OpenVinoSession, open_part
from livekit_plugins_avatar.render.parted_model import PartedModel
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.render.session import OnnxSession
from livekit_plugins_avatar.render.taken import KEY, Source, Taken, listed, taken_of
from livekit_plugins_avatar.timeline import Timed

FACES = [
    {},
    {"headYaw": 0.2, "headPitch": -0.1, "headY": 0.01},
    {"jawOpen": 0.7, "tongueOut": 0.5, "eyeBlinkLeft": 1.0, "gazeYaw": 0.3},
    {"headRoll": 0.1, "mouthSmileLeft": 1.0, "browInnerUp": 1.0, "eyeBlinkRight": 0.5},
]

TAKEN = Taken("a", "at", (Source("p", (0, 2), right=1), Source("q", (1,), 2, wider="w", times=-1)))


def moments() -> list[Timed[FaceState]]:
    return [Timed(k, k + 1, FaceState.of(**changes)) for k, changes in enumerate(FACES)]


@pytest.fixture
def fresh() -> Iterator[None]:
    """No persona is open in this process."""
    engine._engines.clear()
    yield
    engine._engines.clear()


@pytest.mark.parametrize(("name", "aspect"), [("man", "square"), ("filmed-man", "wide")])
def test_same_pictures(name: str, aspect: Any) -> None:
    """Pictures differ by less than a codec loses, and nowhere but at edges."""
    persona = Persona.load(name)
    plain, other = (
        OnnxRenderer(persona, device=device, aspect=aspect, exact=True)
        for device in ("cpu", "openvino")
    )
    assert other.device == "openvino"
    pictures = zip(plain.render(moments()), other.render(moments()), strict=True)
    for wanted, found in pictures:
        error = wanted.astype(np.float64) - found
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 45


def test_files_one_after_the_other() -> None:
    """What was opened before changes nothing of what is opened next."""
    faces = np.stack([moment.value.values for moment in moments()])
    models = [PartedModel(Persona.load(name), 1, open_part) for name in ("man", "man")]
    assert (models[0].draw("i420", faces) == models[1].draw("i420", faces)).all()
    # What takes nothing from a picture stays with ONNX Runtime.
    kinds = [type(session) for session, _, _ in models[0].parts]
    assert kinds == [OpenVinoSession, OpenVinoSession, OnnxSession]


def test_asked_for() -> None:
    """It is used where it is asked for, and nowhere else."""
    assert providers.candidates("openvino") == ["openvino", "cpu"]
    for device in ("auto", "cpu"):
        assert "openvino" not in providers.candidates(device)


def test_missing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where it is not installed the CPU draws, and the log has the remedy."""
    monkeypatch.setattr(providers, "openvino_installed", lambda: False)
    with caplog.at_level(logging.WARNING, "livekit.plugins.avatar"):
        assert providers.candidates("openvino") == ["cpu"]
    assert "pip install 'livekit-plugins-avatar[openvino]'" in caplog.text


@pytest.mark.usefixtures("fresh")
def test_another_picture(caplog: pytest.LogCaptureFixture) -> None:
    """Where it draws another picture, ONNX Runtime draws."""
    persona = Persona.load("man")
    wrong = [
        each._replace(sources=tuple(s._replace(which=(0,) * len(s.which)) for s in each.sources))
        for each in persona.taken
    ]
    persona = replace(persona, taken=tuple(wrong), digest="wrong")
    assert OnnxRenderer(persona, device="openvino").device == "cpu"
    assert "what OpenVINO draws is not what ONNX Runtime draws" in caplog.text


OFFLINE = """
import sys

def refuse(event, _arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        raise SystemExit(event)

sys.addaudithook(refuse)
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona

assert OnnxRenderer(Persona.load("sketch"), device="openvino").device == "openvino"
"""
"""Opens a persona where every address is refused."""


def test_nothing_is_reported(tmp_path: Path) -> None:
    """It looks for no other machine, and writes nothing."""
    subprocess.run(
        [sys.executable, "-c", OFFLINE], check=True, env=os.environ | {"HOME": str(tmp_path)}
    )
    assert not list(tmp_path.iterdir())


def test_list() -> None:
    """What is written is what is read."""
    assert taken_of({KEY: listed([TAKEN])}) == (TAKEN,)
    assert taken_of({}) == ()


@pytest.mark.parametrize(
    "said",
    [
        "no JSON",
        "{}",
        "[1]",
        "[" * 100_000,
        json.dumps([{"value": "a", "at": "b"}]),
        json.dumps([{"value": "a", "at": "b", "from": []}]),
        json.dumps([{"value": "a", "at": "b", "from": [{"planes": "p", "which": []}]}]),
        json.dumps([{"value": "a", "at": "b", "from": [{"planes": "p", "which": [-1]}]}]),
        json.dumps([{"value": "a", "at": "b", "from": [{"planes": "p", "which": [0.5]}]}]),
        json.dumps([{"value": "a", "at": 7, "from": [{"planes": "p", "which": [0]}]}]),
        json.dumps([{"value": "a", "at": "b", "from": [{"planes": "p", "which": [0], "x": 1}]}]),
        json.dumps([{"value": "a", "at": "b", "from": [{"planes": "p", "which": [0], "step": 9}]}]),
        listed([TAKEN] * 300),
    ],
)
def test_no_list(said: str) -> None:
    """What is no such list is refused."""
    with pytest.raises(OnnxFileError, match="has a `taken` that is no JSON list"):
        taken_of({KEY: said})
