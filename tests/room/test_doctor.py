"""The doctor sees on a real server what a viewer gets."""

from __future__ import annotations

import pytest
from livekit import rtc

from livekit_plugins_avatar.publish.tracks import STREAM
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import livekit_server
from livekit_plugins_avatar.tools.doctor.finding import Finding
from livekit_plugins_avatar.tools.doctor.livekit_server import Server, check_server


async def findings(server: Server, room: str | None = None) -> dict[str, Finding]:
    return {each.part: each async for each in check_server(server, room=room)}


@pytest.mark.parametrize("synced", [True, False])
async def test_sync_group(synced: bool) -> None:
    """A server's default is seen in a room of the doctor's own, a room's in that room."""
    with livekit_server(server_binary.provide(), synced=synced) as running:
        server = Server(running.url, running.api_key, running.api_secret)
        found = await findings(server)
        assert found["sync group"].state == ("ok" if synced else "note")
        assert {found[part].state for part in ("server", "clock", "keys", "codec")} == {"ok"}

        room, source = rtc.Room(), rtc.AudioSource(48_000, 1)
        await room.connect(server.url, server.token("agent", "call", publish=True))
        await room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("voice", source),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM),
        )
        found = await findings(server, "call")
        await room.disconnect()
        assert found["sync group"].state == ("ok" if synced else "problem")

        found = await findings(Server(server.url, server.key, "wrong" * 8))
        assert found["keys"].state == "problem"
