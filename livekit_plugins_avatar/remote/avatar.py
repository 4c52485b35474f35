"""The agent's side of an avatar that a worker draws; stands where a `Pipeline` stands.

While there is no worker the agent's own voice is heard, over a track that is published from the
start: whatever happens to workers, the agent speaks.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from livekit import rtc

from ..agent.conversation import Inputs, LocalConversation
from ..agent.own_voice import OwnVoice
from ..audio.relay import Relay
from ..face.status import AvatarStatus
from ..log import logger
from ..options import Options
from ..publish.audio_source import AudioSource
from ..publish.room_events import keep_to
from ..publish.tracks import voice_options
from ..telemetry import AvatarStats
from ..timeline import SAMPLE_RATE, Clock, SystemClock
from .calls import Caller
from .dispatch import Dispatcher, ServerDispatcher
from .handover import HandOver
from .hired import Worker, new_identity
from .hiring import JOIN_S
from .job import FaceJob, asked
from .keeper import Keeper
from .protocol import Kind, Message, ProtocolError

QUEUE_MS = 400
"""What the own voice's track holds: for so long may this process not run before it has a gap."""

USE_S = 20.0
"""How long a worker may take to open another persona."""

AT_START = AvatarStatus("initializing", "camera", 0.0, 0.0, "sil", "neutral")


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
        self._conversation: LocalConversation | None = None
        self._own: OwnVoice | None = None
        self._relay: Relay | None = None
        self._turns: HandOver | None = None
        self._keeper: Keeper | None = None
        self._identity = new_identity()
        self._face: str | None = None
        self._requests = itertools.count(1)
        self._uses: dict[int, asyncio.Future[str]] = {}
        self._closed = asyncio.Event()

    @property
    def worker(self) -> Worker | None:
        """The one that is spoken through, or was until it fell silent."""
        return self._turns.worker if self._turns is not None else None

    @property
    def identity(self) -> str:
        """Of the participant whose tracks voice and face are, or will be."""
        return self._keeper.identity if self._keeper is not None else self._identity

    @property
    def takeovers(self) -> int:
        """How often the agent's own voice took over in mid-speech."""
        return self._turns.takeovers if self._turns is not None else 0

    @property
    def device(self) -> str | None:
        """Where the worker renders."""
        return (self.worker.device or None) if self.worker is not None else None

    @property
    def has_face(self) -> bool:
        """Whether a worker shows a face."""
        return self.worker is not None and self.worker.face

    def hide(self, hidden: bool) -> None:
        """Hide the face, or show it; workers to come are told, too."""
        self.gaze.hide(hidden)

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
        self._conversation = conversation
        keep_to(room)
        if self._dispatcher is None:
            self._dispatcher = ServerDispatcher(self._name, room)
        # No microphone to viewers, whose clients show the worker's; they play both.
        published = voice_options(rtc.TrackSource.SOURCE_UNKNOWN)
        sound = AudioSource(SAMPLE_RATE, 1, queue_size_ms=QUEUE_MS)
        own = self._own = OwnVoice(
            conversation.session, room, self.clock, publish_options=published, audio_source=sound
        )
        relay = Relay(own, on_events=conversation.deliver, wall_s=self.clock.wall_s)
        self._relay = own.relay = relay
        own.begin([], paused=False)
        own.publish()
        conversation.attach(self._inputs(relay, own))
        agent = room.local_participant.identity
        turns = self._turns = HandOver(relay, own, told=self.gaze.told, clock=self.clock)
        keeper = self._keeper = Keeper(
            self._name,
            room,
            relay,
            turns,
            self._dispatcher,
            identity=self._identity,
            job_of=lambda identity: self._job(agent, identity),
            on_message=self._take,
            clock=self.clock,
        )
        keeper.start()
        await _either(turns.joined, self._closed)
        if not turns.joined.is_set():
            logger.warning(
                "remote: no worker %r has joined within %.0f s; the agent speaks without a face, "
                "and goes on asking for one (is `livekit-avatar worker --name %s` running?)",
                *(self._name, JOIN_S, self._name),
            )

    def _inputs(self, relay: Relay, own: OwnVoice) -> Inputs:
        return Inputs(
            speech=relay,
            gaze=self.gaze,
            emotion=self.gaze.emotion,
            texts=(self.gaze,),
            now=self.now,
            wait_for_subscriber=lambda: self._wait_for_subscriber(own),
            heard=lambda: 0,
            clock=self.clock,
        )

    async def _wait_for_subscriber(self, own: OwnVoice) -> None:
        """Return once a participant hears the worker's voice or the own."""
        assert self._keeper is not None
        waits = [
            asyncio.ensure_future(own.wait_for_subscriber()),
            asyncio.ensure_future(self._keeper.subscribed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    def _job(self, agent: str, identity: str) -> FaceJob:
        options = asked(self.options)
        return FaceJob(agent=agent, identity=identity, options=options, face=self._face)

    async def use(self, **changes: Any) -> None:
        """Go on with another persona or style, now and with workers to come."""
        worker, options = self.worker, replace(self.options, **changes)
        if worker is None or not worker.voice.active:
            raise RuntimeError("the avatar shows no face: call `await face.wait_for_join()` first")
        number, answer = next(self._requests), asyncio.get_running_loop().create_future()
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
        """Let the conversation and the worker go, each within its limit; the own voice finishes
        what is being said."""
        self._closed.set()
        conversation, own, relay = self._conversation, self._own, self._relay
        speaks_on = False
        if conversation is not None:
            if own is not None and relay is not None:
                speaks_on = conversation.speak_on(relay, own)
            if not speaks_on:
                conversation.detach()
                conversation.end_speech()
        if self._keeper is not None:
            await self._keeper.aclose()
        if own is not None and not speaks_on:
            await own.aclose()
        if self._dispatcher is not None:
            await self._dispatcher.aclose()
        if conversation is not None:
            conversation.released()

    def _take(self, _worker: Worker, message: Message) -> None:
        body: Any = message.body
        match message.kind:
            case Kind.FACE:
                self._face = body["face"]
            case Kind.STATUS:
                self._take_status(body["status"], body["stats"])
            case Kind.USED:
                answer = self._uses.get(body["id"])
                if answer is not None and not answer.done():
                    answer.set_result(body["error"])
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

    def _tell(self, name: str, args: Sequence[Any]) -> None:
        worker = self.worker
        if worker is not None and worker.voice.listens:
            worker.link.send(Kind.TELL, name=name, args=list(args))


async def _either(*events: asyncio.Event) -> None:
    """Wait until one of the events is set, for `JOIN_S` at most."""
    waits = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(waits, timeout=JOIN_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
