"""Publishing, while the room goes away at some moment."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from livekit import api, rtc

from livekit_plugins_avatar.publish.sources import Sources
from livekit_plugins_avatar.publish.tracks import Tracks, Video
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .stand_ins import FULL

PUBLISH_S = 5.0
UNPUBLISH_S = 1.0
"""Within these times they end, whatever the room does."""

OFFSETS_S = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)[:: 1 if FULL else 2]
"""How long after the request the room goes; an answer takes 5 to 20 ms."""

Leave = Callable[[LiveKitServer, rtc.Room], Awaitable[object]]


async def disconnect(_: LiveKitServer, room: rtc.Room) -> None:
    """The agent leaves."""
    await room.disconnect()


async def delete_room(server: LiveKitServer, room: rtc.Room) -> None:
    """The server closes the room."""
    async with api.LiveKitAPI(*server.environment.values()) as client:
        await client.room.delete_room(api.DeleteRoomRequest(room=room.name))


async def remove_participant(server: LiveKitServer, room: rtc.Room) -> None:
    """The server removes the agent."""
    identity = api.RoomParticipantIdentity(room=room.name, identity="agent")
    async with api.LiveKitAPI(*server.environment.values()) as client:
        await client.room.remove_participant(identity)


LEAVES: Sequence[Leave] = (disconnect, delete_room, remove_participant)


@asynccontextmanager
async def tracks_of(server: LiveKitServer) -> AsyncIterator[tuple[rtc.Room, Sources, Tracks]]:
    """A connected agent with sources that it has not published yet."""
    room, sources = rtc.Room(), Sources((64, 64))
    await room.connect(server.url, server.token(identity="agent", room=uuid.uuid4().hex))
    try:
        yield room, sources, Tracks(room)
    finally:
        await sources.aclose()
        await room.disconnect()


async def ends_within(work: Awaitable[object], limit_s: float) -> None:
    """Await `work`, and raise if it takes longer than `limit_s`."""
    began_s = time.monotonic()
    await asyncio.wait_for(work, limit_s)
    assert time.monotonic() - began_s <= limit_s


def publish_while_leaving(server: LiveKitServer, leave: Leave) -> None:
    """At whatever moment the room goes, `publish` returns or raises, and `aclose` returns."""
    asyncio.run(_race(server, leave))


async def _race(server: LiveKitServer, leave: Leave) -> None:
    for offset_s in OFFSETS_S:
        async with tracks_of(server) as (room, sources, tracks):
            publishing = asyncio.ensure_future(
                tracks.publish(sources, Video((16, 16), fps=30, bitrate_bps=10**5))
            )
            await asyncio.sleep(offset_s)
            leaving = asyncio.ensure_future(leave(server, room))
            await ends_within(asyncio.gather(publishing, return_exceptions=True), PUBLISH_S)
            await ends_within(tracks.aclose(), UNPUBLISH_S)
            await leaving
