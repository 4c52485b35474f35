"""Asks for workers, one at a time, until one is ready; sends away those that are not needed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from livekit import rtc

from ..audio.relay import Relay
from ..log import logger
from ..timeline import Clock
from .dispatch import Dispatcher
from .heartbeat import Heartbeat
from .hired import Worker, new_identity
from .job import FaceJob
from .link import Link
from .protocol import Message
from .voice import RemoteVoice

JOIN_S = 10.0
"""How long a worker may take from the dispatch to its first message; the start waits as long."""

TAKEN_S = 2.0
"""A worker has taken the dispatch within this, or the server has found none: it looks only once."""

MOST_EXPECTED = 16
"""Workers that may still be in the room: each comes within `JOIN_S`, or not at all."""

BACKOFF_S, MOST_BACKOFF_S = 0.5, 15.0
CLOSE_S = 2.0


class Hiring:
    """On the agent's event loop.

    Args:
        name: Of the workers.
        room: The agent's, connected.
        identity: Of the first worker.
        job_of: Makes the job for a worker of an identity.
        on_message, on_fault: Take what a worker sends, and why a message was not taken.
    """

    def __init__(
        self,
        name: str,
        room: rtc.Room,
        relay: Relay,
        dispatcher: Dispatcher,
        *,
        identity: str,
        job_of: Callable[[str], FaceJob],
        on_message: Callable[[Worker, Message], None],
        on_fault: Callable[[Worker, str], None],
        clock: Clock,
    ) -> None:
        self._name = name
        self._room = room
        self._relay = relay
        self._dispatcher = dispatcher
        self._job_of = job_of
        self._on_message = on_message
        self._on_fault = on_fault
        self._clock = clock
        self.next_identity = identity
        """Of the worker that is asked for next."""
        self._expected: deque[str] = deque(maxlen=MOST_EXPECTED)
        self._backoff_s = BACKOFF_S
        """How long none is asked for, once none came."""

    def expects(self, identity: str) -> bool:
        """Whether a participant is a worker that was asked for."""
        return identity in self._expected

    async def hire(self, false_alarms: int) -> Worker | None:
        """Ask for a worker and wait until it is ready; None, a while later, where none comes."""
        job = self._job_of(self.next_identity)
        worker = self._expect(job, false_alarms)
        try:
            await self._dispatcher.dispatch(job)
            await self._come(worker)
        except Exception as error:
            logger.warning("remote: no worker %r: %s", self._name, str(error) or "no answer")
            await self.dismiss(worker)
            await self._clock.sleep(self._backoff_s)
            self._backoff_s = min(2 * self._backoff_s, MOST_BACKOFF_S)
            return None
        except BaseException:
            await self.dismiss(worker)
            raise
        self._backoff_s = BACKOFF_S
        self.next_identity = new_identity()
        return worker

    def _expect(self, job: FaceJob, false_alarms: int) -> Worker:
        self._expected.append(job.identity)
        workers: list[Worker] = []
        link = Link(
            self._room,
            job.identity,
            on_message=lambda message: self._on_message(workers[0], message),
            on_fault=lambda reason: self._on_fault(workers[0], reason),
            hello=False,
        )
        voice = RemoteVoice(link, self._relay, now_s=self._clock.now_s)
        heart = Heartbeat(self._clock.now_s(), false_alarms)
        worker = Worker(job, link, voice, heart)
        workers.append(worker)
        link.open()
        return worker

    async def _come(self, worker: Worker) -> None:
        """Wait until a worker that was asked for is ready; raises where none comes."""
        if await self._ready(worker, TAKEN_S):
            return
        here = worker.job.identity in self._room.remote_participants
        if not here and not await self._dispatcher.taken(worker.job):
            raise RuntimeError("the server found none that has room")
        if not await self._ready(worker, JOIN_S - TAKEN_S):
            raise RuntimeError(f"none was ready within {JOIN_S:.0f} s")

    async def _ready(self, worker: Worker, within_s: float) -> bool:
        waits = [
            asyncio.ensure_future(worker.ready.wait()),
            asyncio.ensure_future(self._clock.sleep(within_s)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        return worker.ready.is_set()

    async def dismiss(self, worker: Worker) -> None:
        """Send a worker away, whether it is there or not."""
        worker.part()
        try:
            await asyncio.wait_for(self._dispatcher.remove(worker.job), CLOSE_S)
        except asyncio.TimeoutError:
            logger.debug("remote: the server did not remove a worker in time")
        await worker.aclose()
