"""What is played, held, cut and reported of the speech, on a clock that the tests own."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import FADE_SAMPLES, RAMP_SAMPLES
from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.audio.playback_events import (
    Finished,
    PlaybackEvent,
    Progressed,
    Started,
)
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.audio.segment import START_SAMPLES
from livekit_plugins_avatar.timeline import samples

TICK = samples(0.01)


def speech(count: int, first: int = 1) -> NDArray[np.int16]:
    """Samples that say which they are: 1, 2, 3, ... and never 0."""
    return ((np.arange(count) + first - 1) % 20_000 + 1).astype(np.int16)


def played(playout: Playout, ticks: int) -> NDArray[np.int16]:
    return np.concatenate([playout.pull(TICK) for _ in range(ticks)])


class Source:
    """What stands between playout and the ear: holds `queue` ticks, and gives back on demand."""

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


def test_the_track_is_silent_until_there_is_speech() -> None:
    playout = Playout()
    assert not played(playout, 3).any()
    assert playout.published == 3 * TICK


def test_speech_goes_out_sample_for_sample() -> None:
    playout = Playout()
    playout.push_audio(speech(5 * TICK))
    playout.end_segment()
    assert (played(playout, 5) == speech(5 * TICK)).all()


def test_a_run_waits_for_enough_to_begin_with_or_for_the_end_of_the_segment() -> None:
    playout = Playout()
    playout.push_audio(speech(START_SAMPLES - 1))
    assert not played(playout, 1).any()
    playout.end_segment()
    assert played(playout, 1).all()


def test_a_segment_starts_progresses_and_finishes_as_its_samples_leave() -> None:
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


def test_a_cut_fades_what_sounds_and_reports_what_was_heard() -> None:
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


def test_a_cut_before_the_first_sample_finishes_at_zero_without_a_start() -> None:
    playout = Playout()
    playout.push_audio(speech(5 * TICK))
    playout.end_segment()
    playout.clear()
    assert not played(playout, 1).any()
    assert playout.advance(0) == [Finished(0, interrupted=True)]


def test_what_arrives_after_a_cut_belongs_to_the_interrupted_words_until_the_flush() -> None:
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


def test_a_pause_holds_the_speech_and_resumes_at_the_sample() -> None:
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


def test_speech_that_runs_dry_rings_out_and_comes_back_without_a_click() -> None:
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


def test_what_waits_is_placed_where_it_will_be_played() -> None:
    playout = Playout()
    playout.push_audio(speech(10 * TICK))
    played(playout, 3)
    assert playout.runs(0, 20 * TICK) == [Run(0, 0, 3 * TICK), Run(3 * TICK, 3 * TICK, 7 * TICK)]
    assert playout.published_at(5 * TICK) == 5 * TICK
    playout.pause()
    assert playout.published_at(9 * TICK) is None


def test_the_end_of_the_turn_is_known_once_no_more_speech_comes() -> None:
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
    assert turn_end() is None, "nobody knows how long it is held"
    played(playout, 5)
    playout.resume()
    heard = playout.runs(0, 12 * TICK)[0].length
    assert turn_end() == 12 * TICK + 10 * TICK - heard
    played(playout, 30)
    assert turn_end() == 22 * TICK - heard, "it is being heard"
    playout.advance(playout.published)
    assert turn_end() is None


def test_what_is_taken_back_is_played_again_as_if_it_had_not_been() -> None:
    playout = Playout()
    playout.push_audio(speech(20 * TICK))
    playout.end_segment()
    kept = played(playout, 3)
    played(playout, 8)
    assert playout.retract(8 * TICK) == 8 * TICK
    assert playout.published == 3 * TICK
    assert (np.concatenate([kept, played(playout, 17)]) == speech(20 * TICK)).all()
    assert playout.runs(0, 20 * TICK) == [Run(0, 0, 20 * TICK)]


def test_only_what_the_sources_hold_is_changed_and_it_is_told_once() -> None:
    playout = Playout()
    playout.push_audio(speech(20 * TICK))
    source = Source(playout)
    source.run(5)
    playout.take_change()
    playout.clear()
    source.run(1)
    assert playout.take_change() == 6 * TICK
    assert playout.take_change() is None


def test_speech_does_not_wait_behind_silence() -> None:
    playout = Playout()
    source = Source(playout)
    source.run(20)
    playout.push_audio(speech(5 * TICK))
    source.run(8)
    assert np.flatnonzero(source.heard)[0] == 21 * TICK


def test_a_cut_is_heard_at_once_although_the_source_holds_more() -> None:
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


def test_a_pause_and_resume_lose_no_sample_although_the_source_holds_more() -> None:
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


def test_speech_that_comes_before_the_gap_is_heard_leaves_none() -> None:
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


def test_speech_that_nobody_heard_is_taken_up_again_at_the_pause_before_it() -> None:
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
    again = playout.link_up()
    assert again > 0
    back = len(source.heard)
    source.run(400)
    heard = source.heard[back:]
    first = int(np.flatnonzero(heard)[0])
    assert (heard[first : first + 40 * TICK] == 1001).all(), "the second word, from its beginning"
    assert len(np.unique(heard[heard >= 1000])) == 4, "and all after it"
    assert source.events[-1] == Finished(5 * 60 * TICK, interrupted=False)


def test_what_is_said_again_counts_once_and_positions_only_grow() -> None:
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


def test_an_interruption_while_nobody_hears_finishes_at_once_at_what_was_heard() -> None:
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


def test_segments_that_left_unheard_are_said_again_one_after_the_other() -> None:
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


def test_a_loss_between_words_costs_nothing_but_the_wait() -> None:
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


def test_a_loss_that_is_noticed_late_goes_back_no_further_than_what_was_told() -> None:
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


def test_closing_finishes_everything_at_what_was_heard() -> None:
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


@settings(max_examples=2000, stateful_step_count=30)
class AnySequence(RuleBasedStateMachine):
    """Any order of capture, flush, clear, pause, resume and close, with time passing between."""

    @initialize()
    def begin(self) -> None:
        self.playout = Playout()
        self.source = Source(self.playout)
        self.opened = 0
        self.open = False
        self.cut = False
        self.closed = False
        self.pushed: deque[int] = deque()
        self.next_speech = 1
        self.again = 0

    @rule(count=st.integers(0, 3000))
    def capture(self, count: int) -> None:
        if not self.open:
            self.open, self.cut = True, self.closed
            self.opened += 1
            self.pushed.append(0)
        start = self.playout.push_audio(speech(count, self.next_speech))
        assert (start == -1) == self.cut
        if not self.cut:
            self.pushed[-1] += count
            self.next_speech += count

    @rule()
    def flush(self) -> None:
        self.playout.end_segment()
        self.open = False

    @rule()
    def clear(self) -> None:
        self.playout.clear()
        self.cut = self.cut or self.open

    @rule()
    def pause(self) -> None:
        self.playout.pause()

    @rule()
    def resume(self) -> None:
        self.playout.resume()

    @rule(late=st.integers(0, 40))
    def lose(self, late: int) -> None:
        self.playout.link_down(max(0, len(self.source.heard) - late * TICK))

    @rule()
    def regain(self) -> None:
        self.again += self.playout.link_up()

    @precondition(lambda self: not self.closed)
    @rule(ticks=st.integers(1, 16))
    def time_passes(self, ticks: int) -> None:
        self.source.run(ticks)

    @rule()
    def close(self) -> None:
        self.playout.close()
        self.closed = True
        self.cut = self.open
        self.take_events()

    @property
    def events(self) -> list[PlaybackEvent]:
        return self.source.events

    def take_events(self) -> None:
        self.source.events += self.playout.advance(0)

    @invariant()
    def no_segment_finishes_twice_or_before_it_opened(self) -> None:
        finished = [event for event in self.events if isinstance(event, Finished)]
        assert len(finished) <= self.opened

    @invariant()
    def runs_are_in_order_and_do_not_overlap(self) -> None:
        runs = self.playout.runs(0, 1 << 40)
        for before, after in pairwise(runs):
            assert before.published_end <= after.published
            assert before.speech_end <= after.speech or self.again

    def teardown(self) -> None:
        if not hasattr(self, "playout"):
            return
        self.flush()
        self.resume()
        self.regain()
        if not self.closed:
            self.time_passes(400)
        self.take_events()
        self.each_opened_segment_finished_once_with_what_was_heard()

    def each_opened_segment_finished_once_with_what_was_heard(self) -> None:
        finished = [event for event in self.events if isinstance(event, Finished)]
        assert len(finished) == self.opened
        progressed = 0
        whole = iter(self.pushed)
        for event in self.events:
            if isinstance(event, Progressed):
                assert event.offset == progressed, "positions are monotonic and without holes"
                progressed += event.length
            elif isinstance(event, Finished):
                count = next(whole)
                assert event.position == progressed
                assert event.position == count if not event.interrupted else True
                assert event.position <= count
                progressed = 0
        if not self.closed:
            assert np.count_nonzero(self.source.heard) >= 0.9 * self.heard_speech() - FADE_SAMPLES

    def heard_speech(self) -> int:
        return sum(event.length for event in self.events if isinstance(event, Progressed))


TestAnySequence = AnySequence.TestCase


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=12), st.integers(1, 2000))
def test_the_sizes_of_chunks_and_pulls_leave_no_trace(sizes: list[int], pull: int) -> None:
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
