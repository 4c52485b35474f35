"""The worker writes the schedule, revises it until it is played, and survives its recogniser."""

from __future__ import annotations

import logging
import threading
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.log import logger
from livekit_plugins_avatar.speech.backlog import SLICE_SAMPLES
from livekit_plugins_avatar.speech.decoder import Hops
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
from livekit_plugins_avatar.speech.recognizer import PCM, Recognizer, built_in
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import Word, words_of
from livekit_plugins_avatar.speech.text_guided import TextGuidedStream
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.speech.worker import (
    HELD_SAMPLES,
    RECOVERED_SAMPLES,
    RecognitionWorker,
)
from livekit_plugins_avatar.timeline import samples

from .mishearing import (
    OTHER,
    PAUSE_HOPS,
    TEXT,
    Mishearing,
    MishearingHops,
    MishearingStream,
    everything,
    right,
    shown,
    speech,
    without_text,
    work_off,
)

SPEECH = speech(TEXT)


def guided(pcm: Pcm, text: str) -> list[VisemeEvent]:
    """What the stream alone makes of speech and its text."""
    schedule, stream = VisemeSchedule(), TextGuidedStream(MishearingHops())
    stream.expect(words_of(text))
    for events in (stream.push_audio(pcm), stream.flush()):
        schedule.revise(events)
    return everything(schedule)


GUIDED = guided(SPEECH, TEXT)


def written(
    chunks: Sequence[int], words: Sequence[tuple[int, Word]], base: int = 0
) -> list[VisemeEvent]:
    """What a worker writes, each word given before the chunk of its number."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    worker = RecognitionWorker(recognizer, schedule)
    pushed = 0
    for number, count in enumerate([*chunks, len(SPEECH)]):
        worker.expect([word for before, word in words if before == number])
        if pushed < len(SPEECH):
            worker.push_audio(base + pushed, SPEECH[pushed : pushed + count])
            pushed += count
    worker.end_segment()
    work_off(worker, recognizer)
    return everything(schedule)


@settings(max_examples=10)
@given(st.lists(st.integers(48, 240_000), max_size=30))
def test_chunks_leave_no_trace(chunks: list[int]) -> None:
    """Speech in chunks of 1 to 5,000 ms gives what the whole gives."""
    assert written(chunks, [(0, word) for word in words_of(TEXT)]) == GUIDED


def test_words_may_come_one_by_one() -> None:
    """Words that come while they are recognised guide as well."""
    words = [(2 * n, word) for n, word in enumerate(words_of(TEXT))]
    assert right(written([4_800] * 100, words), SPEECH) > 0.9


def test_times_lie_on_the_speech_timeline() -> None:
    """A word's time counts from where the session's speech began, as the events do."""
    base = 1_000_000
    first, *rest = words_of(TEXT)
    timed = replace(first, start=base + PAUSE_HOPS * HOP_SAMPLES)
    events = written([], [(0, word) for word in [timed, *rest]], base=base)
    assert [replace(event, start=event.start - base) for event in events] == GUIDED


class Counting(Mishearing):
    """Counts the samples of each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def hops(self) -> MishearingHops:
        calls = self.calls

        class Counted(MishearingHops):
            def push_audio(self, pcm: PCM) -> Hops:
                calls.append(len(pcm))
                return super().push_audio(pcm)

        super().hops()
        return Counted()


@pytest.mark.parametrize("length", [SLICE_SAMPLES // 4, 2 * SLICE_SAMPLES])
def test_speech_is_recognised_in_slices(length: int) -> None:
    """Short pieces that wait are joined, long ones cut."""
    schedule, recognizer = VisemeSchedule(), Counting()
    worker = RecognitionWorker(recognizer, schedule)
    for start in range(0, len(SPEECH), length):
        worker.push_audio(start, SPEECH[start : start + length])
    worker.end_segment()
    work_off(worker, recognizer)
    assert set(recognizer.calls[: len(SPEECH) // SLICE_SAMPLES]) == {SLICE_SAMPLES}
    assert everything(schedule) == without_text(SPEECH)


def test_speech_after_a_gap_is_another_utterance() -> None:
    """Speech that does not follow what waits before it is recognised apart."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    worker = RecognitionWorker(recognizer, schedule)
    worker.push_audio(0, SPEECH)
    worker.push_audio(2 * len(SPEECH), SPEECH)
    worker.end_segment()
    work_off(worker, recognizer, segments=2)
    assert [event for event in everything(schedule) if event.start >= len(SPEECH)] == [
        replace(event, start=event.start + 2 * len(SPEECH)) for event in without_text(SPEECH)
    ]


def test_a_text_belongs_to_its_segment() -> None:
    """Words of a segment that ended are not expected in the next one."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    worker = RecognitionWorker(recognizer, schedule)
    worker.expect(words_of(TEXT))
    worker.end_segment()
    worker.push_audio(0, SPEECH)
    worker.end_segment()
    work_off(worker, recognizer)
    assert everything(schedule) == without_text(SPEECH)


def test_a_text_without_speech_is_dropped_for_the_next() -> None:
    """A fresh text takes the place of one whose speech never came."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    worker = RecognitionWorker(recognizer, schedule)
    worker.expect(words_of(OTHER * 3), fresh=True)
    worker.expect(words_of(TEXT), fresh=True)
    worker.push_audio(0, SPEECH)
    worker.end_segment()
    work_off(worker, recognizer)
    assert everything(schedule) == GUIDED


def test_what_was_played_stands() -> None:
    """Words that come late change only what is still to be played."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    played = len(SPEECH) // 2
    worker = RecognitionWorker(recognizer, schedule, position=lambda: played - HELD_SAMPLES)
    worker.push_audio(0, SPEECH)
    worker.expect(words_of(TEXT))
    worker.end_segment()
    work_off(worker, recognizer)
    kept = played // HOP_SAMPLES
    assert (shown(everything(schedule))[:kept] == shown(without_text(SPEECH))[:kept]).all()
    assert any(event.viseme == "PP" for event in everything(schedule) if event.start > played)


def test_the_first_sample_that_changes_is_told() -> None:
    """So that frames drawn ahead can be drawn again from there."""
    changes: list[int] = []
    recognizer = Mishearing()
    worker = RecognitionWorker(recognizer, VisemeSchedule(), on_recognized=changes.append)
    worker.push_audio(0, SPEECH)
    worker.expect(words_of(TEXT))
    work_off(worker, recognizer)
    assert changes[0] == 0
    assert changes[-1] <= PAUSE_HOPS * HOP_SAMPLES


def test_a_cleared_segment_is_not_recognised() -> None:
    """What waits when the user interrupts is dropped, and waits no more."""
    schedule, recognizer = VisemeSchedule(), Mishearing()
    worker = RecognitionWorker(recognizer, schedule)
    worker.push_audio(0, SPEECH)
    assert worker.waiting == len(SPEECH)
    worker.clear()
    assert worker.waiting == 0
    work_off(worker, recognizer, segments=0)
    assert everything(schedule) == []


# Where words begin.

BEGINS_S = {"mother": 0.34, "bought": 0.62, "big": 0.92, "map": 1.14, "shoes": 2.44}
"""By forced alignment."""

SENTENCE = "My mother bought a big map, five cheap shoes."


def test_an_interruption_after_the_end_does_not_undo_it() -> None:
    """An agent may interrupt its speech while its avatar closes: the thread ends all the same."""
    worker = RecognitionWorker(Mishearing(), VisemeSchedule())
    worker.close()
    worker.clear()
    worker.start()
    for thread in threading.enumerate():
        if thread.name == "avatar-recognition":
            thread.join(1.0)
            assert not thread.is_alive()


def sentence() -> Pcm:
    """A recording of `SENTENCE`, at 48 kHz."""
    with wave.open(str(Path(__file__).parent / "data" / "sentence.wav")) as file:
        stored = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    # From 16 to 48 kHz: the same spectrum, with nothing above.
    resampled = 3 * np.fft.irfft(np.fft.rfft(stored), 3 * stored.size)
    return resampled.clip(-32768, 32767).astype(np.int16)


class Real(Mishearing):
    """The recogniser that comes with the package."""

    def hops(self) -> MishearingHops:
        super().hops()
        return built_in().hops()  # type: ignore[return-value]


def test_it_is_known_where_words_begin() -> None:
    """Each word begins within 50 ms of where a forced alignment puts it."""
    recognizer, pcm, base = Real(), sentence(), samples(7.0)
    worker = RecognitionWorker(recognizer, VisemeSchedule())
    assert worker.word_start(0) is None
    worker.expect(words_of(SENTENCE), fresh=True)
    for start in range(0, len(pcm), 9_600):
        worker.push_audio(base + start, pcm[start : start + 9_600])
    worker.end_segment()
    work_off(worker, recognizer)
    words = [word.text for word in words_of(SENTENCE)]
    starts = [worker.word_start(index) for index in range(len(words))]
    known = [start for start in starts if start is not None]
    assert known == sorted(known) and len(known) == len(words)
    for word, begin_s in BEGINS_S.items():
        assert known[words.index(word)] - base == pytest.approx(samples(begin_s), abs=samples(0.05))
    assert worker.word_start(len(words)) is None
    assert worker.word_start(-1) is None


def test_words_are_those_of_the_segment_that_is_published() -> None:
    """A segment that has been published makes way for the next; a cleared one is forgotten."""
    recognizer, position = Mishearing(), [0]
    worker = RecognitionWorker(recognizer, VisemeSchedule(), position=lambda: position[0])
    for base in (0, len(SPEECH)):
        worker.expect(words_of(TEXT), fresh=True)
        worker.push_audio(base, SPEECH)
        worker.end_segment()
    work_off(worker, recognizer, segments=2)
    first = worker.word_start(1)
    assert first is not None and first < len(SPEECH)
    position[0] = len(SPEECH) - 1
    assert worker.word_start(1) == first
    position[0] = len(SPEECH)
    assert worker.word_start(1) == first + len(SPEECH)


def test_words_that_are_not_spoken_begin_nowhere() -> None:
    """A text that the sound does not bear out has no places in it."""
    recognizer = Mishearing()
    worker = RecognitionWorker(recognizer, VisemeSchedule())
    worker.expect(words_of(OTHER), fresh=True)
    worker.push_audio(0, SPEECH)
    worker.end_segment()
    work_off(worker, recognizer)
    assert {worker.word_start(index) for index in range(len(words_of(OTHER)))} == {None}


# Recognisers that fail.


class Failing(Mishearing):
    """Raises for as long as it is broken."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error
        self.broken_until = 10**8

    def hops(self) -> MishearingHops:
        raised, broken_until = self._error, self.broken_until

        class Broken(MishearingHops):
            def push_audio(self, pcm: PCM) -> Hops:
                if int(pcm[0]) < broken_until:
                    raise raised
                return super().push_audio(np.zeros_like(pcm))

        super().hops()
        return Broken()


@pytest.mark.parametrize("error", [RuntimeError("broken"), SystemExit(1)])
def test_an_outage_is_logged_once(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """A recogniser that always raises is logged once, not for each piece of speech."""
    recognizer = Failing(error)
    worker = RecognitionWorker(recognizer, VisemeSchedule())
    pieces = 20
    for n in range(pieces):
        worker.push_audio(n * SLICE_SAMPLES, np.zeros(SLICE_SAMPLES, np.int16))
    with caplog.at_level(logging.INFO, logger.name):
        work_off(worker, recognizer, segments=pieces)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_end_of_an_outage_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Once it has worked for a second; then the next outage is logged again."""
    recognizer = Failing(RuntimeError("broken"))
    recognizer.broken_until = 1
    worker = RecognitionWorker(recognizer, VisemeSchedule())
    broken, works = np.zeros(SLICE_SAMPLES, np.int16), np.ones(SLICE_SAMPLES, np.int16)
    pieces = [broken, works, broken] + [works] * (RECOVERED_SAMPLES // SLICE_SAMPLES) + [broken]
    for n, piece in enumerate(pieces):
        worker.push_audio(n * SLICE_SAMPLES, piece)
    with caplog.at_level(logging.INFO, logger.name):
        work_off(worker, recognizer, segments=3)
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO", "ERROR"]


class OnlyEvents:
    """A recogniser that takes no text."""

    lookahead_samples = Mishearing.lookahead_samples

    def __init__(self, opened: Mishearing) -> None:
        self._opened = opened

    def stream(self) -> MishearingStream:
        self._opened.hops()
        return MishearingStream()


def test_a_recogniser_that_takes_no_text() -> None:
    """Its events are written as they are."""
    schedule, opened = VisemeSchedule(), Mishearing()
    recognizer: Recognizer = OnlyEvents(opened)
    worker = RecognitionWorker(recognizer, schedule)
    worker.expect(words_of(TEXT))
    worker.push_audio(0, SPEECH)
    worker.end_segment()
    work_off(worker, opened)
    assert everything(schedule) == without_text(SPEECH)
    assert worker.word_start(0) is None
