"""Whenever a worker dies, its agent is heard on: a keeper on a simulated machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from livekit_plugins_avatar.audio.playback_events import Finished
from livekit_plugins_avatar.audio.relay import NoVoice, Outgoing, Relay
from livekit_plugins_avatar.remote import handover, hired, hiring, keeper
from livekit_plugins_avatar.remote.handover import HandOver
from livekit_plugins_avatar.remote.job import FaceJob
from livekit_plugins_avatar.remote.keeper import Keeper
from livekit_plugins_avatar.remote.link import Link
from livekit_plugins_avatar.remote.protocol import Kind, Message, decode, encode
from livekit_plugins_avatar.timeline import samples, seconds

from ..manual_clock import ManualClock
from .sides import AGENT, Wire

TICK_S = 0.01
JOIN_S, BEAT_S = 0.7, 0.25
"""From the dispatch of a simulated worker until it is ready, and between its beats."""

SPEECH_S = 12.0
NOTICE_S = 0.03
"""Within this an agent knows that a process of its machine has ended."""

MOST_SILENT_S = 0.15


def _nothing() -> None:
    pass


class Own(NoVoice):
    """The agent's own voice: says what it has as the clock goes on."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.relay = clock, cast(Relay, None)
        self.active, self.segments, self.until = True, list[Outgoing](), cast("int | None", None)

    @property
    def heard(self) -> tuple[Outgoing, int] | None:
        return (self.segments[0], self.segments[0].heard) if self.segments else None

    def begin(self, segments: Any, *, paused: bool) -> None:
        self.segments, self.active, self.until = list(segments), True, None

    def more(self, segment: Outgoing) -> None:
        if segment not in self.segments:
            self.segments.append(segment)

    def holds(self, number: int) -> bool:
        return True

    def say_until(self, sample: int | None) -> None:
        self.until = sample

    async def stop(self) -> None:
        await asyncio.sleep(0)
        self.active, self.segments = False, []

    def tick(self) -> bool:
        """Say a tick; returns whether there was something to say."""
        if not (self.active and self.segments):
            return False
        segment = self.segments[0]
        end = segment.pcm.end if self.until is None else min(self.until, segment.pcm.end)
        at = min(segment.heard + samples(TICK_S), end)
        said = at > segment.heard
        self.relay.heard(segment.number, at)
        if segment.ended and at >= segment.pcm.end:
            self.segments.pop(0)
            self.relay.on_finished(segment.number, at, interrupted=False)
        return said


class Far:
    """A worker in a process of its own."""

    def __init__(self, play: Play, job: FaceJob) -> None:
        self.play, self.identity = play, job.identity
        self.alive, self.on_end = True, _nothing
        self.ready_s = self.next_s = play.clock.now_s() + JOIN_S
        self.epoch = self.number = 0
        self.paused, self.open = False, cast("tuple[int, int, int] | None", None)
        """A segment, what of it was said, and what of it is here."""
        self.ended = False
        self.resumes_s = 0.0

    def take(self, message: Message) -> None:
        match message.kind:
            case Kind.HELLO:
                self.epoch, self.number, self.open = message.epoch, 0, None
                self.paused, self.ended = message.body["paused"], False
                self.resumes_s = 0.0
            case Kind.AUDIO:
                _, at, _ = self.open or (message.segment, message.offset, 0)
                self.open = message.segment, at, message.offset + len(message.pcm)
                if at == message.offset:
                    self.beat()
            case Kind.END:
                self.ended = True
            case Kind.CLEAR:
                self.open = None
            case Kind.PAUSE:
                self.paused = True
            case Kind.RESUME:
                self.paused, self.resumes_s = False, message.body["at_s"]
            case _:
                pass

    def send(self, kind: Kind, **body: Any) -> None:
        message = Message(kind, self.epoch, self.number, body)
        self.number += kind is not Kind.READY
        self.play.links[self.identity].take(self.identity, encode(message))

    def beat(self) -> None:
        number, position, _ = self.open or (0, 0, 0)
        self.send(Kind.BEAT, segment=number, position=position, subscribed=True)

    def tick(self) -> bool:
        """Live a tick; returns whether it speaks."""
        now_s = self.play.clock.now_s()
        if not self.alive or now_s < self.ready_s:
            return False
        if now_s >= self.next_s:
            self.next_s = now_s + BEAT_S
            if self.epoch:
                self.beat()
            else:
                process = {"device": "", "face": True, "subscribed": True}
                self.send(Kind.READY, **process, process=self.identity)
        if self.open is None or self.paused or now_s < self.resumes_s:
            return False
        number, at, end = self.open
        said = min(at + samples(TICK_S), end)
        self.open = number, said, end
        if self.ended and said == end:
            self.open = None
            self.send(Kind.FINISHED, segment=number, position=said, interrupted=False)
        return said > at

    async def die(self) -> None:
        """End now; the agent is told a moment later."""
        self.alive = False
        await self.play.clock.sleep(NOTICE_S)
        self.on_end()


class Play:
    """An agent, its keeper, and the workers that are dispatched to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = ManualClock()
        self.own, self.workers = Own(self.clock), list[Far]()
        self.links: dict[str, Link] = {}
        self.results: list[Finished] = []
        self.relay = self.own.relay = Relay(
            self.own, on_events=self._on_events, wall_s=self.clock.wall_s
        )
        self.wire = Wire()
        self.wire.on_send = self._on_send
        self.turns = HandOver(self.relay, cast(Any, self.own), told=list, clock=self.clock)
        self.keeper = Keeper(
            "name",
            self.wire.as_room,
            self.relay,
            self.turns,
            self,
            identity="worker-0",
            job_of=lambda identity: FaceJob(agent=AGENT, identity=identity),
            on_message=lambda *_: None,
            clock=self.clock,
        )
        self.no_worker = False
        """Whether the server finds none."""
        self.quiet_s, self.quiets = 0.0, list[float]()
        monkeypatch.setattr(hired, "watch", self._watch)
        monkeypatch.setattr(hiring, "Link", self._link)

    def _link(self, room: Any, peer: str, **more: Any) -> Link:
        self.links[peer] = Link(room, peer, **more)
        return self.links[peer]

    def _watch(self, name: str, on_end: Callable[[], None]) -> Any:
        [worker] = [each for each in self.workers if each.identity == name]
        worker.on_end = on_end
        return self

    def close(self) -> None:
        """Of a watch."""

    def _on_events(self, events: Any) -> None:
        self.results += [event for event, _ in events if isinstance(event, Finished)]

    def _on_send(self, data: bytes) -> None:
        message = decode(data)
        for each in self.workers:
            link = self.links[each.identity]
            greets = message.kind is Kind.HELLO and link.epoch == message.epoch
            if each.alive and (greets or each.epoch == message.epoch):
                each.take(message)

    async def dispatch(self, job: FaceJob) -> None:
        if not self.no_worker:
            self.workers.append(Far(self, job))

    async def taken(self, job: FaceJob) -> bool:
        return any(job.identity == each.identity for each in self.workers)

    async def remove(self, job: FaceJob) -> None:
        pass

    async def aclose(self) -> None:
        await self.keeper.aclose()

    async def run(self, duration_s: float) -> None:
        """Let time pass, and note how long no voice speaks where speech is left."""
        for _ in range(round(duration_s / TICK_S)):
            for _ in range(6):
                await asyncio.sleep(0)
            speaks = self.own.tick(), *(each.tick() for each in self.workers)
            if any(speaks) or not self.relay.speaking:
                self.quiet_s = 0.0
            else:
                self.quiet_s += TICK_S
            self.quiets.append(self.quiet_s)
            self.clock.advance(TICK_S)

    def say(self) -> None:
        """Speech without a pause."""
        self.relay.open_segment()
        self.relay.push_audio(np.full(samples(SPEECH_S), 5_000, np.int16))
        self.relay.end_segment()


@pytest.fixture
async def play(monkeypatch: pytest.MonkeyPatch) -> Any:
    play = Play(monkeypatch)
    play.keeper.start()
    await play.run(2.0)
    assert play.turns.joined.is_set()
    play.say()
    await play.run(1.0)
    assert play.workers[0].tick()
    yield play
    await play.aclose()


AFTER_S = [round(0.1 * step, 1) for step in range(0, 56)]


@pytest.mark.parametrize("after_s", AFTER_S)
async def test_the_next_worker_dies_too(play: Play, after_s: float) -> None:
    """At any moment from the dispatch until it speaks in mid-speech, and after."""
    deaths = [asyncio.ensure_future(play.workers[0].die())]
    await play.run(after_s)
    deaths.append(asyncio.ensure_future(play.workers[-1].die()))
    await play.run(SPEECH_S - after_s)
    assert max(play.quiets) <= MOST_SILENT_S
    assert [each.position for each in play.results] == [samples(SPEECH_S)]
    await asyncio.gather(*deaths)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("after_s", AFTER_S[::4])
async def test_one_dies_while_a_worker_leaves(play: Play, after_s: float, which: int) -> None:
    """The one that leaves, the next, or both: also where both wait for the end of the speech."""
    play.workers[0].send(Kind.LEAVING)
    await play.run(after_s)
    dying = play.workers[:2] if which == 2 else play.workers[which : which + 1]
    deaths = [asyncio.ensure_future(each.die()) for each in dying]
    await play.run(SPEECH_S - after_s)
    assert max(play.quiets) <= MOST_SILENT_S
    assert [each.position for each in play.results] == [samples(SPEECH_S)]
    await asyncio.gather(*deaths)


async def test_the_next_worker_has_died_when_it_is_to_take_over(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that leaves speaks on, and another is asked for."""
    monkeypatch.setattr(keeper, "LEAVE_S", 2.0)
    play.workers[0].send(Kind.LEAVING)
    await play.run(1.0)
    death = asyncio.ensure_future(play.workers[1].die())
    await play.run(SPEECH_S - 1.0)
    await death
    assert max(play.quiets) <= keeper.SETTLE_S + 3 * TICK_S
    assert seconds(play.results[0].position) == SPEECH_S
    await play.run(2.0)
    assert play.turns.worker is not None
    assert play.turns.worker.job.identity == play.workers[-1].identity != "worker-0"


async def test_a_server_that_finds_no_worker_is_asked_again(play: Play) -> None:
    """Soon, and less often the longer there is none."""
    death = asyncio.ensure_future(play.workers[0].die())
    play.no_worker = True
    await play.run(1.5)
    play.no_worker = False
    await play.run(keeper.GONE_S * 1.5 + hiring.TAKEN_S + hiring.BACKOFF_S + 0.2 - 1.5)
    assert len(play.workers) == 2
    await play.run(JOIN_S + handover.AHEAD_S + handover.MOMENT_S)
    await death
    assert play.workers[1].epoch > 0


async def test_a_worker_that_is_slow_to_start_is_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has taken the dispatch."""
    monkeypatch.setattr(sys.modules[__name__], "JOIN_S", hiring.TAKEN_S + 2.0)
    death = asyncio.ensure_future(play.workers[0].die())
    await play.run(keeper.GONE_S * 1.5 + JOIN_S + handover.AHEAD_S + handover.MOMENT_S)
    await death
    assert len(play.workers) == 2
    assert play.workers[1].epoch > 0
