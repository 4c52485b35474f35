"""The two sides of a remote avatar without a room: what one sends the test hands to the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from livekit_plugins_avatar import Moment
from livekit_plugins_avatar.agent.conversation import Inputs
from livekit_plugins_avatar.audio.speech import SpeechInput
from livekit_plugins_avatar.options import Options
from livekit_plugins_avatar.pipeline import Pipeline
from livekit_plugins_avatar.remote.link import Link
from livekit_plugins_avatar.remote.listener import RemoteConversation
from livekit_plugins_avatar.remote.protocol import Kind, Message, decode
from livekit_plugins_avatar.timeline import SystemClock, samples

from ..audio.test_sink import Notes

AGENT, WORKER = "agent", "avatar-1"


class Grey:
    """A renderer of plain frames."""

    size = (64, 64)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.full((len(moments), 96, 64), 128, np.uint8)

    def close(self) -> None:
        pass


class Wire(rtc.EventEmitter[str]):
    """A room that keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.on_send: Callable[[bytes], None] | None = None
        """Gets what is sent instead."""
        self.local_participant = self
        self.remote_participants: dict[str, object] = {}

    async def send(self, data: bytes) -> None:
        if self.on_send is not None:
            self.on_send(data)
        else:
            self.sent.append(data)

    @property
    def as_room(self) -> rtc.Room:
        return cast(rtc.Room, self)

    async def take(self, kind: Kind | None = None) -> list[Message]:
        """What was sent since the last call, of one kind or of all."""
        for _ in range(4):
            await asyncio.sleep(0)
        sent, self.sent = list(map(decode, self.sent)), []
        return [each for each in sent if kind in (None, each.kind)]


async def send_data(room: rtc.Room, payload: bytes, *, to: str, topic: str) -> None:
    """In the place of `publish.data.send_data`."""
    await cast(Wire, room).send(payload)


class WorkerSide:
    """A worker's conversation with a playout that the test plays."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.over = False
        self.conversation = RemoteConversation(self.wire.as_room, AGENT, on_over=self._on_over)
        self.pipeline = self.conversation.pipeline = Pipeline(Options(renderer=Grey()))
        self.playout = self.pipeline.playout
        self.notes = Notes()
        speech = SpeechInput(
            self.playout, self.notes, segments=(self.notes,), on_planned_speech=lambda _: None
        )
        self.conversation.attach(
            Inputs(
                speech=speech,
                gaze=self.pipeline.gaze,
                emotion=self.pipeline.emotion,
                texts=(),
                now=lambda: 0,
                wait_for_subscriber=self._subscribed,
                heard=lambda: self.playout.heard,
                clock=SystemClock(),
            )
        )

    async def _subscribed(self) -> None:
        pass

    def _on_over(self) -> None:
        self.over = True

    @property
    def link(self) -> Link:
        return self.conversation._link

    def give(self, data: bytes, sender: str = AGENT) -> None:
        """Hand it a message of a participant."""
        self.link.take(sender, data)

    async def play(self, duration_s: float) -> NDArray[np.int16]:
        """Let time pass at the audio source; returns what it was given."""
        parts: list[Any] = []
        for _ in range(round(duration_s / 0.01)):
            parts.append(self.playout.pull(samples(0.01)))
            events = self.playout.advance(self.playout.published)
            if events:
                self.conversation.deliver([(event, 0.0) for event in events])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return np.concatenate(parts)

    async def aclose(self) -> None:
        await self.conversation.aclose()
        await self.pipeline.aclose()
