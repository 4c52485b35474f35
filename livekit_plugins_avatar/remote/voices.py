"""The two voices of an agent whose face is in another process: the worker's, and its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.io import (
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)

from ..agent.audio_output import PlainVoice
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .link import Link
from .protocol import MOST_SAMPLES, Kind, Message
from .relay import Outgoing, Relay

LEAD_SAMPLES = samples(6.0)
"""How far ahead of what was heard a worker is sent speech: it looks ahead, and survives an agent
whose loop is blocked."""

PIECE_SAMPLES = samples(0.05)
"""What the own voice is given at a time: it takes any amount, and is cut at what was heard."""

STOP_S = 0.5
"""How long the own voice may take to say what was heard of it."""


class RemoteVoice:
    """Sends speech to a worker, and takes its reports. Each `begin` is an epoch."""

    def __init__(self, link: Link, relay: Relay) -> None:
        self._link = link
        self._relay = relay
        self._sent: dict[int, int] = {}
        """The offset in each segment up to which it was sent."""
        self._ended: set[int] = set()
        self._texts: dict[int, int] = {}
        """How many of the timed texts of a segment were sent."""
        self._base: dict[int, int] = {}
        """The sample of a segment from which on it was sent."""
        self._held: list[Outgoing] = []
        self.active = False

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        """Begin an epoch; the `HELLO` has been sent."""
        self._sent, self._ended, self._texts, self._base, self._held = {}, set(), {}, {}, []
        self.active = True
        for each in segments:
            self.more(each)

    def more(self, segment: Outgoing) -> None:
        if not self.active:
            return
        if segment not in self._held:
            self._held.append(segment)
        self._send_due()

    def holds(self, number: int) -> bool:
        return self.active and number in self._sent

    def clear(self) -> None:
        if self.active:
            self._held = []
            self._link.send(Kind.CLEAR)

    def pause(self) -> None:
        if self.active:
            self._link.send(Kind.PAUSE)

    def resume(self) -> None:
        if self.active:
            self._link.send(Kind.RESUME)

    def _send_due(self) -> None:
        """Send what is not further ahead than `LEAD_SAMPLES`, in order."""
        lead = 0
        for each in list(self._held):
            at = self._sent.setdefault(each.number, each.heard)
            if each.number not in self._base:
                self._base[each.number], self._texts[each.number] = at, 0
                self._link.send_audio(each.number, at, each.pcm.read(at, at))
            while at < each.pcm.end and lead + at - each.heard < LEAD_SAMPLES:
                self._send_texts(each, at)
                pcm = each.pcm.read(at, at + MOST_SAMPLES)
                self._link.send_audio(each.number, at, pcm)
                at = self._sent[each.number] = at + len(pcm)
            if at < each.pcm.end:
                return
            self._send_texts(each, at)
            if not each.ended:
                return
            if each.number not in self._ended:
                self._ended.add(each.number)
                self._link.send(Kind.END, segment=each.number)
            lead += each.left

    def _send_texts(self, segment: Outgoing, at: int) -> None:
        """Send the timed text that came with audio up to `at`."""
        first = self._texts[segment.number]
        due = [pieces for offset, pieces in segment.texts[first:] if offset <= at]
        self._texts[segment.number] += len(due)
        for pieces in due:
            base_s = seconds(self._base[segment.number])
            said = [
                [each.text[:200], None if each.at_s is None else each.at_s - base_s]
                for each in pieces[:200]
                if each.at_s is None or each.at_s >= base_s
            ]
            self._link.send(Kind.TIMED_TEXT, pieces=said)

    def take(self, message: Message) -> None:
        """Take a report of the worker's voice."""
        body: Any = message.body
        if message.epoch != self._link.epoch or not self.active:
            return
        if message.kind is Kind.BEAT:
            self._relay.heard(body["segment"], body["position"])
            self._send_due()
        elif message.kind is Kind.STARTED:
            self._relay.on_started(body["segment"], body["ago_s"])
        elif message.kind is Kind.PROGRESSED:
            run = body["segment"], body["offset"], body["length"], body["ago_s"]
            self._relay.on_progressed(*run)
        elif message.kind is Kind.FINISHED:
            self._held = [each for each in self._held if each.number != body["segment"]]
            at = body["segment"], body["position"]
            self._relay.on_finished(*at, interrupted=body["interrupted"])
            self._send_due()


class OwnVoice:
    """Says speech over a plain track of the agent, which is published from the start.

    The track is no microphone to its viewers, whose clients show the worker's; they play both.
    """

    def __init__(self, agent_session: AgentSession[Any], room: rtc.Room, clock: Clock) -> None:
        self._plain = PlainVoice(
            agent_session, room, rate=SAMPLE_RATE, source=rtc.TrackSource.SOURCE_UNKNOWN
        )
        self._clock = clock
        self.relay: Relay | None = None
        self._segments: list[Outgoing] = []
        self._base = 0
        """What had been heard of the first segment when it was begun here."""
        self._given = 0
        """Samples of the first segment that the track was given."""
        self._flushed = False
        self._wake = asyncio.Event()
        self._finished = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._plain.on("playback_started", self._on_started)
        self._plain.on("playback_progressed", self._on_progressed)
        self._plain.on("playback_finished", self._on_finished)

    def publish(self) -> None:
        """Publish the track, silent; for as long as the session or the room lasts."""
        self._plain.may_publish.set()

    async def aclose(self) -> None:
        """Stop, and take the track back."""
        await self.stop()
        await self._plain.withdraw()

    @property
    def active(self) -> bool:
        """Whether this is the voice."""
        return self._task is not None

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        self._segments = list(segments)
        if paused:
            self._plain.pause()
        self._task = asyncio.create_task(self._speak(), name="avatar-own-voice")

    def more(self, segment: Outgoing) -> None:
        if self._task is None:
            return
        if segment not in self._segments:
            self._segments.append(segment)
        self._wake.set()

    def holds(self, number: int) -> bool:
        return bool(self._given and self._segments and self._segments[0].number == number)

    def clear(self) -> None:
        if self._task is None:
            return
        if self._given:
            self._cut()
        else:
            self._segments = []
        self._wake.set()

    def _cut(self) -> None:
        if not self._flushed:
            self._flushed = True
            self._plain.flush()
        self._plain.clear_buffer()

    @property
    def heard(self) -> tuple[Outgoing, int] | None:
        """The segment that is being said, and how much of it was heard by now."""
        if self._task is None or not self._given or not self._segments:
            return None
        return self._segments[0], self._base + samples(self._plain.heard_s)

    async def wait_for_subscriber(self) -> None:
        """Return once a participant hears the track, or none can any more."""
        await self._plain.wait_for_subscriber()

    def pause(self) -> None:
        self._plain.pause()

    def resume(self) -> None:
        self._plain.resume()

    async def stop(self) -> None:
        """Say no more; what was heard is known afterwards."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        try:
            if self._given:
                self._cut()
                await asyncio.wait([asyncio.create_task(self._finished.wait())], timeout=STOP_S)
        finally:
            self._stopping = False
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._segments, self._given = [], 0
            self._plain.resume()

    async def _speak(self) -> None:
        while True:
            while not self._segments:
                self._wake.clear()
                await self._wake.wait()
            segment = self._segments[0]
            self._base, self._given, self._flushed = segment.heard, 0, False
            self._finished.clear()
            if await self._give(segment):
                await self._finished.wait()
            self._segments = [each for each in self._segments if each is not segment]
            self._given = 0

    async def _give(self, segment: Outgoing) -> bool:
        """Give a segment to the track; returns whether it will report the end of it."""
        at = segment.heard
        while not segment.cut:
            while at < segment.pcm.end and not segment.cut:
                pcm = segment.pcm.read(at, at + PIECE_SAMPLES)
                frame = rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
                self._given = at - self._base + len(pcm)
                await self._plain.capture_frame(frame)
                at += len(pcm)
            if segment.ended and at >= segment.pcm.end:
                break
            self._wake.clear()
            await self._wake.wait()
        if self._given:
            if not self._flushed:
                self._flushed = True
                self._plain.flush()
            return True
        if self.relay is not None:
            self.relay.on_finished(segment.number, segment.heard, interrupted=segment.cut)
        return False

    def _on_started(self, event: PlaybackStartedEvent) -> None:
        if self.relay is not None and self._segments:
            ago_s = max(0.0, self._clock.wall_s() - event.created_at)
            self.relay.on_started(self._segments[0].number, ago_s)

    def _on_progressed(self, event: PlaybackProgressedEvent) -> None:
        if self.relay is not None and self._segments:
            offset, length = self._base + samples(event.offset), samples(event.duration)
            ago_s = max(0.0, self._clock.wall_s() - event.started_at)
            self.relay.on_progressed(self._segments[0].number, offset, length, ago_s)

    def _on_finished(self, event: PlaybackFinishedEvent) -> None:
        if self.relay is not None and self._segments:
            number = self._segments[0].number
            position = self._base + samples(event.playback_position)
            if self._stopping:
                self.relay.heard(number, position)
            else:
                self.relay.on_finished(number, position, interrupted=event.interrupted)
        self._finished.set()
