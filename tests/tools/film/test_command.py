"""`render` makes a film of speech, and a contact sheet of it."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.speech.recognizer import OnnxRecognizer, built_in
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples
from livekit_plugins_avatar.tools import cli, film, sound
from livekit_plugins_avatar.tools.eval.costs import speech
from livekit_plugins_avatar.tools.film import command
from livekit_plugins_avatar.tools.film.scene import Scene
from livekit_plugins_avatar.tools.film.sheet import mouth_box
from livekit_plugins_avatar.tools.i420 import luma
from livekit_plugins_avatar.tools.visemes.offline import recognize

WritePersona = Callable[..., Path]


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Half a second of speech in a file."""
    path = tmp_path / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(speech(0.5).tobytes())
    return path


def render(*words: object) -> int:
    return cli.main(["render", *map(str, words), "--device", "cpu"])


def test_film(
    spoken: Path, write_persona: WritePersona, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A film shows the face of each frame, and then listening."""
    persona, out = write_persona(size=(64, 64)), tmp_path / "film.mp4"
    assert render(spoken, "-o", out, "--persona", persona, "--listening", "0.5") == 0
    assert capsys.readouterr().out == f"{out}: 1.00 s, 64x64, 25 frames a second\n"
    scene = Scene(
        speech(0.5), recognize(speech(0.5), recognizer=built_in()), listening=samples(0.5)
    )
    wanted = [16 + 100 * moment.value["jawOpen"] for moment in scene.moments(SAMPLE_RATE // 25)]
    with av.open(str(out)) as container:
        levels = [luma(frame.to_ndarray()).mean() for frame in container.decode(video=0)]
    assert max(wanted) > 30
    assert levels == pytest.approx(wanted, abs=3)


def test_text(write_persona: WritePersona, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --text the recogniser gets the words too."""
    texts: list[str | None] = []

    def listening(pcm: Pcm, text: str | None, *, recognizer: OnnxRecognizer) -> list[VisemeEvent]:
        texts.append(text)
        return recognize(pcm, text, recognizer=recognizer)

    monkeypatch.setattr(sound, "spoken", lambda text: speech(0.5))
    monkeypatch.setattr(command, "recognize", listening)
    words = ["--text", "Pam.", "--persona", write_persona(size=(64, 64))]
    assert render("-o", tmp_path / "film.mp4", *words) == 0
    assert texts == ["Pam."]


def test_aspect_and_rate(spoken: Path, write_persona: WritePersona, tmp_path: Path) -> None:
    """A wide film at another frame rate is what was asked for."""
    persona, out = write_persona(size=(64, 64), wide=112), tmp_path / "film.mp4"
    words = ["--persona", persona, "--aspect", "wide", "--fps", "30"]
    assert render(spoken, "-o", out, *words) == 0
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (112, 64, 30)


def test_contact_sheet(spoken: Path, write_persona: WritePersona, tmp_path: Path) -> None:
    """A contact sheet has a picture every `--every` seconds."""
    persona, out, sheet = write_persona(size=(64, 64)), tmp_path / "a.mp4", tmp_path / "a.png"
    words = ["--persona", persona, "--sheet", sheet, "--every"]
    assert render(spoken, "-o", out, *words, "0.12") == 0
    many = Image.open(sheet)
    assert render(spoken, "-o", out, *words, "1") == 0
    one = Image.open(sheet)
    # Of 13 frames five are on the first sheet, in one row, and one is on the second.
    assert many.height == one.height
    assert many.width == pytest.approx(5 * one.width, rel=0.05)
    pixels = np.asarray(one)[20:180, 20:180]
    assert (pixels == pixels[0, 0]).all() and pixels[0, 0, 0] < 60


def test_mouth_box() -> None:
    """The box of the mouth surrounds the mouth of the sketch."""
    left, top, right, bottom = mouth_box(OnnxRenderer(Persona.load("sketch"), device="cpu"))
    assert left < 256 - 33 and 256 + 33 < right
    assert top < 310 and 330 < bottom
    assert right - left < 160 and bottom - top < 120


def test_no_mouth(write_persona: WritePersona) -> None:
    """A persona without a mouth is shown whole."""
    path = write_persona(size=(64, 64))
    assert mouth_box(OnnxRenderer(Persona.load(path), device="cpu")) == (0, 0, 64, 64)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "give a file of sound, or words with --text"),
        (["a.wav", "--text", "both"], "and not both"),
        (["a.wav", "--listening", "-1"], "--listening must be between 0 and 3600 s, got -1"),
        (["a.wav", "--listening", "nan"], "--listening must be between"),
        (["a.wav", "--every", "0"], "--every must be more than 0 s"),
        (["a.wav", "--fps", "29"], "divides 48000, got 29"),
        (["a.wav", "--sheet", "sheet.txt"], r"--sheet must end in .png, .jpg, .webp"),
        (["a.wav", "--sheet", "/nowhere/sheet.png"], "there is no folder /nowhere"),
        (["a.wav", "--seed", "-1"], "seed lies between 0 and"),
        (["a.wav", "--persona", "missing"], "no persona file missing"),
        (["a.wav", "--background", "green"], "got 'green'"),
    ],
)
def test_wrong_arguments(
    tmp_path: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong arguments are refused in one line before anything is read."""
    assert render(*words, "-o", tmp_path / "film.mp4") == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--persona", "sketch", "--aspect", "wide"], "has no wide picture"),
        (["-o", "film.xyz"], "film.xyz cannot be written"),
    ],
)
def test_failure(
    spoken: Path,
    tmp_path: Path,
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure is one line."""
    monkeypatch.chdir(tmp_path)
    assert render(spoken, "-o", "film.mp4", *words) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


def test_sheet_without_extra(
    spoken: Path,
    write_persona: WritePersona,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sheet without its extra names the extra, and no film is begun."""
    monkeypatch.delattr(film, "sheet", raising=False)
    monkeypatch.setitem(sys.modules, "livekit_plugins_avatar.tools.film.sheet", None)
    words = ["--persona", write_persona(size=(64, 64)), "--sheet", tmp_path / "sheet.png"]
    assert render(spoken, "-o", tmp_path / "film.mp4", *words) == 1
    assert "pip install 'livekit-plugins-avatar[eval]'" in capsys.readouterr().err
    assert not (tmp_path / "film.mp4").exists()
