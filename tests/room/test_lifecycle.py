"""Publishing, unpublishing and exiting end in time, whatever the room does meanwhile."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

import pytest
from livekit import rtc

from livekit_plugins_avatar.publish.tracks import Video
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import until
from .processes import exit_code, forgetful, forked
from .races import (
    LEAVES,
    OFFSETS_S,
    UNPUBLISH_S,
    Leave,
    disconnect,
    ends_within,
    publish_while_leaving,
    tracks_of,
)
from .stand_ins import FULL

EXITS = 6 if FULL else 3

CRASHES = 4
"""livekit 1.1.21 itself may crash where a room goes while it publishes: in a third of these races,
with this package or without (docs/measurements.md)."""

VIDEO = Video((16, 16), fps=30, bitrate_bps=100_000)


@pytest.mark.parametrize("leave", LEAVES)
async def test_publishing_ends_when_the_room_goes(server: LiveKitServer, leave: Leave) -> None:
    """At whatever moment the room goes, no call to the server takes longer than it may."""
    for _ in range(CRASHES):
        async with forked(publish_while_leaving, server, leave) as process:
            code = await exit_code(process)
        if code != -signal.SIGSEGV:
            break
    assert code == 0


@pytest.mark.parametrize("leave", LEAVES)
async def test_unpublishing_ends_when_the_room_goes(server: LiveKitServer, leave: Leave) -> None:
    """The request is on its way when the room goes, or comes right after."""
    for offset_s in OFFSETS_S:
        async with tracks_of(server) as (room, sources, tracks):
            await tracks.publish(sources, VIDEO)
            leaving = asyncio.ensure_future(leave(server, room))
            await asyncio.sleep(offset_s)
            await ends_within(tracks.aclose(), UNPUBLISH_S)
            await leaving


async def test_a_cancelled_publish_leaves_no_track(server: LiveKitServer) -> None:
    """A track that the server grants after the caller was cancelled is taken back."""
    for offset_s in OFFSETS_S:
        viewer = rtc.Room()
        async with tracks_of(server) as (room, sources, tracks):
            await viewer.connect(server.url, server.token(identity="viewer", room=room.name))
            publishing = asyncio.ensure_future(tracks.publish(sources, VIDEO))
            await asyncio.sleep(offset_s)
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            await ends_within(tracks.aclose(), UNPUBLISH_S)
            assert not room.local_participant.track_publications
            remote = viewer.remote_participants["agent"]
            await until(lambda remote=remote: not remote.track_publications)  # type: ignore[misc]
            await viewer.disconnect()


@pytest.mark.parametrize("closes", [True, False])
async def test_waiting_for_a_subscriber_ends(server: LiveKitServer, closes: bool) -> None:
    """Speech into an empty room does not wait for ever: closing or leaving releases it."""
    async with tracks_of(server) as (room, sources, tracks):
        await tracks.publish(sources, VIDEO)
        waiting = asyncio.ensure_future(tracks.wait_for_subscriber())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await (tracks.aclose() if closes else disconnect(server, room))
        await ends_within(waiting, UNPUBLISH_S)
        await tracks.aclose()


async def test_a_process_that_does_not_close_the_avatar_exits(server: LiveKitServer) -> None:
    """Session and room are closed, the avatar is not: its threads do not abort the process."""
    async with AsyncExitStack() as stack:
        processes = []
        for each in range(EXITS):
            token = server.token(identity="agent", room=f"forgetful-{each}")
            process = forked(forgetful, server.url, token)
            processes.append(await stack.enter_async_context(process))
        assert [await exit_code(process) for process in processes] == [0] * EXITS
