"""The framework measures how long the avatar takes to join, and users wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.metrics.base import AvatarMetrics
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment

from .simulated_room import SimulatedRoom


class Grey:
    """The least that is a renderer."""

    size = (4, 4)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        pass


async def test_the_join_is_timed_from_before_the_tracks_are_published() -> None:
    """A server that takes 0.1 s for each of two tracks shows in the metrics."""
    face, room = AvatarSession(renderer=Grey()), SimulatedRoom(latency_s=0.1)
    measured: list[AvatarMetrics] = []
    face.on("metrics_collected", measured.append)
    try:
        await face.start(AgentSession(), room=room.as_room)
        await face.wait_for_join(timeout=1.0)
    finally:
        await face.aclose()
    [joined] = measured
    assert joined.avatar_joined_time is not None and joined.session_started_time is not None
    assert joined.avatar_joined_time - joined.session_started_time >= 0.2


async def test_waiting_for_a_face_that_cannot_join_ends_at_once() -> None:
    """The server refuses the picture: the voice goes on, and no caller waits for 30 s."""
    room = SimulatedRoom(refused=(rtc.TrackKind.KIND_VIDEO,))
    face = AvatarSession(renderer=Grey())
    try:
        await face.start(AgentSession(), room=room.as_room)
        with pytest.raises(RuntimeError, match="no face to wait for"):
            await asyncio.wait_for(face.wait_for_join(), 1.0)
    finally:
        await face.aclose()


async def test_waiting_for_a_face_ends_when_the_avatar_is_closed() -> None:
    """A caller who waits while the avatar closes is told so."""
    room = SimulatedRoom(latency_s=0.2)
    face = AvatarSession(renderer=Grey())
    starting = asyncio.create_task(face.start(AgentSession(), room=room.as_room))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(face.wait_for_join())
    await asyncio.sleep(0)
    await face.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await asyncio.wait_for(waiting, 1.0)
    await asyncio.gather(starting, return_exceptions=True)
