"""A worker goes on in what the own voice says, without a gap, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from livekit_plugins_avatar.audio.relay import NoVoice, Outgoing, Relay
from livekit_plugins_avatar.remote.handover import AHEAD_S, MOMENT_S, REACT_S, HandOver
from livekit_plugins_avatar.remote.heartbeat import Heartbeat
from livekit_plugins_avatar.remote.hired import Worker
from livekit_plugins_avatar.remote.protocol import Kind
from livekit_plugins_avatar.timeline import samples, seconds

from ..manual_clock import ManualClock

TICK_S = 0.01


class Own(NoVoice):
    """A voice that has said what the clock says, up to where it is told to stop."""

    def __init__(self, relay: Relay, clock: ManualClock) -> None:
        self._relay, self._clock = relay, clock
        self.active = True
        self.until: int | None = None
        self.stopped_s: float | None = None

    @property
    def heard(self) -> tuple[Outgoing, int] | None:
        if not self._relay.unfinished:
            return None
        [segment] = self._relay.unfinished
        said = samples(self._clock.now_s())
        return segment, said if self.until is None else min(said, self.until)

    def say_until(self, sample: int | None) -> None:
        self.until = sample

    async def stop(self) -> None:
        self.active, self.stopped_s = False, self._clock.now_s()


class Far(NoVoice):
    """A worker's voice, and its link: notes what is sent, and when."""

    epoch = 0

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.sent: list[tuple[float, str]] = []
        self.active, self.primed, self.first = False, True, 0
        self.resumes_s = 0.0

    def begin(self, segments: Any = (), **_: Any) -> None:
        """Of the voice, and of the link."""
        if not isinstance(segments, int):
            self.active = True

    def prepare(self, segments: Any, first: int) -> None:
        self.first = first

    def stop(self) -> None:
        self.active = False

    def send(self, kind: Kind, **body: Any) -> None:
        said = f"{kind.name}{' paused' if body.get('paused') else ''}"
        self.sent.append((self._clock.now_s(), said))
        self.resumes_s = body.get("at_s", self.resumes_s)


class Play:
    """Four seconds of sound with a pause from 1.2 to 1.4 s, which the own voice says."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.relay = Relay(NoVoice(), on_events=lambda _: None, wall_s=self.clock.wall_s)
        sound = np.full(samples(4.0), 5_000, np.int16)
        sound[samples(1.2) : samples(1.4)] = 0
        self.relay.push_audio(sound)
        self.own, self.far = Own(self.relay, self.clock), Far(self.clock)
        heart, link, voice = Heartbeat(0.0), cast(Any, self.far), cast(Any, self.far)
        job = cast(Any, None)
        self.worker = Worker(job, link, voice, heart, subscribed=True)
        self.silent = False
        self.turns = HandOver(self.relay, cast(Any, self.own), told=list, clock=self.clock)

    async def run(self, duration_s: float, on_sent: Callable[[], object] | None = None) -> None:
        """Hand over, and let time pass; `on_sent` is called once something was sent."""
        task = asyncio.create_task(self.turns.to_worker(self.worker))
        for _ in range(round(duration_s / TICK_S)):
            for _ in range(5):
                await asyncio.sleep(0)
            if self.sent and on_sent is not None:
                on_sent()
                on_sent = None
            self.clock.advance(TICK_S)
            if not self.silent:
                self.worker.heard_s = self.clock.now_s()
        if task.done():
            task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    @property
    def sent(self) -> list[str]:
        return [kind for _, kind in self.far.sent]


@pytest.fixture
async def play() -> Play:
    return Play()


async def test_a_worker_goes_on_in_a_pause(play: Play) -> None:
    """It gets the speech from the middle of the pause, and goes on when that is reached."""
    await play.run(1.5)
    at_s = seconds(play.far.first)
    assert play.sent == ["HELLO paused", "RESUME"]
    assert 1.2 < at_s < 1.4
    assert play.far.sent[0][0] <= at_s - AHEAD_S + 2 * TICK_S
    assert play.far.sent[1][0] == pytest.approx(at_s - REACT_S, abs=TICK_S)
    assert play.own.stopped_s == pytest.approx(at_s, abs=2 * TICK_S)
    assert play.far.active and play.turns.worker is play.worker and play.turns.joined.is_set()


async def test_a_worker_of_this_machine_is_told_ahead(play: Play) -> None:
    """As soon as it has the speech: when to go on, by the clock that they share."""
    play.worker.neighbour = cast(Any, "its process")
    await play.run(1.5)
    at_s = seconds(play.far.first)
    (_, hello), (told_s, resume) = play.far.sent
    assert (hello, resume) == ("HELLO paused", "RESUME") and told_s < at_s - 0.5
    assert play.far.resumes_s == pytest.approx(at_s, abs=TICK_S)
    assert play.own.stopped_s == pytest.approx(at_s, abs=2 * TICK_S)
    assert play.far.active


async def test_a_worker_that_was_told_ahead_is_told_otherwise(play: Play) -> None:
    """Where the speech is paused before: it then has it, paused."""
    play.worker.neighbour = cast(Any, "its process")
    play.relay.push_audio(np.full(samples(4.0), 5_000, np.int16))
    await play.run(0.7, on_sent=play.relay.pause)
    assert play.sent == ["HELLO paused", "RESUME", "PAUSE", "HELLO paused"]
    assert play.far.active and not play.own.active


async def test_without_a_pause_it_goes_on_all_the_same(play: Play) -> None:
    play.relay.push_audio(np.full(samples(4.0), 5_000, np.int16))
    play.clock.advance(1.5)
    await play.run(MOMENT_S - 0.1)
    waited = play.sent
    await play.run(MOMENT_S + AHEAD_S + 0.1)
    assert waited == [] and play.sent == ["HELLO paused", "RESUME"]


async def test_a_worker_that_has_no_speech_yet_does_not_go_on(play: Play) -> None:
    """The own voice is let go on in time, and another moment is found."""
    play.far.primed = False
    await play.run(1.2)
    assert "RESUME" not in play.sent and play.own.until is None and play.own.active


async def test_a_worker_that_is_slow_is_tried_again_later(play: Play) -> None:
    """Further and further apart, each time with no more time than a quick one needs."""
    play.far.primed = False
    play.relay.push_audio(np.full(samples(12.0), 5_000, np.int16))
    await play.run(12.0)
    tries_s = np.diff([at_s for at_s, kind in play.far.sent if kind == "HELLO paused"])
    assert len(tries_s) >= 2 and tries_s[-1] > 1.5 * tries_s[-2]
    assert "RESUME" not in play.sent and play.own.active


async def test_an_interruption_ends_the_wait(play: Play) -> None:
    """What was sent ahead counts for nothing: the worker begins anew."""
    await play.run(1.0, on_sent=play.relay.clear)
    assert play.sent == ["HELLO paused", "HELLO"] and play.far.active


async def test_a_worker_that_dies_meanwhile_leaves_the_own_voice_alone(play: Play) -> None:

    def die() -> None:
        play.worker.gone = True

    await play.run(1.5, on_sent=die)
    assert play.sent == ["HELLO paused"] and play.own.until is None
    assert play.own.active and play.own.stopped_s is None


async def test_a_worker_that_falls_silent_meanwhile_does_not_go_on(play: Play) -> None:
    """Not even where nothing tells its end; after a while it counts as gone."""

    def fall_silent() -> None:
        play.silent = True

    play.relay.push_audio(np.full(samples(4.0), 5_000, np.int16))
    await play.run(4.0, on_sent=fall_silent)
    assert "RESUME" not in play.sent and play.worker.gone
    assert play.own.active and play.own.until is None
