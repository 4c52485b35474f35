"""Looks at a LiveKit server: reachable, keys, clock, codecs, and whether rooms are synced."""

from __future__ import annotations

import email.utils
import secrets
import time
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from livekit import api, rtc

from ...publish.tracks import STREAM
from .finding import Finding, note, ok, problem
from .sync_group import NothingPublished, synced
from .token import SYNC

SCHEMES = ("ws", "wss", "http", "https")
ANSWER_S = 5.0
CLOCK_S = 30.0
"""Tokens are valid from the second in which they are made; a server allows some leeway."""
SIGNAL_REMEDY = "Is LIVEKIT_URL right, the server running, and the port open to this machine?"


@dataclass(frozen=True, slots=True)
class Server:
    """A server and the keys to it."""

    url: str
    key: str
    secret: str

    def token(self, identity: str, room: str, *, publish: bool) -> str:
        """A token for a participant of a room who is hidden unless it publishes."""
        grants = api.VideoGrants(room_join=True, room=room, hidden=not publish, can_publish=publish)
        token = api.AccessToken(self.key, self.secret).with_identity(identity).with_grants(grants)
        with warnings.catch_warnings():
            # Of the short secret of a server's `--dev` mode: its line would stand in the table.
            warnings.simplefilter("ignore")
            return token.with_ttl(timedelta(minutes=1)).to_jwt()


def check_environment(environment: Mapping[str, str]) -> tuple[Server | None, list[Finding]]:
    """The server that the environment names, and what is wrong with its variables."""
    url = environment.get("LIVEKIT_URL", "")
    if not url:
        remedy = "export LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET of your server."
        return None, [note("LIVEKIT_URL", "is not set; no server is asked", remedy)]
    scheme, separator, rest = url.partition("://")
    if scheme not in SCHEMES or not separator or not rest:
        remedy = "It looks like wss://my-project.livekit.cloud, or ws://localhost:7880."
        return None, [problem("LIVEKIT_URL", f"{url!r} is no address of a server", remedy)]
    missing = [
        name for name in ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET") if not environment.get(name)
    ]
    if missing:
        found, remedy = f"{' and '.join(missing)} not set", "export both: a worker needs them."
        return None, [ok("LIVEKIT_URL", url), problem("keys", found, remedy)]
    server = Server(url, environment["LIVEKIT_API_KEY"], environment["LIVEKIT_API_SECRET"])
    return server, [ok("LIVEKIT_URL", url)]


async def check_server(
    server: Server, *, codec: str = "vp8", room: str | None = None
) -> AsyncIterator[Finding]:
    """Ask a server, as a worker would; what cannot be asked without an earlier answer is left out.

    Args:
        server: With its keys.
        codec: That the avatar is to use.
        room: Look into this room, where an agent speaks, instead of a new one.
    """
    try:
        offset_s = await _clock_offset_s(server.url)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        found = f"{server.url} does not answer: {error or type(error).__name__}"
        yield problem("server", found, SIGNAL_REMEDY)
        return
    yield ok("server", "answers")
    if offset_s is not None:
        yield _clock(offset_s)
    name = room or f"livekit-avatar-doctor-{secrets.token_hex(4)}"
    url = server.url.replace("ws", "http", 1)
    async with api.LiveKitAPI(url, server.key, server.secret) as client:
        try:
            made = await _room(client, name, look=room is not None)
        except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
            yield _refused(error)
            return
        yield ok("keys", "accepted")
        try:
            if made is not None:
                yield _codec(made, codec)
            yield await _sync_group(server, name, look=room is not None)
        finally:
            if room is None:
                await client.room.delete_room(api.DeleteRoomRequest(room=name))


async def _clock_offset_s(url: str) -> float | None:
    """How many seconds this machine's clock is ahead of the server's; None where it tells none."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(url.replace("ws", "http", 1)) as answer,
    ):
        theirs = answer.headers.get("Date")
        if theirs is None:
            return None
        return time.time() - email.utils.parsedate_to_datetime(theirs).timestamp()


def _clock(offset_s: float) -> Finding:
    if abs(offset_s) > CLOCK_S:
        side = "ahead of" if offset_s > 0 else "behind"
        found = f"this machine's is {abs(offset_s):.0f} s {side} the server's"
        return problem("clock", found, "Set it by NTP: tokens hold by the clock.")
    return ok("clock", f"within {CLOCK_S:.0f} s of the server's")


def _refused(error: Exception) -> Finding:
    status = getattr(error, "status", None)
    if status in (401, 403):
        remedy = "Key and secret belong together: copy both again from the server's settings."
        return problem("keys", f"the server refuses them (status {status})", remedy)
    return problem("server", f"makes no room: {error or type(error).__name__}", SIGNAL_REMEDY)


async def _room(client: api.LiveKitAPI, name: str, *, look: bool) -> api.Room | None:
    if not look:
        return await client.room.create_room(api.CreateRoomRequest(name=name, empty_timeout=30))
    answer = await client.room.list_rooms(api.ListRoomsRequest(names=[name]))
    return answer.rooms[0] if answer.rooms else None


def _codec(room: api.Room, codec: str) -> Finding:
    enabled = sorted(
        each.mime.partition("/")[2].lower()
        for each in room.enabled_codecs
        if each.mime.startswith("video/") and not each.mime.endswith("rtx")
    )
    if enabled and codec not in enabled:
        remedy = f'Use video_codec="{enabled[0]}", or enable it in the server\'s configuration.'
        return problem("codec", f"{codec} is off in this room; on: {', '.join(enabled)}", remedy)
    return ok("codec", f"{codec} is on")


async def _sync_group(server: Server, name: str, *, look: bool) -> Finding:
    part = "sync group"
    watcher = server.token("livekit-avatar-doctor", name, publish=False)
    try:
        if look:
            found = await synced(server.url, watcher)
        else:
            found = await _with_a_track(server, name, watcher)
    except NothingPublished as error:
        return note(part, str(error), "Run the doctor while an agent is in that room.")
    except (aiohttp.ClientError, rtc.ConnectError) as error:
        return problem("signal", f"cannot join a room: {error}", SIGNAL_REMEDY)
    if found:
        return ok(part, "on: viewers play voice and face in sync")
    if look:
        return problem(part, f"room {name} was made without sync_streams", _sync_remedy())
    return note(part, "new rooms of this server are without sync_streams", _sync_remedy())


async def _with_a_track(server: Server, name: str, watcher: str) -> bool:
    room = rtc.Room()
    await room.connect(server.url, server.token("livekit-avatar-voice", name, publish=True))
    try:
        source = rtc.AudioSource(48_000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("voice", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM)
        await room.local_participant.publish_track(track, options)
        return await synced(server.url, watcher)
    finally:
        await room.disconnect()


def _sync_remedy() -> str:
    return f"Make rooms with it, in the token for example: {SYNC}; see the README."
