"""A recogniser guided by a text: better than either, and never worse than without."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.speech.features import HOP_SAMPLES
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.text.pronunciation import words_of
from livekit_plugins_avatar.speech.text_guided import TextGuidedStream
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import samples

from .mishearing import (
    OTHER,
    PHONE_HOPS,
    TEXT,
    MishearingHops,
    everything,
    right,
    speech,
    without_text,
)

SPEECH = speech(TEXT)
CHUNKS = st.lists(st.integers(48, 240_000), max_size=40)
"""From 1 to 5,000 ms."""


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


@lru_cache
def whole(text: str) -> list[VisemeEvent]:
    return guided(SPEECH, text)


def closed_hops(events: Sequence[VisemeEvent]) -> int:
    """How long lips are shut altogether."""
    return sum(event.duration for event in events if event.viseme == "PP") // HOP_SAMPLES


def test_a_text_puts_closures_where_the_recogniser_misses_them() -> None:
    """Every closure of the text is shown for its whole length."""
    unguided, told = without_text(SPEECH), whole(TEXT)
    assert closed_hops(unguided) < 15
    assert closed_hops(told) == 7 * PHONE_HOPS
    assert right(told, SPEECH) > 0.95 > right(unguided, SPEECH)


@pytest.mark.parametrize("text", ["", OTHER])
def test_another_text_changes_nothing(text: str) -> None:
    """Without a text, and with one that is not spoken, the recogniser's answer holds."""
    assert whole(text) == without_text(SPEECH)


@settings(max_examples=12)
@given(CHUNKS)
@example([48] * 400)
@example([480] * 300)
def test_streamed_equals_whole(chunks: list[int]) -> None:
    """Guided speech gives the same events in chunks of 1 to 5,000 ms."""
    assert guided(SPEECH, TEXT, chunks) == whole(TEXT)


@settings(max_examples=12)
@given(CHUNKS)
def test_streamed_equals_whole_without_a_text(chunks: list[int]) -> None:
    """So does speech without a text."""
    assert guided(SPEECH, "", chunks) == whole("")


@pytest.mark.parametrize("length", [1, 479, 480, 481, 7_000, 50_001])
def test_events_cover_exactly_what_was_pushed(length: int) -> None:
    """From the first sample to the last, without gaps."""
    events = guided(SPEECH[20_000 : 20_000 + length], TEXT)
    assert events[0].start == 0
    assert events[-1].end == length
    assert all(one.end == after.start for one, after in pairwise(events))
    assert all(0 <= event.intensity <= 1 for event in events)


def test_no_speech_gives_no_events() -> None:
    """A text without a sound says nothing."""
    stream = TextGuidedStream(MishearingHops())
    assert stream.expect(words_of(TEXT)) == []
    assert stream.flush() == []


@pytest.mark.parametrize("ahead_s", [0.2, 0.5, 2.0])
def test_a_voice_that_is_hardly_ahead_is_guided_too(ahead_s: float) -> None:
    """What is played stands, and still the text helps."""
    events = guided(SPEECH, TEXT, [4_800] * (len(SPEECH) // 4_800), settle=samples(ahead_s))
    assert right(events, SPEECH) > right(without_text(SPEECH), SPEECH) + 0.05


def test_a_closure_is_as_strong_as_the_speech_before_it() -> None:
    """A closure is silent, and yet lips press as the voice does; silence has no strength."""
    closures = [event for event in whole(TEXT) if event.viseme == "PP"]
    assert all(event.intensity > 0.5 for event in closures[1:])
    assert all(event.intensity == 0 for event in whole(TEXT) if event.viseme == "sil")
