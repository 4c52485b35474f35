"""Agents of this process whose faces are elsewhere, and what their outputs report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.io import PlaybackFinishedEvent
from numpy.typing import NDArray

from ....remote.avatar import RemoteAvatar
from ....session import AvatarSession
from ....timeline import SAMPLE_RATE, SystemClock, samples, seconds
from ...demo.server import LiveKitServer
from ..talker import AS_IT_COMES

CHUNK_SAMPLES = samples(0.2)
RATE = 4
"""As fast as services speak, in the middle."""

TONE_HZ = 400.0
CLOCK = SystemClock()


@cache
def tone(duration_s: float) -> NDArray[np.int16]:
    """A steady tone: a gap anywhere in it shows."""
    t = np.arange(samples(duration_s)) / SAMPLE_RATE
    return (12_000 * np.sin(2 * np.pi * TONE_HZ * t)).astype(np.int16)


@dataclass(slots=True)
class RemoteAgent:
    """An agent in a room."""

    room: rtc.Room
    session: AgentSession[None]
    face: AvatarSession
    finished: list[PlaybackFinishedEvent] = field(default_factory=list)

    @classmethod
    async def join(
        cls, server: LiveKitServer, name: str, make_face: Callable[[], AvatarSession]
    ) -> RemoteAgent:
        """Join a room with a face."""
        room, session = rtc.Room(), AgentSession[None]()
        await room.connect(server.url, server.token(identity="agent", room=name))
        agent = cls(room, session, make_face())
        await agent.face.start(session, room=room)
        await session.start(Agent(instructions="none"), room=room, room_options=AS_IT_COMES)
        output = session.output.audio
        assert output is not None
        output.on("playback_finished", agent.finished.append)
        return agent

    async def say(self, pcm: NDArray[np.int16]) -> None:
        """Say `pcm`, delivered at `RATE` times real time, and wait until it was heard."""

        async def frames() -> AsyncIterator[rtc.AudioFrame]:
            for first in range(0, len(pcm), CHUNK_SAMPLES):
                piece = pcm[first : first + CHUNK_SAMPLES]
                yield rtc.AudioFrame(piece.tobytes(), SAMPLE_RATE, 1, len(piece))
                await CLOCK.sleep(seconds(CHUNK_SAMPLES) / RATE)

        await self.session.say("words", audio=frames(), add_to_chat_ctx=False)

    @property
    def worker(self) -> str:
        """The identity of the participant that shows the face."""
        return self.face.avatar_identity

    @property
    def takeovers(self) -> int:
        """How often the own voice took over in mid-speech."""
        remote = self.face._pipeline
        return remote.takeovers if isinstance(remote, RemoteAvatar) else 0

    async def leave(self) -> None:
        """Close everything."""
        await self.session.aclose()
        await self.face.aclose()
        await self.room.disconnect()


async def leave_all(agents: list[RemoteAgent]) -> None:
    """Let all agents leave at once."""
    await asyncio.gather(*(agent.leave() for agent in agents), return_exceptions=True)
