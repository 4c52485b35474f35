"""`visemes` prints the mouth shapes in a recording, as JSON or as a table."""

from __future__ import annotations

import json
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.speech.recognizer import OnnxRecognizer
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.visemes.offline import recognize
from livekit_plugins_avatar.tools.visemes.picture import COLOURS, WIDTH_PX, draw


def buzz(length: int, rate: int = SAMPLE_RATE) -> Pcm:
    """Something like a voice that opens and shuts."""
    time_s = np.arange(length) / rate
    tone = sum(np.sin(2 * np.pi * 120 * n * time_s) / n for n in range(1, 20))
    pcm: Pcm = np.rint(4000 * tone * (np.sin(2 * np.pi * 2 * time_s) > 0)).astype(np.int16)
    return pcm


def recording(path: Path, length: int, rate: int = SAMPLE_RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(buzz(length, rate).tobytes())
    return path


@pytest.mark.parametrize(("length", "rate"), [(50_001, 48_000), (16_000, 16_000), (1, 48_000)])
def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], length: int, rate: int) -> None:
    """Events cover a file without gaps from its first sample to its last."""
    file = recording(tmp_path / "a.wav", length, rate)
    assert cli.main(["visemes", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    events = said["events"]
    assert (said["file"], said["sample_rate"]) == (str(file), SAMPLE_RATE)
    assert events[0]["start"] == 0
    end = events[-1]["start"] + events[-1]["duration"]
    assert abs(end - length * SAMPLE_RATE // rate) <= 48
    for one, after in pairwise(events):
        assert one["start"] + one["duration"] == after["start"]
        assert one["viseme"] != after["viseme"]
    for event in events:
        assert event["viseme"] in VISEMES
        assert event["duration"] > 0
        assert 0 <= event["intensity"] <= 1


def test_unreadable_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read is named, and the others are recognised."""
    first = recording(tmp_path / "a.wav", 9_600)
    last = recording(tmp_path / "b.wav", 9_600)
    empty = recording(tmp_path / "empty.wav", 0)
    words = tmp_path / "words.txt"
    words.write_text("no sound")
    bad = [str(tmp_path / "gone.wav"), str(empty), str(words)]
    assert cli.main(["visemes", str(first), *bad, str(last), "--json"]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["file"] for line in out.splitlines()] == [str(first), str(last)]
    assert len(err.splitlines()) == 3
    assert all(name in err for name in bad)


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the events are a table."""
    file = recording(tmp_path / "a.wav", 9_600)
    assert cli.main(["visemes", str(file)]) == 0
    title, heading, first, *_ = capsys.readouterr().out.splitlines()
    assert title == str(file)
    assert heading.split() == ["start", "s", "long", "s"]
    assert first.split()[0] == "0.000"


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A text belongs to one file, and is refused with several."""
    files = [str(recording(tmp_path / name, 9_600)) for name in ("a.wav", "b.wav")]
    assert cli.main(["visemes", files[0], "--text", "Hello there."]) == 0
    assert cli.main(["visemes", *files, "--text", "Hello there."]) == 2
    assert "--text" in capsys.readouterr().err


def test_picture_file(tmp_path: Path) -> None:
    """The picture is written, and a missing folder refused."""
    file = recording(tmp_path / "a.wav", 9_600)
    look = tmp_path / "look.png"
    assert cli.main(["visemes", str(file), "--picture", str(look)]) == 0
    assert Image.open(look).width == WIDTH_PX
    assert cli.main(["visemes", str(file), "--picture", str(tmp_path / "no" / "a.png")]) == 2


def test_picture() -> None:
    """The picture shows each viseme at its time."""
    assert set(COLOURS) == set(VISEMES)
    half = samples(5.0)
    events = [VisemeEvent("aa", 0, half, 1.0), VisemeEvent("PP", half, half, 1.0)]
    image = draw(np.zeros(2 * half, np.int16), events)
    rows = [image.getpixel((WIDTH_PX // 2, image.height * n // 2 - 20)) for n in (1, 2)]
    assert rows == [COLOURS["aa"], COLOURS["PP"]]


def test_stream() -> None:
    """A recording has the visemes that a stream of the recogniser has."""
    recognizer = OnnxRecognizer()
    pcm = buzz(60_000)
    stream = recognizer.stream()
    alone = [*stream.push_audio(pcm), *stream.flush()]
    shown = recognize(pcm, recognizer=recognizer)
    assert [event.viseme for event in shown] == joined([event.viseme for event in alone])
    assert recognize(pcm, "", recognizer=recognizer) == shown


def joined(names: list[str]) -> list[str]:
    return [name for n, name in enumerate(names) if n == 0 or names[n - 1] != name]
