"""Speech goes on from what was heard, whichever voice fails, and each segment finishes once."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from livekit_plugins_avatar.audio.pcm_buffer import PcmBuffer
from livekit_plugins_avatar.audio.playback_events import (
    Finished,
    PlaybackEvent,
    Progressed,
    Started,
)
from livekit_plugins_avatar.audio.relay import Outgoing, Relay
from livekit_plugins_avatar.remote.heartbeat import (
    GRACE_S,
    IDLE_S,
    LEAST_S,
    MOST_S,
    NEAR_S,
    STUCK_S,
    Heartbeat,
    Progress,
)
from livekit_plugins_avatar.remote.moment import pause_between
from livekit_plugins_avatar.timeline import samples


class Said:
    """A voice that notes what it is to say, and reports what the test tells it to."""

    def __init__(self) -> None:
        self.segments: list[Outgoing] = []
        self.active = False
        self.cleared = 0
        self.paused = False

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        self.segments, self.active, self.paused = list(segments), True, paused

    def more(self, segment: Outgoing) -> None:
        if segment not in self.segments:
            self.segments.append(segment)

    def holds(self, number: int) -> bool:
        return self.active and any(each.number == number for each in self.segments)

    def clear(self) -> None:
        self.cleared += 1

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Play:
    """A relay with two voices; the first speaks."""

    def __init__(self) -> None:
        self.events: list[PlaybackEvent] = []
        self.first, self.second = Said(), Said()
        self.first.active = True
        self.relay = Relay(
            self.first,
            on_events=lambda events: self.events.extend(event for event, _ in events),
            wall_s=lambda: 0.0,
        )

    def say(self, count: int) -> None:
        self.relay.open_segment()
        self.relay.push_audio(np.ones(count, np.int16))
        self.relay.end_segment()

    @property
    def finished(self) -> list[Finished]:
        return [each for each in self.events if isinstance(each, Finished)]

    def use(self, voice: Said) -> None:
        for each in (self.first, self.second):
            each.active = False
        self.relay.use(voice)


def test_another_voice_goes_on_from_what_was_heard() -> None:
    """The rest of the segment and all that follow are handed on; reports of the old do not count
    twice."""
    play = Play()
    play.say(1000)
    play.say(500)
    play.relay.on_started(0, 0.0)
    play.relay.on_progressed(0, 0, 300, 0.0)
    play.relay.heard(0, 400)
    play.use(play.second)
    assert [(each.number, each.heard, each.pcm.end) for each in play.second.segments] == [
        (0, 400, 1000),
        (1, 0, 500),
    ]
    play.relay.on_started(0, 0.0)
    play.relay.on_progressed(0, 400, 600, 0.0)
    play.relay.on_finished(0, 1000, interrupted=False)
    play.relay.on_finished(0, 1000, interrupted=False)
    play.relay.on_finished(1, 500, interrupted=False)
    assert play.finished == [Finished(1000, False), Finished(500, False)]
    assert [each for each in play.events if isinstance(each, Started)] == [Started(0), Started(0)]
    runs = [each for each in play.events if isinstance(each, Progressed)]
    assert [(each.offset, each.length) for each in runs] == [(0, 300), (400, 600)]


def test_what_was_cut_ends_with_the_voice_that_held_it() -> None:
    """A worker that dies between an interruption and its report leaves no segment open."""
    play = Play()
    play.say(1000)
    play.relay.heard(0, 250)
    play.relay.clear()
    assert play.finished == [] and play.first.cleared == 1
    play.use(play.second)
    assert play.finished == [Finished(250, True)]
    assert not play.second.segments


def test_segments_finish_in_order() -> None:
    """A segment that was never sent waits for the one before it."""
    play = Play()
    play.say(100)
    play.say(100)
    play.first.segments = play.first.segments[:1]
    play.relay.clear()
    assert not play.finished
    play.relay.on_finished(0, 60, interrupted=True)
    assert play.finished == [Finished(60, True), Finished(0, True)]


def test_speech_goes_on_after_an_interruption() -> None:
    """What comes after a clear, in the open segment, is dropped; the next segment is said."""
    play = Play()
    play.relay.open_segment()
    play.relay.push_audio(np.ones(100, np.int16))
    play.relay.clear()
    dropped = play.relay.dropping
    play.relay.push_audio(np.ones(100, np.int16))
    play.relay.end_segment()
    play.relay.on_finished(0, 40, interrupted=True)
    play.say(50)
    assert dropped and play.first.segments[-1].pcm.end == 50
    play.relay.on_finished(1, 50, interrupted=False)
    assert play.finished == [Finished(40, True), Finished(50, False)]


def test_a_pause_outlives_the_voice() -> None:
    play = Play()
    play.say(100)
    play.relay.pause()
    play.use(play.second)
    held = play.second.paused, play.relay.speaking
    play.relay.resume()
    assert held == (True, False)
    assert (play.second.paused, play.relay.speaking) == (False, True)


def test_a_closed_relay_finishes_everything() -> None:
    play = Play()
    play.say(100)
    play.relay.open_segment()
    play.relay.close()
    assert play.relay.advance(0) == [Finished(0, True), Finished(0, True)]


def test_any_sequence_finishes_each_segment_once() -> None:
    """Whatever is said, cut, paused, reported and replaced: one end each, positions within it."""
    for seed in range(500):
        chance, play, opened = random.Random(seed), Play(), 0
        voice = play.first
        for _ in range(chance.randrange(5, 40)):
            match chance.randrange(8):
                case 0 | 1:
                    play.say(chance.randrange(0, 500))
                    opened += 1
                case 2:
                    play.relay.clear()
                case 3:
                    voice = play.second if voice is play.first else play.first
                    play.use(voice)
                case 4:
                    play.relay.heard(chance.randrange(opened + 2), chance.randrange(600))
                case 5:
                    run = chance.randrange(400), chance.randrange(1, 300)
                    play.relay.on_progressed(chance.randrange(opened + 2), *run, 0.0)
                case _:
                    at = chance.randrange(opened + 2), chance.randrange(600)
                    play.relay.on_finished(*at, interrupted=chance.random() < 0.5)
        play.relay.close()
        left = [each for each in play.relay.advance(0) if isinstance(each, Finished)]
        assert len(play.finished) + len(left) == opened, seed
        assert all(0 <= each.position < 500 for each in [*play.finished, *left])


def test_a_worker_that_falls_silent_is_dead_soon() -> None:
    """While it speaks 0.1 s is enough; one that only listens has longer."""
    heart, now_s = Heartbeat(0.0), 0.0
    while now_s < 2.0:
        now_s += 0.025
        heart.beat(now_s)
        assert not heart.silent(now_s, speaking=True)
    assert not heart.silent(now_s + LEAST_S - 0.01, speaking=True)
    assert heart.silent(now_s + LEAST_S + 0.01, speaking=True)
    assert not heart.silent(now_s + IDLE_S - 0.01, speaking=False)
    assert heart.silent(now_s + IDLE_S + 0.01, speaking=False)


def test_a_worker_whose_end_is_told_otherwise_is_waited_for() -> None:
    heart = Heartbeat(0.0)
    heart.near = True
    for speaking in (True, False):
        assert not heart.silent(NEAR_S - 0.01, speaking=speaking)
        assert heart.silent(NEAR_S + 0.01, speaking=speaking)


def test_beats_that_come_late_are_waited_for() -> None:
    """On a busy machine, after a false alarm, and at the start of speech there is more time."""
    late, alarmed, fresh = Heartbeat(0.0), Heartbeat(0.0), Heartbeat(0.0)
    now_s = 0.0
    for _ in range(20):
        now_s += 0.12
        for each in (late, alarmed):
            each.silent(now_s, speaking=True)
        late.beat(now_s)
        alarmed.excuse(now_s)
    assert not late.silent(now_s + 0.15, speaking=True)
    assert late.silent(now_s + 0.21, speaking=True)
    alarmed.false_alarm()
    assert not alarmed.silent(now_s + 1.9 * LEAST_S, speaking=True)
    for _ in range(9):
        alarmed.false_alarm()
    assert alarmed.limit_s == MOST_S
    assert Heartbeat(0.0, false_alarms=1).limit_s == 2 * LEAST_S
    assert not fresh.silent(5.0, speaking=True)
    assert not fresh.silent(5.0 + GRACE_S - 0.01, speaking=True)
    assert fresh.silent(5.0 + GRACE_S + 0.01, speaking=True)


def test_a_worker_that_beats_and_does_not_speak_is_stuck() -> None:
    """What is heard must get on, as long as there is something to be heard."""
    progress = Progress()
    assert not progress.stuck(0.0, (0, 0))
    assert not progress.stuck(STUCK_S, (0, 0))
    assert not progress.stuck(STUCK_S + 0.1, (0, 960))
    assert not progress.stuck(9.0, None)
    assert not progress.stuck(9.1, (1, 0))
    assert progress.stuck(9.2 + STUCK_S, (1, 0))


def test_what_is_to_be_heard_now() -> None:
    play = Play()
    heard = [play.relay.heard_to]
    play.say(100)
    play.relay.heard(0, 40)
    heard.append(play.relay.heard_to)
    play.relay.pause()
    heard.append(play.relay.heard_to)
    assert heard == [None, (0, 40), None]


def test_one_voice_takes_over_in_a_pause() -> None:
    pcm = PcmBuffer()
    pcm.append(np.full(samples(1.0), 5_000, np.int16))
    pcm.append(np.zeros(samples(0.3), np.int16))
    pcm.append(np.full(samples(1.0), 5_000, np.int16))
    assert pause_between(pcm, samples(0.3), samples(0.9)) is None
    assert pause_between(pcm, samples(0.5), samples(1.2)) == samples(1.05)
    assert pause_between(pcm, samples(1.1), samples(1.2)) == samples(1.15)
    assert pause_between(pcm, samples(1.25), samples(1.6)) is None
    assert pause_between(pcm, samples(2.2), samples(2.8)) is None
