"""Chooses the demo agent's speech recognition, language model and voice.

The keyless ones are used unless the environment has the key of a service. Weights are loaded once a
process by `load`; the parts are made for each conversation, because a cloud client belongs to the
event loop that it was made on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from livekit.agents import llm, stt, tokenize, tts, vad

from .extras import needs

OPENAI_KEY = "OPENAI_API_KEY"
DEEPGRAM_KEY = "DEEPGRAM_API_KEY"
VARIABLES = (OPENAI_KEY, "OPENAI_BASE_URL", DEEPGRAM_KEY)
"""What the services read from the environment."""
OPENAI_LLM = "gpt-4.1-mini"
OPENAI_TTS = "gpt-4o-mini-tts"
DEEPGRAM_STT = "nova-3"
FIRST_SENTENCE_CHARS = 8
"""A sentence this short is spoken on its own, so that "Hello!" is heard early."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one voice agent."""

    vad: vad.VAD
    stt: stt.STT[Any]
    llm: llm.LLM[Any]
    tts: tts.TTS[Any]


def describe() -> str:
    """The chosen parts in one line."""
    hearing = f"Deepgram {DEEPGRAM_STT}" if _has(DEEPGRAM_KEY) else "Whisper tiny.en, local"
    model = f"OpenAI {OPENAI_LLM}" if _has(OPENAI_KEY) else "scripted, local"
    voice = f"OpenAI {OPENAI_TTS}" if _has(OPENAI_KEY) else "Piper, local"
    return f"speech to text: {hearing}; language model: {model}; voice: {voice}"


def check() -> None:
    """Look for the chosen parts, without loading any.

    Raises:
        MissingExtra: A part is not installed.
    """
    wanted = [("demo", "noticing speech", "livekit.plugins.silero")]
    if not _has(DEEPGRAM_KEY):
        wanted.append(("demo", "hearing without a key", "faster_whisper"))
    else:
        wanted.append(("cloud", f"hearing with {DEEPGRAM_KEY}", "livekit.plugins.deepgram"))
    if not _has(OPENAI_KEY):
        wanted.append(("demo", "speaking without a key", "piper"))
    else:
        wanted.append(("cloud", f"thinking with {OPENAI_KEY}", "livekit.plugins.openai"))
    for extra, what, module in wanted:
        with needs(extra, what):
            if find_spec(module) is None:
                raise ModuleNotFoundError(name=module)


def load() -> None:
    """Load the weights, so that the first visitor does not wait for them.

    Raises:
        MissingExtra: A part is not installed.
    """
    _load_vad()
    if not _has(DEEPGRAM_KEY):
        with needs("demo", "hearing without a key"):
            from . import whisper
        whisper.load()
    if not _has(OPENAI_KEY):
        with needs("demo", "speaking without a key"):
            from . import piper
        # The first sentence also sets up the phonemizer.
        piper.speak("Hello.")


def make() -> Services:
    """The parts for one conversation.

    Raises:
        MissingExtra: A part is not installed.
    """
    detector = _load_vad()
    return Services(vad=detector, stt=_stt(detector), llm=_llm(), tts=_tts())


def _has(key: str) -> bool:
    return bool(os.environ.get(key))


@lru_cache(maxsize=1)
def _load_vad() -> vad.VAD:
    with needs("demo", "noticing speech"):
        from livekit.plugins import silero
    return silero.VAD.load()


def _stt(detector: vad.VAD) -> stt.STT[Any]:
    if _has(DEEPGRAM_KEY):
        with needs("cloud", f"hearing with {DEEPGRAM_KEY}"):
            from livekit.plugins.deepgram import STT
        deepgram: stt.STT[Any] = STT(model=DEEPGRAM_STT)
        return deepgram
    from . import whisper

    return stt.StreamAdapter(stt=whisper.STT(), vad=detector)


def _llm() -> llm.LLM[Any]:
    if _has(OPENAI_KEY):
        with needs("cloud", f"thinking with {OPENAI_KEY}"):
            from livekit.plugins.openai import LLM
        openai: llm.LLM[Any] = LLM(model=OPENAI_LLM)
        return openai
    from . import scripted_llm

    return scripted_llm.LLM()


def _tts() -> tts.TTS[Any]:
    if _has(OPENAI_KEY):
        with needs("cloud", f"speaking with {OPENAI_KEY}"):
            from livekit.plugins.openai import TTS
        openai: tts.TTS[Any] = TTS(model=OPENAI_TTS)
        return openai
    from . import piper

    sentences = tokenize.blingfire.SentenceTokenizer(
        min_sentence_len=FIRST_SENTENCE_CHARS, retain_format=True
    )
    return tts.StreamAdapter(tts=piper.TTS(), sentence_tokenizer=sentences)
