"""Lets workers and an agent's own voice take turns at saying its speech."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from ..agent.own_voice import GIVEN_SAMPLES, OwnVoice
from ..audio.relay import Outgoing, Relay
from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .heartbeat import IDLE_S
from .hired import Worker
from .moment import pause_between
from .protocol import Kind

POLL_S = 0.02

AHEAD_S = 1.0
"""So far ahead of what is heard lies the sample from which a worker goes on: it gets the speech
meanwhile. One that needs longer would be as late to go on: it is tried again after as long, then
after twice that."""

SEARCHED_S, SEARCH_EVERY_S = 0.5, 0.2
"""A pause is looked for in so much of the speech from there, and so often."""

MOMENT_S = 2.5
"""How long the own voice speaks on at most, once a worker is ready, to stop in a pause."""

SUBSCRIBED_S = 15.0
"""And so long at most where no participant is subscribed to the worker's voice."""

GIVEN_S = seconds(GIVEN_SAMPLES) + 0.1
"""The track of the own voice has been given so much that was not heard: up to then the worker must
have speech, or the own voice goes on."""

REACT_S = 0.03
"""A worker that is told to go on at once is heard after this."""

FRESH_S = 0.2
"""A worker that is told to go on was heard of within this: to wait for another moment costs less
than to go on with one that has just died."""


class HandOver:
    """On the agent's event loop.

    Args:
        relay, own: The speech, and the agent's own voice.
        told: The calls that tell a worker what still holds.
    """

    def __init__(
        self, relay: Relay, own: OwnVoice, *, told: Callable[[], list[Any]], clock: Clock
    ) -> None:
        self._relay = relay
        self._own = own
        self._told = told
        self._clock = clock
        self._epochs = itertools.count(1)
        self.worker: Worker | None = None
        """The one that is spoken through, or was until it fell silent."""
        self.joined = asyncio.Event()
        """Set once there is one."""
        self.takeovers = 0
        """How often the own voice took over in mid-speech."""

    async def to_worker(self, worker: Worker) -> None:
        """Let a worker speak: at once, or from a sample on that the own voice is about to reach."""
        joined = self._own.active and await self._join(worker)
        if not joined and not worker.gone:
            await self._own.stop()
            self.begin(worker)
        self.joined.set()

    def begin(self, worker: Worker) -> None:
        """Let a worker say what was not heard, in a new epoch."""
        worker.voice.stop()  # What was cut in the epoch before ends here.
        self._greet(worker, paused=self._relay.paused)
        self._relay.use(worker.voice)

    def to_own(self, worker: Worker) -> None:
        """Let the own voice speak, from what was heard of a worker."""
        if worker.voice.active:
            worker.link.send(Kind.CLEAR)
            worker.voice.stop()
            if self._relay.speaking:
                self.takeovers += 1
                logger.warning(
                    "remote: worker %r is silent; the agent's own voice goes on",
                    worker.job.identity,
                )
            self._relay.use(self._own)

    def _greet(self, worker: Worker, *, paused: bool) -> None:
        self.worker = worker
        worker.link.begin(next(self._epochs))
        worker.link.send(
            Kind.HELLO, rate=SAMPLE_RATE, paused=paused, told=self._told(), near=worker.near
        )
        worker.greeted_s = self._clock.now_s()
        worker.heart.excuse(worker.greeted_s)
        worker.heart.restart()

    async def _join(self, worker: Worker) -> bool:
        """Let a worker go on in what the own voice says; returns whether it does."""
        began_s = again_s = self._clock.now_s()
        pause_s = AHEAD_S
        while (
            not self.lost(worker) and self._relay.speaking and (said := self._own.heard) is not None
        ):
            now_s, (segment, heard) = self._clock.now_s(), said
            waited_s = now_s - began_s
            first = heard + samples(AHEAD_S)
            pause = pause_between(segment.pcm, first, first + samples(SEARCHED_S))
            hears = worker.subscribed and (pause or waited_s > MOMENT_S)
            if now_s >= again_s and (hears or waited_s > SUBSCRIBED_S):
                at = pause or first
                if at >= segment.pcm.end:
                    return False
                if await self._join_at(worker, segment, at):
                    return True
                again_s = self._clock.now_s() + pause_s
                pause_s *= 2
            await self._clock.sleep(SEARCH_EVERY_S)
        return False

    def _silent_s(self, worker: Worker) -> float:
        """How long it has not been heard of; 0 where its end would be told otherwise."""
        return 0.0 if worker.near else self._clock.now_s() - worker.heard_s

    def lost(self, worker: Worker) -> bool:
        """Whether a worker that is to go on is gone."""
        worker.gone |= self._silent_s(worker) > IDLE_S
        return worker.gone

    async def _join_at(self, worker: Worker, segment: Outgoing, at: int) -> bool:
        """The same from sample `at` of a segment on; False leaves the segment to the own voice."""
        self._greet(worker, paused=True)
        worker.voice.prepare(self._relay.unfinished, at)
        self._own.say_until(at)
        told = joined = False
        try:
            while not (worker.gone or segment.cut) and self._relay.speaking:
                said = self._own.heard
                if said is None or said[0] is not segment:
                    break
                left_s = seconds(at - said[1])
                if left_s < GIVEN_S and not worker.voice.primed:
                    break
                if worker.near and worker.voice.primed and not told:
                    # They share a clock: however late the message comes, it goes on in time.
                    worker.link.send(Kind.RESUME, at_s=self._clock.wall_s() + left_s)
                    told = True
                if left_s <= REACT_S and self._silent_s(worker) > FRESH_S:
                    break
                if left_s <= REACT_S:
                    if not told:
                        worker.link.send(Kind.RESUME, at_s=0.0)
                    await self._clock.sleep(left_s)
                    await self._own.stop()
                    self._relay.use(worker.voice)
                    joined = True
                    break
                await self._clock.sleep(min(POLL_S, left_s - REACT_S))
        finally:
            if not joined:
                if told:
                    worker.link.send(Kind.PAUSE)
                worker.voice.stop()
                self._own.say_until(None)
        return joined
