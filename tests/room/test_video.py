"""The video arrives in each codec, and its encoder rests without a viewer."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from livekit import rtc

from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.publish.publisher import Publisher
from livekit_plugins_avatar.publish.tracks import Video, VideoCodec
from livekit_plugins_avatar.timeline import SystemClock
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import Viewer, until

SIZE = (64, 64)
FPS = 30


class Still:
    """One grey picture for each sample."""

    def take(self, sample: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)

    def rest(self, sample: int) -> None:
        pass

    def invalidate(self, sample: int) -> None:
        pass


@asynccontextmanager
async def publisher(
    server: LiveKitServer,
    name: str,
    *,
    video_codec: VideoCodec = "vp8",
    dynacast: bool = False,
    constant_size: bool = False,
) -> AsyncIterator[Publisher]:
    """Publishes silence and a still picture."""
    room = rtc.Room()
    publisher = Publisher(Playout(), clock=SystemClock(), on_events=lambda _: None)
    publisher.conductor.attach_frames(Still(), period=48_000 // FPS, delay=0, reach=0)
    token = server.token(identity="agent", room=name)
    await room.connect(server.url, token, rtc.RoomOptions(dynacast=dynacast))
    try:
        await publisher.start(room, Video(SIZE, FPS, 300_000, video_codec, constant_size))
        yield publisher
    finally:
        await asyncio.to_thread(publisher.stop)
        await publisher.aclose()
        await room.disconnect()


@asynccontextmanager
async def viewer(server: LiveKitServer, name: str) -> AsyncIterator[Viewer]:
    joined = Viewer(rtc.Room())
    joined.room.on("track_subscribed", lambda track, *_: joined.watch(track))
    await joined.room.connect(server.url, server.token(identity="viewer", room=name))
    try:
        yield joined
    finally:
        for task in joined.tasks:
            task.cancel()
        await asyncio.gather(*joined.tasks, return_exceptions=True)
        await joined.room.disconnect()


@pytest.mark.parametrize("video_codec", ["h264", "vp9", "av1"])
async def test_each_codec_arrives_with_its_samples(
    server: LiveKitServer, video_codec: VideoCodec
) -> None:
    """VP8 is what all other tests use."""
    name = uuid.uuid4().hex
    async with publisher(server, name, video_codec=video_codec), viewer(server, name) as joined:
        await until(lambda: len(joined.seen) > FPS)
        published = joined.room.remote_participants["agent"].track_publications.values()
        assert f"video/{video_codec}" in {each.mime_type.lower() for each in published}
        assert all(sample is not None for _, sample, _ in joined.seen)


@pytest.mark.parametrize("constant", [True, False])
async def test_the_size_that_a_recorder_sees(server: LiveKitServer, constant: bool) -> None:
    """It stays the same where that is asked for; else a keyframe follows that for a viewer, and
    changes it."""
    name = uuid.uuid4().hex
    async with publisher(server, name, constant_size=constant), viewer(server, name) as joined:
        await until(lambda: len(joined.seen) > 2 * FPS)
        assert (len(set(joined.sizes)) == 1) is constant and SIZE in joined.sizes


async def test_the_encoder_rests_without_a_viewer(server: LiveKitServer) -> None:
    """In a room with dynacast, after the last viewer has left; it goes on for the next."""
    name = uuid.uuid4().hex
    async with publisher(server, name, dynacast=True) as published:
        async with viewer(server, name) as joined:
            await until(lambda: joined.seen)
            assert published.has_viewer
        await until(lambda: not published.has_viewer)
        async with viewer(server, name) as joined:
            await until(lambda: joined.seen and published.has_viewer)
