"""Finds a worker for an agent, speaks through it, and replaces it when it dies or leaves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from livekit import rtc

from ..audio.relay import Relay
from ..log import logger
from ..timeline import Clock
from .dispatch import Dispatcher
from .handover import POLL_S, HandOver
from .heartbeat import Progress
from .hired import Worker
from .hiring import Hiring
from .job import FaceJob
from .protocol import Kind, Message

LATE_S = 0.06
"""A poll that comes so much later than asked for tells that this process did not run."""

SUSPECT_S = 0.8
"""A worker that was silent and beats again within this is spoken through again."""

SURE_S = 0.3
"""So long after it was silent it has to beat."""

SETTLE_S = 0.15
"""After this a worker that was asked to pause has said what was heard."""

LEAVE_S = 60.0
"""How long a worker that leaves may speak on; then it is stopped in mid-speech."""

UNHEARD_S = 3.0
"""A worker that is still ready so long after it was greeted has not heard that."""

MOST_ALARMS = 3
"""False alarms that are remembered: the next worker is waited for eight times as long."""

RESYNCS = 5
"""How often it is begun anew with a worker before another is asked for."""

GONE_S = 0.5
"""About so long after the end of a worker another is asked for, not in all rooms at one moment: a
server drops a job that it has offered to a worker which is just ending."""

FAILED_S = 0.5
"""So long after a failure of its own it goes on."""


class Keeper:
    """Keeps a relay speaking: through a worker, or in between through the own voice.

    On the agent's event loop, from `start` to `aclose`.

    Args:
        name: Of the workers.
        room: The agent's, connected.
        turns: Between workers and the own voice.
        identity: Of the first worker.
        job_of: Makes the job for a worker of an identity.
        on_message: Takes what a worker sends besides its voice's reports.
    """

    def __init__(
        self,
        name: str,
        room: rtc.Room,
        relay: Relay,
        turns: HandOver,
        dispatcher: Dispatcher,
        *,
        identity: str,
        job_of: Callable[[str], FaceJob],
        on_message: Callable[[Worker, Message], None],
        clock: Clock,
    ) -> None:
        self._room = room
        self._relay = relay
        self._turns = turns
        self._on_message = on_message
        self._clock = clock
        self._hiring = Hiring(
            name,
            room,
            relay,
            dispatcher,
            identity=identity,
            job_of=job_of,
            on_message=self._take,
            on_fault=self._on_fault,
            clock=clock,
        )
        self._false_alarms = 0
        self._dismissals: set[asyncio.Task[None]] = set()
        self._keeping: asyncio.Task[None] | None = None
        self.subscribed = asyncio.Event()
        """Set once a participant was subscribed to a worker's voice."""

    @property
    def identity(self) -> str:
        """Of the participant whose tracks voice and face are, or will be."""
        worker = self._turns.worker
        return worker.job.identity if worker is not None else self._hiring.next_identity

    def start(self) -> None:
        """Begin to ask for workers."""
        self._room.on("participant_disconnected", self._on_disconnected)
        self._room.on("track_subscribed", self._decline)
        self._keeping = asyncio.create_task(self._keep(), name="avatar-workers")

    async def aclose(self) -> None:
        """Ask for no more workers, and send all away."""
        self._room.off("participant_disconnected", self._on_disconnected)
        self._room.off("track_subscribed", self._decline)
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await asyncio.gather(*self._dismissals, return_exceptions=True)

    async def _keep(self) -> None:
        """Have a worker, again and again."""
        while True:
            following = await self._hiring.hire(self._false_alarms)
            if following is None:
                continue
            try:
                while following is not None:
                    following = await self._employ(following)
                await self._clock.sleep(GONE_S * (0.5 + random.random()))
            except Exception:
                logger.exception("remote: speaking through a worker failed; another is asked for")
                await self._clock.sleep(FAILED_S)

    async def _employ(self, worker: Worker) -> Worker | None:
        """Speak through a worker until it is gone; returns the one that follows it, if it left."""
        try:
            if not worker.voice.active:
                await self._turns.to_worker(worker)
            return await self._watch(worker)
        finally:
            self._turns.to_own(worker)
            dismissal = asyncio.create_task(self._hiring.dismiss(worker), name="avatar-dismiss")
            self._dismissals.add(dismissal)
            dismissal.add_done_callback(self._dismissals.discard)

    async def _watch(self, worker: Worker) -> Worker | None:
        polled_s, silent_s, progress = self._clock.now_s(), 0.0, Progress()
        hiring: asyncio.Task[Worker | None] | None = None
        try:
            while True:
                await self._clock.sleep(POLL_S)
                if worker.gone:
                    break
                now_s = self._clock.now_s()
                if now_s - polled_s > POLL_S + LATE_S:
                    worker.heart.excuse(now_s)
                polled_s = now_s
                if worker.resync:
                    self._resync(worker)
                if worker.voice.active:
                    heard = self._relay.heard_to if worker.subscribed else None
                    if progress.stuck(now_s, heard):
                        break
                    if worker.heart.silent(now_s, speaking=self._relay.speaking):
                        silent_s = now_s
                        self._turns.to_own(worker)
                elif worker.heard_s > silent_s + SURE_S:
                    worker.heart.false_alarm()
                    self._false_alarms = min(MOST_ALARMS, self._false_alarms + 1)
                    await self._turns.to_worker(worker)
                elif now_s - silent_s > SUSPECT_S * (1 << self._false_alarms):
                    break
                if worker.leaving and hiring is None:
                    hiring = asyncio.create_task(
                        self._hiring.hire(self._false_alarms), name="avatar-hire"
                    )
                if hiring is not None and hiring.done():
                    following = hiring.result()
                    hiring = None
                    if following is not None:
                        if await self._relieve(worker, following):
                            return following
                        await self._hiring.dismiss(following)
            return None
        finally:
            if hiring is not None:
                hiring.cancel()
                await asyncio.gather(hiring, return_exceptions=True)

    async def _relieve(self, worker: Worker, following: Worker) -> bool:
        """Wait until a worker that leaves has said what it says; the next then takes over, unless
        it is gone by then."""
        now_s, progress = self._clock.now_s(), Progress()
        ends_s = now_s + LEAVE_S
        while self._relay.speaking and not worker.gone and now_s < ends_s:
            silent = worker.heart.silent(now_s, speaking=True)
            if silent or progress.stuck(now_s, self._relay.heard_to):
                break
            if self._turns.lost(following):
                return False
            await self._clock.sleep(POLL_S)
            now_s = self._clock.now_s()
        if self._relay.speaking and not worker.gone:
            worker.link.send(Kind.PAUSE)
            await self._clock.sleep(SETTLE_S)
        if self._turns.lost(following):
            if worker.voice.active and not self._relay.paused:
                worker.link.send(Kind.RESUME, at_s=0.0)
            return False
        worker.voice.stop()
        await self._turns.to_worker(following)
        return True

    def _resync(self, worker: Worker) -> None:
        """Begin anew with a worker whose messages, or ours to it, were lost or refused."""
        worker.resync = False
        if not worker.voice.active:
            return
        if worker.faults > RESYNCS:
            worker.gone = True
            return
        self._turns.begin(worker)

    def _take(self, worker: Worker, message: Message) -> None:
        worker.heard_s = self._clock.now_s()
        worker.heart.beat(worker.heard_s)
        match message.kind:
            case Kind.READY:
                worker.device, worker.face = message.body["device"], message.body["face"]
                worker.subscribed = message.body["subscribed"]
                worker.is_process(message.body["process"], lambda: self._on_end(worker))
                worker.ready.set()
                self._note_subscriber(worker)
                if worker.voice.active and worker.heard_s > worker.greeted_s + UNHEARD_S:
                    worker.resync = True
            case Kind.BEAT | Kind.STARTED | Kind.PROGRESSED | Kind.FINISHED:
                worker.voice.take(message)
                if message.kind is Kind.BEAT and message.body["subscribed"]:
                    worker.subscribed = True
                    self._note_subscriber(worker)
            case Kind.REFUSED:
                self._on_fault(worker, f"it refuses ours: {message.body['reason']}")
            case Kind.LEAVING:
                worker.leaving = True
            case _:
                self._on_message(worker, message)

    def _note_subscriber(self, worker: Worker) -> None:
        if worker.subscribed:
            self.subscribed.set()

    def _on_fault(self, worker: Worker, reason: str) -> None:
        worker.faults += 1
        worker.resync = True
        logger.warning("remote: worker %r: %s", worker.job.identity, reason)

    def _on_disconnected(self, participant: rtc.RemoteParticipant) -> None:
        worker = self._turns.worker
        if worker is not None and participant.identity == worker.job.identity:
            worker.gone = True
            self._turns.to_own(worker)

    def _decline(
        self,
        _track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        """Do not receive the own face and voice, which the agent's process would decode.

        Not as soon as it is published: livekit 1.1.21 and LiveKit's server 1.13.5 then negotiate
        without end, ten times a second.
        """
        if self._hiring.expects(participant.identity):
            publication.set_subscribed(False)

    def _on_end(self, worker: Worker) -> None:
        """The process of a worker has ended, now."""
        worker.voice.reckon()
        worker.gone = True
        self._turns.to_own(worker)
