"""An agent whose avatar is closed in mid-call is heard over a plain track."""

from __future__ import annotations

import asyncio

from livekit import rtc

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import RATE, a_call, until
from .stand_ins import Grey, hum


async def test_the_voice_goes_on_without_the_face(server: LiveKitServer) -> None:
    """What is being said ends; what is said next is heard, and the face's track is gone."""
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        cut = asyncio.create_task(call.say(hum(2.0)))
        await until(lambda: len(call.viewer.loud()))
        await asyncio.wait_for(call.avatar.aclose(), 2.0)
        await asyncio.wait_for(cut, 2.0)
        before = len(call.viewer.loud())
        await asyncio.wait_for(call.say(hum(2.0)), 6.0)
        await until(lambda: len(call.viewer.loud()) - before > 1.5 * RATE)
        [agent] = call.viewer.room.remote_participants.values()
        kinds = [track.kind for track in agent.track_publications.values()]
        assert kinds == [rtc.TrackKind.KIND_AUDIO]
