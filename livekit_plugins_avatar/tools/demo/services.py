"""Ears, mind and voice of the demo's agent: the keyless ones, or a service whose key is there.

In flows the environment, out flow LiveKit's four parts of a voice agent. Weights are loaded once a
process by `load`; the parts themselves are light and made anew for each conversation, because a
cloud client belongs to the event loop that it was made on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from livekit.agents import llm, stt, tokenize, tts, vad

from .extras import needs

OPENAI_KEY = "OPENAI_API_KEY"
DEEPGRAM_KEY = "DEEPGRAM_API_KEY"
OPENAI_LLM = "gpt-4.1-mini"
OPENAI_TTS = "gpt-4o-mini-tts"
DEEPGRAM_STT = "nova-3"
FIRST_SENTENCE_CHARS = 8
"""A sentence this short is spoken on its own: "Hello!" is heard while the next is still made."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one conversation."""

    vad: vad.VAD
    stt: stt.STT[Any]
    llm: llm.LLM[Any]
    tts: tts.TTS[Any]


def describe() -> str:
    """One line: which parts listen, think and speak."""
    ears = f"Deepgram {DEEPGRAM_STT}" if _has(DEEPGRAM_KEY) else "Whisper tiny.en, local"
    mind = f"OpenAI {OPENAI_LLM}" if _has(OPENAI_KEY) else "a script, local"
    voice = f"OpenAI {OPENAI_TTS}" if _has(OPENAI_KEY) else "Piper, local"
    return f"ears: {ears}; mind: {mind}; voice: {voice}"


def load() -> None:
    """Load the weights that this process will need, so that no visitor waits for them.

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
    ears = _load_vad()
    return Services(vad=ears, stt=_stt(ears), llm=_llm(), tts=_tts())


def _has(key: str) -> bool:
    return bool(os.environ.get(key))


@lru_cache(maxsize=1)
def _load_vad() -> vad.VAD:
    with needs("demo", "noticing speech"):
        from livekit.plugins import silero
    return silero.VAD.load()


def _stt(ears: vad.VAD) -> stt.STT[Any]:
    if _has(DEEPGRAM_KEY):
        with needs("cloud", f"hearing with {DEEPGRAM_KEY}"):
            from livekit.plugins.deepgram import STT
        deepgram: stt.STT[Any] = STT(model=DEEPGRAM_STT)
        return deepgram
    from . import whisper

    return stt.StreamAdapter(stt=whisper.STT(), vad=ears)


def _llm() -> llm.LLM[Any]:
    if _has(OPENAI_KEY):
        with needs("cloud", f"thinking with {OPENAI_KEY}"):
            from livekit.plugins.openai import LLM
        openai: llm.LLM[Any] = LLM(model=OPENAI_LLM)
        return openai
    from . import script

    return script.LLM()


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
