"""The voice and the ears that need no key: what one says, the other understands."""

from __future__ import annotations

import numpy as np
import pytest
from livekit import rtc

from livekit_plugins_avatar.tools.demo import piper, whisper


async def spoken(text: str) -> rtc.AudioFrame:
    return await piper.TTS().synthesize(text).collect()


async def heard(frame: rtc.AudioFrame) -> str:
    event = await whisper.STT().recognize(frame)
    return event.alternatives[0].text


async def test_a_spoken_question_is_understood_word_for_word() -> None:
    text = await heard(await spoken("What is this project about?"))
    assert text.lower().strip(" .?") == "what is this project about"


async def test_the_voice_speaks_at_the_rate_that_it_declares() -> None:
    frame = await spoken("Hello, and good morning.")
    assert (frame.sample_rate, frame.num_channels) == (piper.SAMPLE_RATE_HZ, 1)
    assert 0.8 < frame.duration < 4.0


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
async def test_nothing_is_heard_in_silence_at_any_rate(rate: int) -> None:
    silence = rtc.AudioFrame(np.zeros(rate, np.int16).tobytes(), rate, 1, rate)
    assert await heard(silence) == ""


async def test_stereo_is_heard_as_well_as_mono() -> None:
    mono = np.frombuffer((await spoken("Tell me a story.")).data, np.int16)
    stereo = np.repeat(mono, 2)
    frame = rtc.AudioFrame(stereo.tobytes(), piper.SAMPLE_RATE_HZ, 2, len(mono))
    assert "story" in (await heard(frame)).lower()
