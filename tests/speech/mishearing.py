"""A recogniser that mishears, and sound for it: every hop tells its viseme."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.speech.decoder import Decoder, Hops
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
from livekit_plugins_avatar.speech.phones import phone_row
from livekit_plugins_avatar.speech.recognizer import PCM
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent
from livekit_plugins_avatar.speech.worker import RecognitionWorker
from livekit_plugins_avatar.timeline import samples

TEXT = "Maybe Peter bought some coffee, before the shop closed."
OTHER = "A dark and silent corridor is waiting until the long winter ends"
LOOKAHEAD_SAMPLES = samples(0.07)
PHONE_HOPS = 8
PAUSE_HOPS = 30
FAR = 10**9
"""A speech sample that lies behind everything."""


def visemes_of(phones: Sequence[str]) -> list[str]:
    """What phones show, one after the other, repetitions joined."""
    return [name for name, _ in groupby(v for phone in phones for v in phone_row(phone).visemes)]


def speech(text: str) -> Pcm:
    """Silence, then the text, then silence."""
    shown = [0] * PAUSE_HOPS
    for word in words_of(text):
        if word.pause:
            shown += [0] * PAUSE_HOPS
        for viseme in visemes_of(word.ways[0]):
            shown += [VISEME_INDEX[viseme]] * PHONE_HOPS
    shown += [0] * PAUSE_HOPS
    return np.repeat(np.array(shown, np.int16) * 1000, HOP_SAMPLES)


@lru_cache(maxsize=1)
def doubts() -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(0, 0.5, (10_000, len(VISEMES)))


class MishearingHops:
    """Recognises `speech` as a net does, unsure of everything and mistaken about closures."""

    def __init__(self) -> None:
        self._heard = np.zeros(0, np.int16)
        self._decided = 0

    def push_audio(self, pcm: PCM) -> Hops:
        self._heard = np.concatenate((self._heard, pcm)).astype(np.int16)
        return self._upto(len(self._heard) - LOOKAHEAD_SAMPLES)

    def flush(self) -> Hops:
        return self._upto(len(self._heard) + HOP_SAMPLES - 1)

    def _upto(self, sample: int) -> Hops:
        first = self._decided
        count = max(0, sample // HOP_SAMPLES - first)
        self._decided += count
        hops = np.arange(first, first + count)
        shown = self._heard[hops * HOP_SAMPLES] // 1000
        likely = doubts()[hops]
        likely[np.arange(count), shown] += 4.0
        likely[shown == VISEME_INDEX["PP"], VISEME_INDEX["FF"]] += 6.0
        likely -= np.log(np.exp(likely).sum(axis=1, keepdims=True))
        levels = np.where(shown > 0, -20.0, -90.0)
        start, end = (min(n * HOP_SAMPLES, len(self._heard)) for n in (first, first + count))
        return Hops(start, end, likely.astype(np.float32), levels.astype(np.float32))


class MishearingStream:
    """The same without a text."""

    def __init__(self) -> None:
        self._hops, self._decoder = MishearingHops(), Decoder()

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        return self._decoder.push(self._hops.push_audio(pcm))

    def flush(self) -> list[VisemeEvent]:
        return self._decoder.push(self._hops.flush())


class Mishearing:
    """A recogniser that can be guided by a text."""

    lookahead_samples = LOOKAHEAD_SAMPLES

    def __init__(self) -> None:
        self.streams = 0
        self.awaited = 0
        """How many streams `reached` waits for."""
        self.reached = threading.Event()

    def hops(self) -> MishearingHops:
        self.streams += 1
        if self.streams == self.awaited:
            self.reached.set()
        return MishearingHops()

    def stream(self) -> MishearingStream:
        return MishearingStream()


def without_text(pcm: Pcm) -> list[VisemeEvent]:
    """What is recognised without a text."""
    schedule, stream = VisemeSchedule(), MishearingStream()
    for event in [*stream.push_audio(pcm), *stream.flush()]:
        schedule.revise([event])
    return everything(schedule)


def everything(schedule: VisemeSchedule) -> list[VisemeEvent]:
    return schedule.between(0, FAR)


def work_off(worker: RecognitionWorker, recognizer: Mishearing, segments: int = 1) -> None:
    """Let a worker recognise all that it was given, that many segments, and stop.

    It works in order: once it opens a stream for what lies behind everything, the rest is done.
    """
    recognizer.awaited = segments + 1
    worker.push_audio(FAR, np.zeros(1, np.int16))
    worker.start()
    assert recognizer.reached.wait(30), "the worker stopped"
    worker.close()


def shown(events: Sequence[VisemeEvent]) -> NDArray[np.int64]:
    """The viseme of each hop."""
    counts = [-(-event.duration // HOP_SAMPLES) for event in events]
    return np.repeat([VISEME_INDEX[event.viseme] for event in events], counts)


def right(events: Sequence[VisemeEvent], pcm: Pcm) -> float:
    """Share of the hops of `speech` that come out right."""
    truth = pcm[::HOP_SAMPLES] // 1000
    return float((shown(events)[: len(truth)] == truth)[truth > 0].mean())
