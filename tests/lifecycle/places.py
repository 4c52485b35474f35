"""Where avatars are tried: a simulated room, or rooms of a real LiveKit server."""

from __future__ import annotations

import uuid
from typing import Any, Protocol

from livekit import api, rtc
from livekit.agents import Agent, AgentSession

from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from ..simulated_room import SimulatedRoom


class Place(Protocol):
    """One room with an agent in it, and maybe a viewer."""

    room: rtc.Room

    async def run(self, session: AgentSession[Any]) -> None:
        """Start the agent session."""
        ...

    async def disconnect(self) -> None:
        """The agent leaves."""
        ...

    async def delete(self) -> None:
        """The server closes the room."""
        ...

    async def hide(self) -> None:
        """The viewer leaves."""
        ...

    async def aclose(self) -> None:
        """Leave nothing behind."""
        ...


class Simulated:
    """A room without a server."""

    def __init__(self, *, viewer: bool) -> None:
        self._simulated = SimulatedRoom(viewers=viewer, latency_s=0.02)
        self.room = self._simulated.as_room
        self._native = rtc.AudioSource(48_000, 1)
        """A room that connects loads the native library, and with it what ends it at exit."""

    async def run(self, session: AgentSession[Any]) -> None:
        await session.start(Agent(instructions="none"))

    async def disconnect(self) -> None:
        self._simulated.disconnect()

    async def delete(self) -> None:
        self._simulated.disconnect()

    async def hide(self) -> None:
        self._simulated.viewers = False

    async def aclose(self) -> None:
        self._simulated.disconnect()


class Real:
    """A room of a server; made by `join`."""

    def __init__(self, server: LiveKitServer) -> None:
        self._server = server
        self._name = uuid.uuid4().hex
        self.room = rtc.Room()
        self._viewer = rtc.Room()

    @classmethod
    async def join(cls, server: LiveKitServer, *, viewer: bool) -> Real:
        """Let the agent join a room of its own, and a viewer if one is wanted."""
        place = cls(server)
        token = server.token(identity="agent", room=place._name)
        await place.room.connect(server.url, token)
        if viewer:
            token = server.token(identity="viewer", room=place._name)
            await place._viewer.connect(server.url, token)
        return place

    async def run(self, session: AgentSession[Any]) -> None:
        await session.start(Agent(instructions="none"), room=self.room)

    async def disconnect(self) -> None:
        await self.room.disconnect()

    async def delete(self) -> None:
        async with api.LiveKitAPI(*self._server.environment.values()) as client:
            await client.room.delete_room(api.DeleteRoomRequest(room=self._name))

    async def hide(self) -> None:
        await self._viewer.disconnect()

    async def aclose(self) -> None:
        await self.room.disconnect()
        await self._viewer.disconnect()
