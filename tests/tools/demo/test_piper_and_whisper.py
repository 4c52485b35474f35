"""The voice and the recogniser that need no key: one understands the other."""

from __future__ import annotations

import numpy as np
import pytest
from livekit import rtc
from numpy.typing import NDArray

from livekit_plugins_avatar.tools.demo import piper, whisper


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[NDArray[np.float32]]:
    """What the model is given, instead of running it."""
    given: list[NDArray[np.float32]] = []

    def transcribe(audio: NDArray[np.float32]) -> str:
        given.append(audio)
        return ""

    monkeypatch.setattr(whisper, "transcribe", transcribe)
    return given


async def recognized(frame: rtc.AudioFrame) -> str:
    event = await whisper.STT().recognize(frame)
    return event.alternatives[0].text


def tone(rate: int, channels: int = 1) -> rtc.AudioFrame:
    """One second of 200 Hz, the same in each channel."""
    wave = 8000 * np.sin(2 * np.pi * 200 * np.arange(rate) / rate)
    pcm = np.repeat(wave.astype(np.int16), channels)
    return rtc.AudioFrame(pcm.tobytes(), rate, channels, rate)


async def test_question() -> None:
    """A synthesised question is recognised word for word."""
    frame = await piper.TTS().synthesize("What is this project about?").collect()
    assert (frame.sample_rate, frame.num_channels) == (piper.SAMPLE_RATE_HZ, 1)
    assert 0.8 < frame.duration < 4.0
    text = await recognized(frame)
    assert text.lower().strip(" .?") == "what is this project about"


async def test_silence() -> None:
    """No words are recognised in silence."""
    silence = rtc.AudioFrame(bytes(32_000), 16_000, 1, 16_000)
    assert await recognized(silence) == ""


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
async def test_format(given: list[NDArray[np.float32]], rate: int, channels: int) -> None:
    """Any rate and any number of channels reach the model at its rate, in its range."""
    await recognized(tone(rate, channels))
    (audio,) = given
    assert audio.dtype == np.float32
    assert len(audio) == pytest.approx(whisper.SAMPLE_RATE_HZ, rel=0.01)
    wanted = 8000 / 32768 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    middle = slice(4_000, 12_000)
    assert (
        np.abs(np.fft.rfft(audio[middle])).argmax() == np.abs(np.fft.rfft(wanted[middle])).argmax()
    )
    assert np.abs(audio[middle]).max() == pytest.approx(8000 / 32768, rel=0.05)
