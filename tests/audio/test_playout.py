"""Speech is published, held, cut, replayed and reported."""

from __future__ import annotations

from collections import deque

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import FADE_SAMPLES, RAMP_SAMPLES
from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.audio.playback_events import (
    Finished,
    PlaybackEvent,
    Progressed,
    Started,
)
from livekit_plugins_avatar.audio.playout import RESUME_SAMPLES, Playout
from livekit_plugins_avatar.audio.resume_point import LEAD_IN_SAMPLES
from livekit_plugins_avatar.audio.segment import START_SAMPLES
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

TICK = samples(0.01)


def speech(count: int, first: int = 1) -> NDArray[np.int16]:
    """Samples with the values 1, 2, 3, ... that tell them apart."""
    return ((np.arange(count) + first - 1) % 20_000 + 1).astype(np.int16)


def played(playout: Playout, ticks: int) -> NDArray[np.int16]:
    return np.concatenate([playout.pull(TICK) for _ in range(ticks)])


class Source:
    """An audio source: holds `queue` ticks, and gives them back on demand."""

    def __init__(self, playout: Playout, queue: int = 10) -> None:
        self.playout, self.queue = playout, queue
        self.held: deque[NDArray[np.int16]] = deque()
        self.sent: list[NDArray[np.int16]] = []
        self.events: list[PlaybackEvent] = []

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            while len(self.held) <= self.queue:
                self.held.append(self.playout.pull(TICK))
            self.sent.append(self.held.popleft())
            if self.playout.wants_retraction:
                held = len(self.held) * TICK
                assert self.playout.retract(held) == held
                self.held.clear()
            self.events += self.playout.advance(len(self.sent) * TICK)

    @property
    def heard(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, np.int16), *self.sent])


def test_the_track_is_silent_without_speech() -> None:
    """Without speech the track goes on, silent."""
    playout = Playout()
    assert not played(playout, 3).any()
    assert playout.published == 3 * TICK


def test_speech_is_published_unchanged() -> None:
    """Speech is published sample for sample."""
    playout = Playout()
    playout.push_audio(speech(5 * TICK))
    playout.end_segment()
    assert (played(playout, 5) == speech(5 * TICK)).all()


def test_a_run_waits_for_its_first_samples() -> None:
    """A run begins once enough speech is there, or the segment has ended."""
    playout = Playout()
    playout.push_audio(speech(START_SAMPLES - 1))
    assert not played(playout, 1).any()
    playout.end_segment()
    assert played(playout, 1).all()


def test_a_segment_is_reported_as_it_leaves() -> None:
    """A segment starts, progresses and finishes when the samples that say so have left."""
    playout = Playout()
    played(playout, 2)
    playout.push_audio(speech(3 * TICK))
    playout.end_segment()
    played(playout, 6)
    first = 2 * TICK
    assert playout.advance(first) == []
    assert playout.advance(first + 1) == [Started(first)]
    assert playout.advance(first + 3 * TICK - 1) == []
    assert playout.advance(first + 3 * TICK) == [
        Progressed(first, 0, 3 * TICK),
        Finished(3 * TICK, interrupted=False),
    ]
    assert playout.advance(playout.published) == []


def test_a_cut_fades_out() -> None:
    """A cut fades out, and the position counts the fade."""
    playout = Playout()
    playout.push_audio(np.full(50 * TICK, 10_000, np.int16))
    played(playout, 4)
    playout.end_segment()
    playout.clear()
    heard = played(playout, 4)
    fade = heard[:FADE_SAMPLES].astype(int)
    assert (np.diff(fade) <= 0).all() and fade[-1] == 0
    assert not heard[FADE_SAMPLES:].any()
    assert playout.advance(playout.published)[-1] == Finished(
        4 * TICK + FADE_SAMPLES, interrupted=True
    )


def test_a_cut_before_the_first_sample() -> None:
    """A segment that is cut before it was heard finishes at 0 and never starts."""
    playout = Playout()
    playout.push_audio(speech(5 * TICK))
    playout.end_segment()
    playout.clear()
    assert not played(playout, 1).any()
    assert playout.advance(0) == [Finished(0, interrupted=True)]


def test_speech_after_a_cut_is_dropped() -> None:
    """Speech that arrives after a cut is dropped until the segment ends."""
    playout = Playout()
    playout.push_audio(speech(5 * TICK))
    playout.clear()
    assert playout.push_audio(speech(5 * TICK)) == -1
    assert not played(playout, 5).any()
    playout.end_segment()
    assert playout.advance(playout.published) == [Finished(0, interrupted=True)]
    playout.push_audio(speech(2 * TICK))
    playout.end_segment()
    assert played(playout, 2).all()
    assert playout.advance(playout.published)[-1] == Finished(2 * TICK, interrupted=False)


def test_a_pause_resumes_at_the_sample() -> None:
    """Paused speech fades out and resumes with the sample after the last one heard."""
    playout = Playout()
    playout.push_audio(speech(10 * TICK))
    playout.end_segment()
    played(playout, 2)
    playout.pause()
    played(playout, 20)
    playout.resume()
    resumed = played(playout, 10)
    after = 2 * TICK + FADE_SAMPLES
    assert (
        resumed[RAMP_SAMPLES : 10 * TICK - after] == speech(10 * TICK)[after:][RAMP_SAMPLES:]
    ).all()
    runs = playout.runs(0, playout.published)
    assert runs == [Run(0, 0, after), Run(22 * TICK, after, 10 * TICK - after)]
    assert playout.advance(playout.published) == [
        Started(0),
        Progressed(0, 0, after),
        Progressed(22 * TICK, after, 10 * TICK - after),
        Finished(10 * TICK, interrupted=False),
    ]


def test_a_gap_does_not_click() -> None:
    """Speech that breaks off rings out, and rises where it comes back."""
    playout = Playout()
    loud = np.full(4 * TICK, 10_000, np.int16)
    playout.push_audio(loud)
    played(playout, 4)
    gap = played(playout, 2)
    playout.push_audio(loud)
    playout.end_segment()
    back = played(playout, 4)
    heard = np.concatenate([loud, gap, back]).astype(int)
    assert np.abs(np.diff(heard[: 9 * TICK])).max() <= 10_000 / RAMP_SAMPLES + 1
    assert playout.advance(playout.published)[-1] == Finished(8 * TICK, interrupted=False)


def test_waiting_speech_is_placed() -> None:
    """Speech that waits is placed where it will be published."""
    playout = Playout()
    playout.push_audio(speech(10 * TICK))
    played(playout, 3)
    assert playout.runs(0, 20 * TICK) == [Run(0, 0, 3 * TICK), Run(3 * TICK, 3 * TICK, 7 * TICK)]
    assert playout.published_at(5 * TICK) == 5 * TICK
    playout.pause()
    assert playout.published_at(9 * TICK) is None


def test_the_end_of_the_turn() -> None:
    """The end of the turn is known when all speech is there and nothing holds it."""
    playout = Playout()

    def turn_end() -> int | None:
        return playout.turn_end

    assert turn_end() is None
    played(playout, 3)
    playout.push_audio(speech(10 * TICK))
    assert turn_end() is None, "more may come"
    playout.end_segment()
    assert turn_end() == 13 * TICK
    played(playout, 4)
    playout.pause()
    assert turn_end() is None, "it is not known how long it is held"
    played(playout, 5)
    playout.resume()
    heard = playout.runs(0, 12 * TICK)[0].length
    assert turn_end() == 12 * TICK + 10 * TICK - heard
    played(playout, 30)
    assert turn_end() == 22 * TICK - heard, "it is being heard"
    playout.advance(playout.published)
    assert turn_end() is None


def test_retracted_speech_is_published_again() -> None:
    """Speech that was retracted is published again and leaves no trace."""
    playout = Playout()
    playout.push_audio(speech(20 * TICK))
    playout.end_segment()
    kept = played(playout, 3)
    played(playout, 8)
    assert playout.retract(8 * TICK) == 8 * TICK
    assert playout.published == 3 * TICK
    assert (np.concatenate([kept, played(playout, 17)]) == speech(20 * TICK)).all()
    assert playout.runs(0, 20 * TICK) == [Run(0, 0, 20 * TICK)]


def test_a_change_is_told_once() -> None:
    """The first published sample that changed is told once."""
    playout = Playout()
    playout.push_audio(speech(20 * TICK))
    source = Source(playout)
    source.run(5)
    playout.take_change()
    playout.clear()
    source.run(1)
    assert playout.take_change() == 6 * TICK
    assert playout.take_change() is None


def test_speech_overtakes_silence() -> None:
    """Speech does not wait behind silence that the source holds."""
    playout = Playout()
    source = Source(playout)
    source.run(20)
    playout.push_audio(speech(5 * TICK))
    source.run(8)
    assert np.flatnonzero(source.heard)[0] == 21 * TICK


def test_a_cut_reaches_what_the_source_holds() -> None:
    """A cut is heard at once although the source holds more speech."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(np.full(50 * TICK, 9000, np.int16))
    source.run(20)
    playout.end_segment()
    playout.clear()
    source.run(20)
    assert np.flatnonzero(source.heard)[-1] < 21 * TICK + FADE_SAMPLES
    [finished] = [event for event in source.events if isinstance(event, Finished)]
    assert finished == Finished(21 * TICK + FADE_SAMPLES, interrupted=True)


def test_a_pause_loses_no_sample() -> None:
    """A pause and resume lose no sample although the source holds more speech."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(speech(50 * TICK))
    playout.end_segment()
    source.run(10)
    playout.pause()
    source.run(30)
    playout.resume()
    source.run(80)
    assert playout.runs(0, 1 << 40) == [
        Run(0, 0, 11 * TICK + FADE_SAMPLES),
        Run(41 * TICK, 11 * TICK + FADE_SAMPLES, 39 * TICK - FADE_SAMPLES),
    ]
    assert source.events[-1] == Finished(50 * TICK, interrupted=False)


def test_late_speech_leaves_no_gap() -> None:
    """Speech that arrives before the last of it has left makes no gap."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(speech(20 * TICK))
    source.run(15)
    playout.push_audio(speech(20 * TICK, 20 * TICK + 1))
    playout.end_segment()
    source.run(60)
    assert (source.heard[: 40 * TICK] == speech(40 * TICK)).all()


def words(count: int) -> NDArray[np.int16]:
    """Words of 0.4 s with pauses of 0.2 s between them; each word is at a level of its own."""
    word, pause = np.ones(40 * TICK, np.int16), np.zeros(20 * TICK, np.int16)
    return np.concatenate([np.concatenate([word * (1000 + n), pause]) for n in range(count)])


def test_lost_speech_is_replayed_from_a_pause() -> None:
    """Speech that left while the link was down is replayed from the pause before it."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(words(5))
    playout.end_segment()
    source.run(100)  # 0.4 s into the second word.
    lost = 80 * TICK
    playout.link_down(lost)
    source.run(100)
    assert not source.heard[102 * TICK :].any(), "it waits"
    assert not any(isinstance(event, Finished) for event in source.events)
    assert playout.link_up() > 0
    back = len(source.heard)
    source.run(400)
    heard = source.heard[back:]
    first = int(np.flatnonzero(heard)[0])
    assert (heard[first : first + 40 * TICK] == 1001).all(), "the second word, from its beginning"
    assert len(np.unique(heard[heard >= 1000])) == 4, "and all after it"
    assert source.events[-1] == Finished(5 * 60 * TICK, interrupted=False)


def test_replayed_speech_counts_once() -> None:
    """Replayed speech counts once, and positions only grow."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(words(5))
    playout.end_segment()
    for _ in range(3):
        source.run(70)
        playout.link_down(len(source.heard) - 10 * TICK)
        source.run(30)
        playout.link_up()
    source.run(600)
    runs = [event for event in source.events if isinstance(event, Progressed)]
    assert len([event for event in source.events if isinstance(event, Started)]) == 1
    assert [event.offset for event in runs] == [0, *np.cumsum([r.length for r in runs])[:-1]]
    assert source.events[-1] == Finished(5 * 60 * TICK, interrupted=False)


def test_speech_resumes_when_the_face_can() -> None:
    """Speech resumes later than any frame drawn ahead needs to be replaced, and where it was said
    to."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(words(5))
    source.run(100)
    playout.link_down(90 * TICK)
    source.run(50)
    playout.link_up()
    pulled = playout.published
    (expected,) = playout.runs(pulled, pulled + SAMPLE_RATE)
    assert expected.published == pulled + RESUME_SAMPLES
    source.run(50)
    assert playout.runs(pulled, pulled + SAMPLE_RATE)[0].published == expected.published
    heard = np.flatnonzero(source.heard[pulled:])
    assert heard[0] == RESUME_SAMPLES + LEAD_IN_SAMPLES


def test_an_interruption_while_the_link_is_down() -> None:
    """An interruption while the link is down finishes at what was heard before."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(words(5))
    source.run(100)
    playout.link_down(90 * TICK)
    source.run(20)
    playout.end_segment()
    playout.clear()
    source.run(1)
    assert source.events[-1] == Finished(90 * TICK, interrupted=True)
    playout.link_up()
    source.run(50)
    assert not source.heard[103 * TICK :].any()


def test_lost_segments_are_replayed_in_order() -> None:
    """Segments that left while the link was down are replayed one after the other."""
    playout = Playout()
    source = Source(playout)
    for _ in range(3):
        playout.push_audio(words(1))
        playout.end_segment()
    source.run(30)
    playout.link_down(30 * TICK)
    source.run(10)
    playout.link_up()
    playout.link_down(30 * TICK)
    source.run(300)
    assert not any(isinstance(event, Finished) for event in source.events)
    playout.link_up()
    source.run(300)
    finished = [event for event in source.events if isinstance(event, Finished)]
    assert finished == [Finished(60 * TICK, interrupted=False)] * 3


def test_a_loss_between_segments_replays_nothing() -> None:
    """A link that is down between segments only delays the next one."""
    playout = Playout()
    source = Source(playout)
    source.run(20)
    playout.link_down(20 * TICK)
    playout.push_audio(words(1))
    playout.end_segment()
    source.run(50)
    assert not source.heard.any()
    playout.link_up()
    source.run(100)
    assert np.count_nonzero(source.heard) == 40 * TICK
    assert source.events[-1] == Finished(60 * TICK, interrupted=False)


def test_reported_speech_is_not_replayed() -> None:
    """A loss that is noticed late replays no segment that was reported as finished."""
    playout = Playout()
    source = Source(playout)
    playout.push_audio(words(1))
    playout.end_segment()
    source.run(70)
    assert isinstance(source.events[-1], Finished)
    playout.push_audio(words(1))
    playout.end_segment()
    source.run(30)
    playout.link_down(0)
    playout.link_up()
    source.run(120)
    finished = [event for event in source.events if isinstance(event, Finished)]
    assert finished == [Finished(60 * TICK, interrupted=False)] * 2


def test_closing_finishes_every_segment() -> None:
    """Closing finishes every segment at what was heard."""
    playout = Playout()
    playout.push_audio(speech(10 * TICK))
    playout.end_segment()
    playout.push_audio(speech(10 * TICK))
    played(playout, 6)
    playout.close()
    assert playout.advance(2 * TICK) == [
        Started(0),
        Progressed(0, 0, 2 * TICK),
        Finished(2 * TICK, interrupted=True),
        Finished(0, interrupted=True),
    ]
    playout.push_audio(speech(10))
    playout.end_segment()
    assert playout.advance(2 * TICK) == []


@settings(max_examples=50)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=12), st.integers(1, 2000))
def test_sizes_leave_no_trace(sizes: list[int], pull: int) -> None:
    """The sizes of pushes and pulls leave no trace in the track."""
    playout = Playout()
    total = sum(sizes)
    whole = speech(total)
    first = 0
    for size in sizes:
        playout.push_audio(whole[first : first + size])
        first += size
    playout.end_segment()
    out = np.concatenate([playout.pull(pull) for _ in range(-(-total // pull))])
    assert (out[:total] == whole).all()
