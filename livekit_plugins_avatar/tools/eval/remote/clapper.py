"""Publishes the clapper through an agent whose face is drawn by a worker in another process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit import rtc
from livekit.agents import AgentSession

from ....session import AvatarSession
from ....timeline import seconds
from ...demo.server import LiveKitServer
from ..clapper import Clapper
from ..faults.script import Script
from ..ours import speak
from .clapper_worker import LAG
from .processes import ProcessFailed, WorkerProcess

NAME = "clapper"


class RemoteClapper:
    """An agent that is in a room before it speaks; `publish` fits `sync.Publish`."""

    def __init__(self, worker: WorkerProcess, *, video_delay_s: float) -> None:
        self._worker = worker
        self._avatar = AvatarSession(worker=NAME, video_delay_s=video_delay_s)

    @classmethod
    @asynccontextmanager
    async def start(
        cls, server: LiveKitServer, seconds_: float, *, video_delay_s: float
    ) -> AsyncIterator[RemoteClapper]:
        """With a worker process for a clapper of so many seconds."""
        worker = await WorkerProcess.start(server, NAME, str(seconds_), module="clapper_worker")
        try:
            yield cls(worker, video_delay_s=video_delay_s)
        finally:
            await worker.aclose()

    @property
    def identity(self) -> str:
        """Of the participant that a viewer is to watch."""
        return self._avatar.avatar_identity

    def lag_s(self) -> float:
        """By how much frames began after the beeps that they belong to."""
        lags = list(map(int, self._worker.said(LAG)))
        if not lags:
            raise ProcessFailed(f"the worker drew no flash; it ended with:\n{self._worker.tail}")
        return seconds(sum(lags)) / len(lags)

    async def publish(
        self, room: rtc.Room, clapper: Clapper, *, ready: asyncio.Event, script: Script
    ) -> dict[str, int]:
        """Say the clapper once `ready` is set; returns when it was heard. No `script` is played."""
        session = AgentSession[None]()
        try:
            await self._avatar.start(session, room=room)
            output = session.output.audio
            assert output is not None, "AvatarSession.start sets the session's audio output"
            await ready.wait()
            await speak(output, clapper)
            return {}
        finally:
            await self._avatar.aclose()
