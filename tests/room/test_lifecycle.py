"""Publishing, unpublishing and exiting end in time, whatever the room does meanwhile."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from livekit import rtc

from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import until
from .publish_race import LEAVES, OFFSETS_S, UNPUBLISH_S, disconnect, ends_within, tracks_of

EXITS = 6

CRASHES = 4
"""livekit 1.1.21 itself may crash where a room goes while it publishes: in a third of these races,
with this package or without (docs/measurements.md)."""


@pytest.mark.parametrize("leave", LEAVES)
async def test_publishing_ends_when_the_room_goes(server: LiveKitServer, leave: str) -> None:
    """At whatever moment the room goes, no call to the server takes longer than it may."""
    script = str(Path(__file__).with_name("publish_race.py"))
    for _ in range(CRASHES):
        process = await asyncio.create_subprocess_exec(
            sys.executable, script, leave, *server.environment.values(), stderr=subprocess.PIPE
        )
        _, errors = await process.communicate()
        if process.returncode != -signal.SIGSEGV:
            break
    assert process.returncode == 0, errors.decode()


@pytest.mark.parametrize("leave", LEAVES)
async def test_unpublishing_ends_when_the_room_goes(server: LiveKitServer, leave: str) -> None:
    """The request is on its way when the room goes, or comes right after."""
    for offset_s in OFFSETS_S:
        async with tracks_of(server) as (room, sources, tracks):
            await tracks.publish(sources, fps=30, bitrate_bps=10**5)
            leaving = asyncio.ensure_future(LEAVES[leave](server, room))
            await asyncio.sleep(offset_s)
            await ends_within(tracks.aclose(), UNPUBLISH_S)
            await leaving


async def test_a_cancelled_publish_leaves_no_track(server: LiveKitServer) -> None:
    """Also where the server grants a track after the caller was cancelled."""
    for offset_s in OFFSETS_S:
        viewer = rtc.Room()
        async with tracks_of(server) as (room, sources, tracks):
            await viewer.connect(server.url, server.token(identity="viewer", room=room.name))
            publishing = asyncio.ensure_future(tracks.publish(sources, fps=30, bitrate_bps=10**5))
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
        await tracks.publish(sources, fps=30, bitrate_bps=10**5)
        waiting = asyncio.ensure_future(tracks.wait_for_subscriber())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await (tracks.aclose() if closes else disconnect(server, room))
        await ends_within(waiting, UNPUBLISH_S)
        await tracks.aclose()


async def test_a_process_that_does_not_close_the_avatar_exits(server: LiveKitServer) -> None:
    """Session and room are closed, the avatar is not: its threads do not abort the process."""
    script = str(Path(__file__).with_name("forgetful.py"))
    tokens = [server.token(identity="agent", room=f"forgetful-{each}") for each in range(EXITS)]
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, script, server.url, token)
        for token in tokens
    ]
    assert [await process.wait() for process in processes] == [0] * EXITS
