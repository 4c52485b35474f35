"""A recogniser and a text: together better than either, and never worse than the ear alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.speech.decoder import Decoder
from livekit_plugins_avatar.speech.hops import HOP_SAMPLES, Hops
from livekit_plugins_avatar.speech.phones import visemes_of
from livekit_plugins_avatar.speech.recognizer import PCM
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import Word, words_of
from livekit_plugins_avatar.speech.text_guided import TextGuidedStream
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX, VISEMES, VisemeEvent
from livekit_plugins_avatar.speech.worker import SLICE_SAMPLES, RecognitionWorker, _Signal
from livekit_plugins_avatar.timeline import samples

TEXT = "Maybe Peter bought some coffee, before the shop closed."
OTHER = "A dark and silent corridor is waiting until the long winter ends"
LOOKAHEAD_SAMPLES = samples(0.07)
PHONE_HOPS = 8
PAUSE_HOPS = 30


def speech(text: str) -> Pcm:
    """Sound of which every hop tells its viseme: silence, then the text, then silence."""
    shown = [0] * PAUSE_HOPS
    for word in words_of(text):
        if word.pause:
            shown += [0] * PAUSE_HOPS
        for viseme in visemes_of(word.ways[0]):
            shown += [VISEME_INDEX[viseme]] * PHONE_HOPS
    shown += [0] * PAUSE_HOPS
    return np.repeat(np.array(shown, np.int16) * 1000, HOP_SAMPLES)


class MishearingHops:
    """Hears `speech` as a net does, unsure of everything and mistaken about closures."""

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
        if not count:
            return Hops.none(min(first * HOP_SAMPLES, len(self._heard)))
        self._decided += count
        hops = np.arange(first, first + count)
        shown = self._heard[hops * HOP_SAMPLES] // 1000
        likely = np.random.default_rng(1).normal(0, 0.5, (10_000, len(VISEMES)))[hops]
        likely[np.arange(count), shown] += 4.0
        likely[shown == VISEME_INDEX["PP"], VISEME_INDEX["FF"]] += 6.0
        likely -= np.log(np.exp(likely).sum(axis=1, keepdims=True))
        levels = np.where(shown > 0, -20.0, -90.0)
        end = min((first + count) * HOP_SAMPLES, len(self._heard))
        return Hops(first * HOP_SAMPLES, end, likely.astype(np.float32), levels.astype(np.float32))


class Mishearing:
    """A recogniser that is told what is said."""

    lookahead_samples = LOOKAHEAD_SAMPLES

    def hops(self) -> MishearingHops:
        return MishearingHops()

    def stream(self) -> MishearingAlone:
        return MishearingAlone()


class MishearingAlone:
    """The same, alone."""

    def __init__(self) -> None:
        self._hops, self._decoder = MishearingHops(), Decoder()

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        return self._decoder.push(self._hops.push_audio(pcm))

    def flush(self) -> list[VisemeEvent]:
        return self._decoder.push(self._hops.flush())


SPEECH = speech(TEXT)


def everything(schedule: VisemeSchedule) -> list[VisemeEvent]:
    return schedule.between(0, 10**9)


def alone(pcm: Pcm) -> list[VisemeEvent]:
    schedule, stream = VisemeSchedule(), MishearingAlone()
    for event in [*stream.push_audio(pcm), *stream.flush()]:
        schedule.append(event)
    return everything(schedule)


def guided(pcm: Pcm, text: str, chunks: Sequence[int] = (), settle: int = 0) -> list[VisemeEvent]:
    """The schedule in the end, the sound being pushed in such chunks; `settle` samples of what was
    pushed are always still to be played."""
    schedule, stream = VisemeSchedule(), TextGuidedStream(MishearingHops())
    write(schedule, stream.expect(words_of(text)))
    pushed = 0
    for count in [*chunks, len(pcm)]:
        if pushed < len(pcm):
            events = stream.push_audio(pcm[pushed : pushed + count])
            pushed = min(pushed + count, len(pcm))
            if settle:
                stream.settle(max(0, pushed - settle))
                schedule.settle(max(0, pushed - settle))
            write(schedule, events)
    write(schedule, stream.flush())
    return everything(schedule)


def write(schedule: VisemeSchedule, events: Sequence[VisemeEvent]) -> None:
    if events:
        schedule.revise(events)


def shown(events: Iterable[VisemeEvent]) -> NDArray[np.int64]:
    """The viseme in the middle of each hop."""
    hops = [
        np.full((event.end + HOP_SAMPLES // 2) // HOP_SAMPLES, VISEME_INDEX[event.viseme])
        for event in events
    ]
    out = hops[-1]
    for earlier in reversed(hops[:-1]):
        out[: len(earlier)] = earlier
    return out


def right(events: Iterable[VisemeEvent], pcm: Pcm = SPEECH) -> float:
    """Share of the hops of speech that come out right."""
    truth = pcm[::HOP_SAMPLES] // 1000
    return float((shown(events)[: len(truth)] == truth)[truth > 0].mean())


def closed_hops(events: Iterable[VisemeEvent]) -> int:
    """How long lips are shut altogether."""
    return sum(event.duration for event in events if event.viseme == "PP") // HOP_SAMPLES


def test_a_text_puts_closures_where_the_ear_misses_them() -> None:
    heard, told = alone(SPEECH), guided(SPEECH, TEXT)
    assert closed_hops(heard) < 15
    assert closed_hops(told) == 7 * PHONE_HOPS
    assert right(told) > 0.95 > right(heard)


def test_another_text_leaves_what_the_ear_hears_alone() -> None:
    assert guided(SPEECH, OTHER) == alone(SPEECH)


def test_without_a_text_the_ear_is_heard_alone() -> None:
    assert guided(SPEECH, "") == alone(SPEECH)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(48, 240_000), max_size=40))
@example([48] * 400)
@example([480] * 300)
def test_streamed_equals_whole_for_chunks_of_1_to_5000_ms(chunks: list[int]) -> None:
    assert guided(SPEECH, TEXT, chunks) == guided(SPEECH, TEXT)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(48, 240_000), max_size=40))
def test_streamed_equals_whole_without_a_text_too(chunks: list[int]) -> None:
    assert guided(SPEECH, "", chunks) == alone(SPEECH)


@pytest.mark.parametrize("length", [1, 479, 480, 481, 7_000, 50_001])
def test_events_cover_exactly_what_was_pushed(length: int) -> None:
    events = guided(SPEECH[20_000 : 20_000 + length], TEXT)
    assert events[0].start == 0
    assert events[-1].end == length
    assert all(one.end == after.start for one, after in pairwise(events))
    assert all(0 <= event.intensity <= 1 for event in events)


def test_nothing_pushed_is_nothing_said() -> None:
    stream = TextGuidedStream(MishearingHops())
    assert stream.expect(words_of(TEXT)) == []
    assert stream.flush() == []


@pytest.mark.parametrize("ahead_s", [0.2, 0.5, 2.0])
def test_a_voice_that_is_hardly_ahead_of_what_is_played_is_guided_too(ahead_s: float) -> None:
    events = guided(SPEECH, TEXT, [960] * (len(SPEECH) // 960), settle=samples(ahead_s))
    assert right(events) > right(alone(SPEECH)) + 0.05


def test_a_closure_is_as_strong_as_the_speech_that_leads_into_it() -> None:
    closures = [event for event in guided(SPEECH, TEXT) if event.viseme == "PP"]
    assert all(event.intensity > 0.5 for event in closures[1:])
    assert all(event.intensity == 0 for event in guided(SPEECH, TEXT) if event.viseme == "sil")


def heard_by_listener(
    chunks: Sequence[int], texts: Sequence[tuple[int, Word]], pcm: Pcm = SPEECH, base: int = 0
) -> list[VisemeEvent]:
    """What a listener writes, each text given before the chunk of its number."""
    schedule = VisemeSchedule()
    listener = RecognitionWorker(Mishearing(), schedule)
    pushed = 0
    for number, count in enumerate([*chunks, len(pcm)]):
        listener.expect([word for before, word in texts if before == number])
        if pushed < len(pcm):
            listener.push_audio(base + pushed, pcm[pushed : pushed + count])
            pushed += count
    listener.end_segment()
    listen(listener)
    return everything(schedule)


def listen(listener: RecognitionWorker) -> None:
    """Let the listener work off what it was given, on this thread: nothing to wait for."""
    listener._inbox.put(_Signal.CLOSED)
    listener._run()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(48, 240_000), max_size=30))
def test_a_listener_writes_the_same_for_chunks_of_1_to_5000_ms(chunks: list[int]) -> None:
    assert heard_by_listener(chunks, [(0, word) for word in words_of(TEXT)]) == guided(SPEECH, TEXT)


def test_a_listener_takes_words_one_by_one_with_their_times() -> None:
    texts = [(2 * n, word) for n, word in enumerate(words_of(TEXT))]
    events = heard_by_listener([4_800] * 100, texts)
    assert right(events) > 0.9


def test_a_listener_places_times_on_the_speech_timeline() -> None:
    base = 1_000_000
    first, *rest = words_of(TEXT)
    timed = replace(first, start=base + PAUSE_HOPS * HOP_SAMPLES)
    texts = [(0, word) for word in [timed, *rest]]
    events = heard_by_listener([], texts, base=base)
    moved = guided(SPEECH, TEXT)
    assert [(e.viseme, e.start - base, e.duration) for e in events] == [
        (e.viseme, e.start, e.duration) for e in moved
    ]


def test_speech_that_waits_is_heard_together_and_long_speech_in_slices() -> None:
    heard: list[int] = []

    class Counting(MishearingHops):
        def push_audio(self, pcm: PCM) -> Hops:
            heard.append(len(pcm))
            return super().push_audio(pcm)

    class Counted(Mishearing):
        def hops(self) -> MishearingHops:
            return Counting()

    schedule, short = VisemeSchedule(), SLICE_SAMPLES // 4
    listener = RecognitionWorker(Counted(), schedule)
    for start in range(0, len(SPEECH), short):
        listener.push_audio(start, SPEECH[start : start + short])
    listener.end_segment()
    listen(listener)
    assert set(heard[:-1]) == {SLICE_SAMPLES}
    assert everything(schedule) == alone(SPEECH)
    heard.clear()
    listener = RecognitionWorker(Counted(), VisemeSchedule())
    listener.push_audio(0, SPEECH[: SLICE_SAMPLES * 2])
    listen(listener)
    assert heard == [SLICE_SAMPLES] * 2


def test_speech_that_does_not_follow_what_waits_before_it_is_heard_apart() -> None:
    schedule = VisemeSchedule()
    listener = RecognitionWorker(Mishearing(), schedule)
    listener.push_audio(0, SPEECH)
    listener.push_audio(2 * len(SPEECH), SPEECH)
    listener.end_segment()
    listen(listener)
    events = everything(schedule)
    assert [event for event in events if event.start >= len(SPEECH)] == [
        replace(event, start=event.start + 2 * len(SPEECH)) for event in alone(SPEECH)
    ]


def test_a_text_belongs_to_its_segment_alone() -> None:
    schedule = VisemeSchedule()
    listener = RecognitionWorker(Mishearing(), schedule)
    listener.expect(words_of(TEXT))
    listener.end_segment()
    listener.push_audio(0, SPEECH)
    listener.end_segment()
    listen(listener)
    assert everything(schedule) == alone(SPEECH)


def test_a_text_whose_speech_never_came_is_forgotten_when_another_begins() -> None:
    schedule = VisemeSchedule()
    listener = RecognitionWorker(Mishearing(), schedule)
    listener.expect(words_of(OTHER * 3), fresh=True)
    listener.expect(words_of(TEXT), fresh=True)
    listener.push_audio(0, SPEECH)
    listener.end_segment()
    listen(listener)
    assert everything(schedule) == guided(SPEECH, TEXT)


def test_what_was_played_stands_while_a_listener_goes_on() -> None:
    schedule = VisemeSchedule()
    played = len(SPEECH) // 2
    listener = RecognitionWorker(Mishearing(), schedule, position=lambda: played)
    listener.push_audio(0, SPEECH)
    listener.expect(words_of(TEXT))
    listener.end_segment()
    listen(listener)
    kept = played // HOP_SAMPLES
    assert (shown(everything(schedule))[:kept] == shown(alone(SPEECH))[:kept]).all()
    assert any(event.viseme == "PP" for event in everything(schedule) if event.start > played)


def test_the_first_sample_that_changes_is_told() -> None:
    changes: list[int] = []
    listener = RecognitionWorker(Mishearing(), VisemeSchedule(), on_recognized=changes.append)
    listener.push_audio(0, SPEECH)
    listener.expect(words_of(TEXT))
    listen(listener)
    first_closure = PAUSE_HOPS * HOP_SAMPLES
    assert changes[0] == 0
    assert changes[-1] <= first_closure
