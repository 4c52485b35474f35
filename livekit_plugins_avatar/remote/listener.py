"""The worker's side of a conversation: follows an agent's messages, and reports what was played."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from livekit import rtc

from ..agent.conversation import Inputs
from ..audio.playback_events import Finished, PlaybackEvent, Progressed, Started
from ..audio.segment import Unfinished
from ..audio.speech import TimedText
from ..log import logger
from ..pipeline import Pipeline
from ..timeline import SystemClock, samples
from .calls import Callee
from .job import style_of
from .link import Link
from .neighbour import this_process
from .protocol import LONGEST_TEXT, Kind, Message, ProtocolError

BEAT_S = 0.03
"""How often the worker says what was heard while it speaks: so soon its death shows, where the
agent is of another machine."""

IDLE_BEAT_S = 0.25
STATUS_S = 0.5

MOST_WAIT_S = 2.0
"""An agent of this machine tells when to go on up to a second ahead."""

MOST_AHEAD_SAMPLES = 48_000 * 30
"""More speech than this is refused: an agent sends 6 s ahead."""


class RemoteConversation:
    """A `Conversation` with one agent of the room; `attach` once, on the room's event loop.

    `on_over` is called once the agent says goodbye.
    """

    def __init__(self, room: rtc.Room, agent: str, *, on_over: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = SystemClock()
        self._on_over = on_over
        self._link = Link(room, agent, on_message=self._take, on_fault=self._on_fault, hello=True)
        self.pipeline: Pipeline | None = None
        """Set before `attach`."""
        self._inputs: Inputs | None = None
        self._callee: Callee | None = None
        self._segments: deque[tuple[int, int, int]] = deque()
        """Epoch, number and first sample of those that are not finished, in order."""
        self._open: int | None = None
        self._received = 0
        """Where the open segment's next sample lies in it."""
        self._paused = False
        self._subscribed = False
        self._greeted = False
        self._near = False
        """Whether the agent is told of the end of this process by their kernel."""
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, inputs: Inputs) -> None:
        assert self.pipeline is not None
        pipeline, self._inputs = self.pipeline, inputs
        gaze, emotion = pipeline.gaze, pipeline.emotion
        self._callee = Callee(gaze, emotion, inputs.texts, pipeline, inputs.now)
        inputs.speech.pause()
        self._link.open()
        for work in (self._await_subscriber(), self._beat(), self._report_status()):
            self._tasks.append(asyncio.create_task(work, name="avatar-remote"))

    def detach(self, rest: Sequence[Unfinished] = (), *, paused: bool = False) -> None:
        """Say no more to the agent, who has the rest of the speech itself."""
        for task in self._tasks:
            task.cancel()

    async def aclose(self) -> None:
        """Close the link."""
        self.detach()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.aclose()

    def leave(self) -> None:
        """Ask the agent to find another worker, and to let this one go."""
        self._link.send(Kind.LEAVING)

    def deliver(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        with suppress(RuntimeError):  # The loop has ended.
            self._loop.call_soon_threadsafe(self._report, events)

    def end_speech(self) -> None:
        if self._inputs is not None:
            self._inputs.speech.close()

    def released(self) -> None:
        pass

    def keep_face(self, face: str) -> None:
        """Let the agent keep what a face store is given; from any thread."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(lambda: self._link.send(Kind.FACE, face=face))

    # What the agent sends.

    def _take(self, message: Message) -> None:
        inputs, body = self._inputs, message.body
        if inputs is None or self._callee is None:
            return
        match message.kind:
            case Kind.HELLO:
                self._begin(message)
            case Kind.AUDIO:
                self._take_audio(message, inputs)
            case Kind.END:
                self._end(body["segment"], inputs)
            case Kind.TIMED_TEXT:
                if inputs.speech.started:
                    inputs.speech.timed_text(_timed_text(body["pieces"]))
            case Kind.CLEAR:
                self._cut(inputs)
            case Kind.PAUSE:
                self._paused = True
                self._hold()
            case Kind.RESUME:
                self._paused = False
                self._wait_until(body["at_s"])
                self._hold()
            case Kind.TELL:
                self._call(body["name"], body["args"])
            case Kind.USE:
                work = self._use(body["id"], body["changes"])
                self._tasks.append(asyncio.create_task(work, name="avatar-use"))
            case Kind.BYE:
                self._on_over()
            case _:
                raise ProtocolError(f"{message.kind.name} is not an agent's to send")

    def _begin(self, message: Message) -> None:
        """An epoch begins: what was said before is cut."""
        assert self._inputs is not None
        self._link.begin(message.epoch)
        self._greeted = True
        self._cut(self._inputs)
        self._paused, self._near = message.body["paused"], message.body["near"]
        self._wait_until(0.0)
        self._hold()
        for call in message.body["told"]:
            if not isinstance(call, list) or len(call) != 2:
                raise ProtocolError("HELLO: 'told' has something that is no call")
            self._call(*call)
        self._send_beat()

    def _call(self, name: Any, args: Any) -> None:
        assert self._callee is not None
        try:
            self._callee.call(name, args)
        except ProtocolError:
            raise
        except ValueError as error:
            logger.warning("remote: %s was not followed: %s", name, error)

    def _take_audio(self, message: Message, inputs: Inputs) -> None:
        number, offset = message.segment, message.offset
        if number != self._open:
            if self._segments and self._segments[-1][0] == self._link.epoch:
                if number <= self._segments[-1][1]:
                    raise ProtocolError(f"AUDIO goes back to segment {number}")
            if self._open is not None:
                inputs.speech.end_segment()
            self._open, self._received = number, offset
            self._segments.append((self._link.epoch, number, offset))
            inputs.speech.open_segment()
        if offset != self._received:
            raise ProtocolError(
                f"AUDIO of segment {number} goes on at sample {offset}, expected {self._received}"
            )
        if inputs.speech.buffered + len(message.pcm) > MOST_AHEAD_SAMPLES:
            raise ProtocolError("more than 30 s of speech ahead")
        self._received += len(message.pcm)
        if len(message.pcm):
            inputs.speech.push_audio(message.pcm)
            if offset == self._segments[-1][2]:
                self._send_beat()

    def _end(self, number: int, inputs: Inputs) -> None:
        if number != self._open:
            raise ProtocolError(f"END of segment {number}, which is not open")
        self._open = None
        inputs.speech.end_segment()

    def _cut(self, inputs: Inputs) -> None:
        inputs.speech.clear()
        if self._open is not None:
            self._open = None
            inputs.speech.end_segment()

    def _wait_until(self, at_s: float) -> None:
        """Begin no speech before a time of this machine's wall clock, up to `MOST_WAIT_S` ahead."""
        assert self.pipeline is not None
        left_s = min(MOST_WAIT_S, max(0.0, at_s - self._clock.wall_s()))
        self.pipeline.playout.not_before = self.pipeline.playhead + samples(left_s)

    def _hold(self) -> None:
        """Hold the speech while the agent wants that, and until there is someone to hear it."""
        assert self._inputs is not None
        if self._paused or not self._subscribed:
            self._inputs.speech.pause()
        else:
            self._inputs.speech.resume()

    async def _await_subscriber(self) -> None:
        assert self._inputs is not None
        await self._inputs.wait_for_subscriber()
        self._subscribed = True
        if self._greeted:
            self._hold()

    async def _use(self, number: int, changes: Any) -> None:
        assert self.pipeline is not None
        error = ""
        try:
            if not set(changes) <= {"persona", "style"}:
                raise ProtocolError(f"only persona and style can be changed, got {sorted(changes)}")
            if "style" in changes:
                changes["style"] = style_of(changes["style"])
            await self.pipeline.use(**changes)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:LONGEST_TEXT]
        self._link.send(Kind.USED, id=number, error=error)

    def _on_fault(self, reason: str) -> None:
        logger.warning("remote: the agent's messages are refused: %s", reason)
        if self._inputs is not None:
            self._cut(self._inputs)
        self._link.send(Kind.REFUSED, reason=reason[:LONGEST_TEXT])

    # What the worker sends.

    def _report(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        wall_s = self._clock.wall_s()
        for event, at_s in events:
            if not self._segments:
                return
            epoch, number, base = self._segments[0]
            if isinstance(event, Finished):
                self._segments.popleft()
                assert self.pipeline is not None
                self.pipeline.emotion.playback_finished(event.interrupted)
            if epoch != self._link.epoch:
                continue
            ago_s = min(max(0.0, wall_s - at_s), 1e5)
            at = {"segment": number}
            if isinstance(event, Started):
                self._link.send(Kind.STARTED, **at, ago_s=ago_s)
            elif isinstance(event, Progressed):
                run = {"offset": base + event.offset, "length": event.length, "ago_s": ago_s}
                self._link.send(Kind.PROGRESSED, **at, **run)
            else:
                position, cut = base + event.position, event.interrupted
                self._link.send(Kind.FINISHED, **at, position=position, interrupted=cut)

    def _send_beat(self) -> None:
        assert self._inputs is not None
        number = position = 0
        if self._segments and self._segments[0][0] == self._link.epoch:
            _, number, base = self._segments[0]
            position = base + self._inputs.heard()
        at = {"segment": number, "position": position}
        self._link.send(Kind.BEAT, **at, subscribed=self._subscribed)

    async def _beat(self) -> None:
        """Say that this worker lives: before the first epoch that it is ready for one."""
        assert self.pipeline is not None
        process = this_process()
        while True:
            if self._greeted:
                self._send_beat()
            else:
                device, face = self.pipeline.device or "", self.pipeline.has_face
                ready = {"device": device, "face": face, "subscribed": self._subscribed}
                self._link.send(Kind.READY, **ready, process=process)
            busy = self._greeted and self._segments and not self._near
            await self._clock.sleep(BEAT_S if busy else IDLE_BEAT_S)

    async def _report_status(self) -> None:
        assert self.pipeline is not None
        while True:
            await self._clock.sleep(STATUS_S)
            if self._greeted:
                status, stats = asdict(self.pipeline.status), asdict(self.pipeline.stats)
                self._link.send(Kind.STATUS, status=status, stats=stats)


def _timed_text(pieces: Any) -> list[TimedText]:
    said = []
    for each in pieces:
        if not isinstance(each, list) or len(each) != 2 or not isinstance(each[0], str):
            raise ProtocolError("TIMED_TEXT has a piece that is no text and time")
        text, at_s = each
        if at_s is not None and (not isinstance(at_s, int | float) or not 0 <= at_s < 1e6):
            raise ProtocolError(f"TIMED_TEXT: a time is {str(at_s)[:40]!r}")
        said.append(TimedText(text, at_s))
    return said


class AgentsMemory(MutableMapping[str, str]):
    """A face store that lives with the agent: saved faces are sent there, the last one came along
    with the job."""

    def __init__(self, face: str | None, save: Callable[[str], None]) -> None:
        self._face = face
        self._save = save

    def __getitem__(self, key: str) -> str:
        if self._face is None:
            raise KeyError(key)
        return self._face

    def __setitem__(self, key: str, value: str) -> None:
        json.loads(value)
        self._face = value
        self._save(value)

    def __delitem__(self, key: str) -> None:
        self._face = None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return int(self._face is not None)
