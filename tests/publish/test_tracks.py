"""Calls to the server are limited in time, and end with the room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from livekit_plugins_avatar.publish import tracks as module
from livekit_plugins_avatar.publish.sources import Sources
from livekit_plugins_avatar.publish.tracks import Tracks, Video

from ..simulated_room import SimulatedRoom

VIDEO = Video((16, 16), fps=30, bitrate_bps=1)


@pytest.fixture
async def sources() -> AsyncIterator[Sources]:
    made = Sources((16, 16))
    yield made
    await made.aclose()


async def test_a_disconnected_room_ends_publishing(sources: Sources) -> None:
    """The server never answers; the room's change of state is enough."""
    room = SimulatedRoom()
    room.answers = False
    tracks = Tracks(room.as_room)
    publishing = asyncio.ensure_future(tracks.publish(sources, VIDEO))
    await asyncio.sleep(0)
    room.emit("connection_state_changed", rtc.ConnectionState.CONN_RECONNECTING)
    await asyncio.sleep(0)
    assert not publishing.done()
    room.emit("connection_state_changed", rtc.ConnectionState.CONN_DISCONNECTED)
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(publishing, 0.5)
    await tracks.aclose()


async def test_no_answer_ends_publishing_and_unpublishing(
    sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a limit of its own."""
    monkeypatch.setattr(module, "PUBLISH_TIMEOUT_S", 0.05)
    monkeypatch.setattr(module, "UNPUBLISH_TIMEOUT_S", 0.05)
    room = SimulatedRoom()
    tracks = Tracks(room.as_room)
    await tracks.publish(sources, VIDEO)
    room.answers = False
    with pytest.raises(ConnectionError, match="no answer"):
        await asyncio.wait_for(tracks.publish(sources, VIDEO), 0.5)
    await asyncio.wait_for(tracks.aclose(), 0.5)
    assert len(asyncio.all_tasks()) == 1, "no request is left"


async def test_closing_ends_publishing_and_takes_back_what_is_granted(sources: Sources) -> None:
    """The track that the server grants meanwhile is unpublished."""
    room = SimulatedRoom(latency_s=0.02)
    tracks = Tracks(room.as_room)
    publishing = asyncio.ensure_future(tracks.publish(sources, VIDEO))
    await asyncio.sleep(0.01)
    await tracks.aclose()
    with pytest.raises(ConnectionError):
        await publishing
    assert not room.local_participant.track_publications


async def test_video_that_is_refused_leaves_the_voice(
    sources: Sources, caplog: pytest.LogCaptureFixture
) -> None:
    """Audio that is refused is an error."""
    tracks = Tracks(SimulatedRoom(refused=(rtc.TrackKind.KIND_VIDEO,)).as_room)
    await tracks.publish(sources, VIDEO)
    assert tracks.audio is not None and tracks.video is None
    assert "refused the video" in caplog.text
    await tracks.aclose()
    tracks = Tracks(SimulatedRoom(refused=(rtc.TrackKind.KIND_AUDIO,)).as_room)
    with pytest.raises(PublishTrackError):
        await tracks.publish(sources, VIDEO)


@pytest.mark.parametrize("closes", [True, False])
async def test_waiting_for_a_subscriber_ends(sources: Sources, closes: bool) -> None:
    """Speech into an empty room is released by closing, and by a room that is gone."""
    room = SimulatedRoom(viewers=False)
    tracks = Tracks(room.as_room)
    await tracks.publish(sources, VIDEO)
    waiting = asyncio.ensure_future(tracks.wait_for_subscriber())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    if closes:
        await tracks.aclose()
    else:
        room.emit("connection_state_changed", rtc.ConnectionState.CONN_DISCONNECTED)
    await asyncio.wait_for(waiting, 0.5)
    await tracks.aclose()


@pytest.mark.parametrize("iterations", range(5))
async def test_reading_the_link_can_be_cancelled_at_any_moment(
    sources: Sources, monkeypatch: pytest.MonkeyPatch, iterations: int
) -> None:
    """Also just as the statistics arrive: what polls the link would never end."""
    arrive = asyncio.Event()

    async def statistics(_: rtc.Track) -> list[object]:
        await arrive.wait()
        return []

    monkeypatch.setattr(module, "statistics", statistics)
    tracks = Tracks(SimulatedRoom().as_room)
    await tracks.publish(sources, VIDEO)
    reading = asyncio.create_task(tracks.read_link(0.0))
    await asyncio.sleep(0.01)
    arrive.set()
    for _ in range(iterations):
        await asyncio.sleep(0)
    if reading.cancel():
        with pytest.raises(asyncio.CancelledError):
            await reading
    await tracks.aclose()
