"""A real LiveKit server, an agent with a face in a room, and a participant that records both."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.pipeline import Pipeline
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.tools.eval.garbage import leave_out_what_is_loaded
from livekit_plugins_avatar.tools.eval.ours import pipeline_of

RATE = 48_000
DEADLINE_S = 20.0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/room/" in str(item.path):
            item.add_marker(pytest.mark.room)


@pytest.fixture(autouse=True)
def as_in_a_worker() -> None:
    """Keep what is loaded from the garbage collector: a full round of it stops every thread."""
    leave_out_what_is_loaded()


@pytest.fixture(scope="session")
def server() -> Iterator[LiveKitServer]:
    with livekit_server(server_binary.provide()) as running:
        yield running


@dataclass
class Viewer:
    """A participant that records the sound and notes every frame."""

    room: rtc.Room
    heard: list[NDArray[np.int16]] = field(default_factory=list, repr=False)
    seen: list[tuple[float, int | None, int]] = field(default_factory=list, repr=False)
    """When (monotonic), for which sample, and how bright on average."""
    sizes: list[tuple[int, int]] = field(default_factory=list, repr=False)
    """Width and height of every frame."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    audio: rtc.Track | None = None

    def watch(self, track: rtc.Track) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self.audio = track
        watch = self._listen if track.kind == rtc.TrackKind.KIND_AUDIO else self._look
        self.tasks.append(asyncio.create_task(watch(track)))

    async def _listen(self, track: rtc.Track) -> None:
        async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1):
            if track is self.audio:  # One that went may still give silence.
                self.heard.append(np.frombuffer(event.frame.data, np.int16).copy())

    async def _look(self, track: rtc.Track) -> None:
        async for event in rtc.VideoStream(track, format=rtc.VideoBufferType.I420):
            sample = event.metadata.user_timestamp if event.metadata is not None else None
            height, width = event.frame.height, event.frame.width
            luma = np.frombuffer(event.frame.data, np.uint8)[: height * width]
            self.sizes.append((width, height))
            self.seen.append((time.monotonic(), sample, int(luma.mean())))

    @property
    def sound(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, np.int16), *self.heard])

    async def made_up_s(self) -> float:
        """How much longer the sound heard is than the sound sent: the receiver conceals late
        packets, and stretches and shortens sound to keep its jitter buffer filled."""
        assert self.audio is not None
        return (
            sum(
                own.concealed_samples
                + own.inserted_samples_for_deceleration
                - own.removed_samples_for_acceleration
                for own in (
                    report.inbound_rtp.inbound
                    for report in await self.audio.get_stats()
                    if report.WhichOneof("stats") == "inbound_rtp"
                )
            )
            / RATE
        )

    def loud(self, level: int = 1000) -> NDArray[np.intp]:
        """The samples at which it is loud."""
        return np.flatnonzero(np.abs(self.sound.astype(int)) > level)


@dataclass
class Call:
    """An agent with a face, and a viewer, in one room."""

    server: LiveKitServer
    name: str
    room: rtc.Room
    session: AgentSession[None]
    avatar: AvatarSession
    viewer: Viewer

    @property
    def pipeline(self) -> Pipeline:
        """The avatar's stages."""
        return pipeline_of(self.avatar)

    async def say(self, pcm: NDArray[np.int16], *, chunk_s: float = 0.2) -> None:
        """Let the agent say `pcm`, delivered as fast as it is taken, and wait until it has."""

        async def frames() -> AsyncIterator[rtc.AudioFrame]:
            step = round(chunk_s * RATE)
            for first in range(0, len(pcm), step):
                piece = pcm[first : first + step]
                yield rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece))

        await self.session.say("words", audio=frames(), add_to_chat_ctx=False)


async def until(condition: Callable[[], object], deadline_s: float = DEADLINE_S) -> None:
    """Wait until another thread or process has made `condition` true."""
    ends_s = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < ends_s, "it did not happen in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def a_call(
    server: LiveKitServer, avatar: AvatarSession, *, dynacast: bool = False
) -> AsyncIterator[Call]:
    """A call in a new room, once the viewer hears and sees the agent; closed at the end."""
    name = f"room-{uuid.uuid4().hex[:8]}"
    room, viewer = rtc.Room(), Viewer(rtc.Room())
    viewer.room.on("track_subscribed", lambda track, publication, participant: viewer.watch(track))
    session: AgentSession[None] = AgentSession()
    options = rtc.RoomOptions(dynacast=dynacast)
    await room.connect(server.url, server.token(identity="agent", room=name), options=options)
    await viewer.room.connect(server.url, server.token(identity="viewer", room=name))
    try:
        await avatar.start(session, room=room)
        await session.start(Agent(instructions="none"), room=room)
        await until(lambda: viewer.heard and len(viewer.seen) > 3)
        yield Call(server, name, room, session, avatar, viewer)
    finally:
        await session.aclose()
        await avatar.aclose()
        for task in viewer.tasks:
            task.cancel()
        await asyncio.gather(*viewer.tasks, return_exceptions=True)
        await viewer.room.disconnect()
        await room.disconnect()
