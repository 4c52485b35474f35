"""Says the speech of a `Relay` over a plain track: an agent's voice while no avatar has it."""

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

from ..audio.relay import Outgoing, Relay
from ..timeline import SAMPLE_RATE, Clock, samples
from .plain_voice import PlainVoice

PIECE_SAMPLES = samples(0.05)
"""What the track is given at a time."""

GIVEN_SAMPLES = samples(0.5)
"""How far ahead of what is heard the track is given speech."""

GIVE_S = 0.1
"""How often it is given more."""

STOP_S = 0.5
"""How long the track may take to say what was heard of it."""


class OwnVoice:
    """Says speech over a plain track of the agent, once that is published.

    Args:
        agent_session, room: Whose voice, and where.
        clock: Real time.
        relay: Whose segments are said.
        publish_options: Of the track; by default the framework's.
        audio_source: Of the track, mono, at `SAMPLE_RATE`; by default one like the framework's.
    """

    def __init__(
        self,
        agent_session: AgentSession[Any],
        room: rtc.Room,
        clock: Clock,
        relay: Relay | None = None,
        *,
        publish_options: rtc.TrackPublishOptions | None = None,
        audio_source: rtc.AudioSource | None = None,
    ) -> None:
        self._plain = PlainVoice(
            agent_session,
            room,
            rate=SAMPLE_RATE,
            publish_options=publish_options,
            audio_source=audio_source,
        )
        self._clock = clock
        self.relay = relay
        self._segments: list[Outgoing] = []
        self._base = 0
        """What had been heard of the first segment when it was begun here."""
        self._given = 0
        """Samples of the first segment that the track was given."""
        self._flushed = False
        self._until: int | None = None
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

    def release(self) -> PlainVoice:
        """Say no more; returns the output over the same track, which says what it is given."""
        task, self._task, self.relay = self._task, None, None
        if task is not None:
            task.cancel()
        return self._plain

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

    def say_until(self, sample: int | None) -> None:
        """Say the present segment only up to a sample, until `stop`; None: all of it after all."""
        self._until = sample
        self._wake.set()

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
            self._segments, self._given, self._until = [], 0, None
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
        # A segment that is cut before the track takes anything has no end there.
        await self._plain.wait_until_heard()
        at = segment.heard
        while not segment.cut:
            while at < (end := self._end_of(segment)) and not segment.cut:
                pcm = segment.pcm.read(at, min(at + PIECE_SAMPLES, end))
                frame = rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
                self._given = at - self._base + len(pcm)
                await self._plain.capture_frame(frame)
                at += len(pcm)
                # The output takes any amount, and would hold up the loop with all of it.
                while self._given - samples(self._plain.heard_s) > GIVEN_SAMPLES:
                    if segment.cut or self._plain.closed:
                        break
                    await self._clock.sleep(GIVE_S)
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

    def _end_of(self, segment: Outgoing) -> int:
        """Up to which sample it is to be said now."""
        end = segment.pcm.end
        return end if self._until is None else min(self._until, end)

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
