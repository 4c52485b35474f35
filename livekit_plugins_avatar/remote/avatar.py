"""The agent's side of an avatar that a worker draws: finds one, speaks through it, and replaces it.

While there is no worker the agent's own voice is heard, over a track that is published from the
start: whatever happens to workers, the agent speaks.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from livekit import rtc

from ..agent.conversation import Inputs, LocalConversation
from ..face.status import AvatarStatus
from ..log import logger
from ..options import Options
from ..telemetry import AvatarStats
from ..timeline import SAMPLE_RATE, Clock, SystemClock
from .calls import Caller
from .dispatch import Dispatcher, ServerDispatcher
from .heartbeat import Heartbeat
from .job import FaceJob, asked
from .link import Link
from .moment import is_pause
from .protocol import Kind, Message, ProtocolError
from .relay import Relay
from .voices import OwnVoice, RemoteVoice

JOIN_S = 10.0
"""How long a worker may take from the dispatch to its first message; the start waits as long."""

POLL_S = 0.02
LATE_S = 0.06
"""A poll that comes so much later than asked for tells that this process did not run."""

SUSPECT_S = 0.8
"""A worker that was silent and beats again within this is spoken through again."""

MOMENT_S = 2.5
"""How long the own voice speaks on at most, once a worker is ready, to stop in a pause."""

SETTLE_S = 0.15
"""After this a worker that was asked to pause has said what was heard."""

LEAVE_S = 60.0
"""How long a worker that leaves may speak on; then it is stopped in mid-speech."""

USE_S = 20.0
RESYNCS = 5
BACKOFF_S, MOST_BACKOFF_S = 0.5, 15.0
CLOSE_S = 2.0

AT_START = AvatarStatus("initializing", "camera", 0.0, 0.0, "sil", "neutral")


@dataclass(eq=False, slots=True)
class Worker:
    """One worker that was asked for, and what it has said."""

    job: FaceJob
    link: Link
    voice: RemoteVoice
    heart: Heartbeat
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    leaving: bool = False
    subscribed: bool = False
    device: str = ""
    face: bool = False
    faults: int = 0
    resync: bool = False
    heard_s: float = 0.0
    """When it was heard of last."""


class RemoteAvatar:
    """Used on the agent's event loop; stands where a `Pipeline` stands in a session.

    Args:
        worker: Name of the workers, as of `livekit-avatar worker --name`.
        options: What is asked of them.
        dispatcher: Instead of the server's.
    """

    def __init__(
        self, worker: str, options: Options, *, dispatcher: Dispatcher | None = None
    ) -> None:
        self.options = options
        self.clock: Clock = SystemClock()
        self.gaze = Caller(self._tell)
        self.stats = AvatarStats()
        self.status = AT_START
        self._name = worker
        self._dispatcher = dispatcher
        self._identity = _new_identity()
        self._agent = ""
        self._room: rtc.Room | None = None
        self._conversation: LocalConversation | None = None
        self._own: OwnVoice | None = None
        self._relay: Relay | None = None
        self._worker: Worker | None = None
        """The one that is spoken through, or was until it fell silent."""
        self._epochs = itertools.count(1)
        self._face: str | None = None
        self._uses: dict[int, asyncio.Future[str]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._joined = asyncio.Event()
        self.takeovers = 0
        """How often the own voice had to take over."""

    @property
    def identity(self) -> str:
        """Of the participant whose tracks voice and face are, or will be."""
        return self._worker.job.identity if self._worker is not None else self._identity

    @property
    def device(self) -> str | None:
        """Where the worker renders."""
        return (self._worker.device or None) if self._worker is not None else None

    @property
    def has_face(self) -> bool:
        """Whether a worker shows a face."""
        return self._worker is not None and self._worker.face

    def now(self) -> int:
        """Calls count from when the worker gets them."""
        return 0

    def express(self, _sample: int, emotion: str, strength: float) -> None:
        """Show an emotion from now on."""
        self.gaze.express(emotion, strength)

    async def start(self, conversation: LocalConversation, room: rtc.Room) -> None:
        """Publish the own voice, become part of the conversation, and wait for a worker.

        Returns without one after `JOIN_S`: the agent then speaks, and workers are asked for on.
        """
        self._room, self._agent = room, room.local_participant.identity
        self._conversation = conversation
        if self._dispatcher is None:
            self._dispatcher = ServerDispatcher(self._name, room)
        own = self._own = OwnVoice(conversation.session, room, self.clock)
        relay = self._relay = Relay(own, on_events=conversation.deliver, wall_s=self.clock.wall_s)
        own.relay = relay
        own.begin([], paused=False)
        own.publish()
        conversation.attach(
            Inputs(
                speech=relay,
                gaze=self.gaze,
                emotion=self.gaze.emotion,
                texts=(self.gaze,),
                now=self.now,
                wait_for_subscriber=own.wait_for_subscriber,
                heard=lambda: 0,
                clock=self.clock,
            )
        )
        room.on("participant_disconnected", self._on_disconnected)
        self._tasks.append(asyncio.create_task(self._keep(), name="avatar-workers"))
        try:
            await asyncio.wait_for(self._joined.wait(), JOIN_S)
        except asyncio.TimeoutError:
            logger.warning(
                "remote: no worker %r has joined within %.0f s; the agent speaks without a face, "
                "and goes on asking for one (is `livekit-avatar worker --name %s` running?)",
                *(self._name, JOIN_S, self._name),
            )

    async def use(self, **changes: Any) -> None:
        """Go on with another persona or style, now and with workers to come."""
        worker, options = self._worker, replace(self.options, **changes)
        if worker is None or not worker.voice.active:
            raise RuntimeError("the avatar shows no face: call `await face.wait_for_join()` first")
        number, answer = next(self._epochs), asyncio.get_running_loop().create_future()
        self._uses[number] = answer
        wanted = {name: value for name, value in asked(options).items() if name in changes}
        worker.link.send(Kind.USE, id=number, changes=wanted)
        try:
            error = await asyncio.wait_for(answer, USE_S)
        except asyncio.TimeoutError:
            raise RuntimeError(f"the worker did not answer within {USE_S:.0f} s") from None
        finally:
            del self._uses[number]
        if error:
            raise ValueError(f"the worker could not change the face: {error}")
        self.options = options

    async def aclose(self) -> None:
        """Let the conversation and the worker go, each within its limit."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        conversation, own, worker = self._conversation, self._own, self._worker
        if self._room is not None:
            self._room.off("participant_disconnected", self._on_disconnected)
        if conversation is not None:
            conversation.detach()
            conversation.end_speech()
        if worker is not None:
            self._worker = None
            await self._dismiss(worker)
        if own is not None:
            await own.aclose()
        if self._dispatcher is not None:
            await self._dispatcher.aclose()
        if conversation is not None:
            conversation.released()

    # Workers come and go.

    async def _keep(self) -> None:
        """Have a worker, again and again."""
        backoff_s = BACKOFF_S
        while True:
            worker = await self._hire()
            if worker is None:
                await self.clock.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, MOST_BACKOFF_S)
                continue
            backoff_s = BACKOFF_S
            following: Worker | None = worker
            while following is not None:
                following = await self._employ(following)

    async def _hire(self) -> Worker | None:
        """Ask for a worker and wait until it is ready; None where none comes."""
        assert self._room is not None and self._relay is not None and self._dispatcher is not None
        job = FaceJob(
            agent=self._agent,
            identity=self._identity,
            options=asked(self.options),
            face=self._face,
        )
        worker = self._expect(job)
        try:
            await self._dispatcher.dispatch(job)
            await asyncio.wait_for(worker.ready.wait(), JOIN_S)
        except Exception as error:
            logger.warning(
                "remote: no worker %r: %s", self._name, str(error) or f"none within {JOIN_S:.0f} s"
            )
            await self._dismiss(worker)
            return None
        except BaseException:
            await self._dismiss(worker)
            raise
        # One that takes this one's place has to be told from it.
        self._identity = _new_identity()
        return worker

    def _expect(self, job: FaceJob) -> Worker:
        assert self._room is not None and self._relay is not None
        workers: list[Worker] = []
        link = Link(
            self._room,
            job.identity,
            on_message=lambda message: self._take(workers[0], message),
            on_fault=lambda reason: self._on_fault(workers[0], reason),
            hello=False,
        )
        voice = RemoteVoice(link, self._relay)
        worker = Worker(job, link, voice, Heartbeat(self.clock.now_s()))
        workers.append(worker)
        link.open()
        return worker

    async def _dismiss(self, worker: Worker) -> None:
        """Send a worker away, whether it is there or not."""
        assert self._dispatcher is not None
        worker.voice.active = False
        worker.link.send(Kind.BYE)
        try:
            await asyncio.wait_for(self._dispatcher.remove(worker.job), CLOSE_S)
        except asyncio.TimeoutError:
            logger.debug("remote: the server did not remove a worker in time")
        await worker.link.aclose()

    async def _employ(self, worker: Worker) -> Worker | None:
        """Speak through a worker until it is gone; returns the one that follows it, if it left."""
        try:
            await self._hand_over(worker)
            return await self._watch(worker)
        finally:
            self._take_over(worker)
            closing = asyncio.create_task(self._dismiss(worker), name="avatar-dismiss")
            self._tasks.append(closing)
            self._tasks = [each for each in self._tasks if not each.done()]

    async def _watch(self, worker: Worker) -> Worker | None:
        assert self._relay is not None
        polled_s, silent_s = self.clock.now_s(), 0.0
        hiring: asyncio.Task[Worker | None] | None = None
        try:
            while not worker.gone:
                await self.clock.sleep(POLL_S)
                now_s = self.clock.now_s()
                if now_s - polled_s > POLL_S + LATE_S:
                    worker.heart.excuse(now_s)
                polled_s = now_s
                if worker.resync:
                    self._resync(worker)
                if worker.voice.active:
                    if worker.heart.silent(now_s, speaking=self._relay.speaking):
                        silent_s = now_s
                        self._take_over(worker)
                elif worker.heard_s > silent_s:
                    await self._hand_over(worker)
                elif now_s - silent_s > SUSPECT_S:
                    break
                if worker.leaving and hiring is None:
                    hiring = asyncio.create_task(self._hire(), name="avatar-hire")
                if hiring is not None and hiring.done():
                    following = hiring.result()
                    hiring = None
                    if following is not None:
                        return await self._relieve(worker, following)
            return None
        finally:
            if hiring is not None:
                hiring.cancel()
                await asyncio.gather(hiring, return_exceptions=True)

    async def _hand_over(self, worker: Worker) -> None:
        """Let a worker speak: at once, or at a pause in what the own voice says."""
        assert self._own is not None and self._relay is not None
        if self._own.active:
            if self._relay.speaking:
                await self._good_moment(worker)
            await self._own.stop()
        self._worker = worker
        self._greet(worker)
        self._joined.set()

    async def _good_moment(self, worker: Worker) -> None:
        assert self._own is not None and self._relay is not None
        ends_s = self.clock.now_s() + MOMENT_S
        while self.clock.now_s() < ends_s and not worker.gone and self._relay.speaking:
            heard = self._own.heard
            if worker.subscribed and (heard is None or is_pause(heard[0].pcm, heard[1])):
                return
            await self.clock.sleep(POLL_S)

    def _greet(self, worker: Worker) -> None:
        """Begin an epoch: what was not heard is sent."""
        assert self._relay is not None
        worker.link.begin(next(self._epochs))
        worker.link.send(
            Kind.HELLO, rate=SAMPLE_RATE, paused=self._relay.paused, told=self.gaze.told()
        )
        worker.heart.excuse(self.clock.now_s())
        self._relay.use(worker.voice)

    def _take_over(self, worker: Worker) -> None:
        """Let the own voice speak, from what was heard of a worker."""
        assert self._own is not None and self._relay is not None
        if worker.voice.active:
            worker.link.send(Kind.CLEAR)
            worker.voice.active = False
            if self._relay.speaking:
                self.takeovers += 1
                logger.warning(
                    "remote: worker %r is silent; the agent's own voice goes on",
                    worker.job.identity,
                )
            self._relay.use(self._own)

    async def _relieve(self, worker: Worker, following: Worker) -> Worker:
        """Wait until a worker that leaves has said what it says; the next then takes over."""
        assert self._relay is not None
        ends_s = self.clock.now_s() + LEAVE_S
        while self._relay.speaking and not worker.gone and self.clock.now_s() < ends_s:
            await self.clock.sleep(POLL_S)
        if self._relay.speaking and not worker.gone:
            worker.link.send(Kind.PAUSE)
            await self.clock.sleep(SETTLE_S)
        worker.voice.active = False
        await self._hand_over(following)
        return following

    def _resync(self, worker: Worker) -> None:
        """Begin anew with a worker whose messages, or ours to it, were lost or refused."""
        worker.resync = False
        if not worker.voice.active:
            return
        if worker.faults > RESYNCS:
            worker.gone = True
            return
        self._greet(worker)

    # What a worker sends.

    def _take(self, worker: Worker, message: Message) -> None:
        body: Any = message.body
        worker.heard_s = self.clock.now_s()
        worker.heart.beat(worker.heard_s)
        match message.kind:
            case Kind.READY:
                worker.device, worker.face = body["device"], body["face"]
                worker.subscribed = body["subscribed"]
                worker.ready.set()
            case Kind.BEAT | Kind.STARTED | Kind.PROGRESSED | Kind.FINISHED:
                worker.voice.take(message)
            case Kind.FACE:
                self._face = body["face"]
            case Kind.STATUS:
                self._take_status(body["status"], body["stats"])
            case Kind.USED:
                answer = self._uses.get(body["id"])
                if answer is not None and not answer.done():
                    answer.set_result(body["error"])
            case Kind.REFUSED:
                self._on_fault(worker, f"it refuses ours: {body['reason']}")
            case Kind.LEAVING:
                worker.leaving = True
            case _:
                raise ProtocolError(f"{message.kind.name} is not a worker's to send")

    def _take_status(self, status: dict[str, Any], stats: dict[str, Any]) -> None:
        counts = {each.name: stats.get(each.name) for each in fields(AvatarStats)}
        said = {each.name: status.get(each.name) for each in fields(AvatarStatus)}
        numbers = ("yaw_rad", "pitch_rad")
        for name, value in said.items():
            kind = (int, float) if name in numbers else str
            if not isinstance(value, kind):
                raise ProtocolError(f"STATUS: {name!r} is {str(value)[:40]!r}")
        for name, count in counts.items():
            if not isinstance(count, int) or count < 0:
                raise ProtocolError(f"STATUS: {name!r} is {str(count)[:40]!r}")
        self.status = AvatarStatus(**said)  # type: ignore[arg-type]
        self.stats = AvatarStats(**counts)  # type: ignore[arg-type]

    def _on_fault(self, worker: Worker, reason: str) -> None:
        worker.faults += 1
        worker.resync = True
        logger.warning("remote: worker %r: %s", worker.job.identity, reason)

    def _on_disconnected(self, participant: rtc.RemoteParticipant) -> None:
        worker = self._worker
        if worker is not None and participant.identity == worker.job.identity:
            worker.gone = True
            self._take_over(worker)

    def _tell(self, name: str, args: Sequence[Any]) -> None:
        worker = self._worker
        if worker is not None and worker.voice.active:
            worker.link.send(Kind.TELL, name=name, args=list(args))


def _new_identity() -> str:
    return f"avatar-{uuid.uuid4().hex[:12]}"
