"""Sees as a viewer whether a LiveKit room plays the tracks of a participant in sync.

A server tells it to receivers alone, in the session description of its offer: the tracks of one
sync group share the name of a stream (`PA_x|avatar`), others have each its own (`PA_x|TR_y`). So a
hidden participant joins, answers offers until one has media, and leaves. It receives no media.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import aiohttp
from livekit.protocol.rtc import SignalRequest, SignalResponse

PROTOCOL = 15
"""The version of LiveKit's signalling in which the server offers and a receiver answers."""

TRACK_S, TRIES = 2.5, 4
"""A server offers the tracks that it has within 0.2 s. One that arrives from its publisher later is
not offered to a connection that is never made: joining again sees it."""

HEAD = ("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0")
UNUSED = (
    "c=IN IP4 0.0.0.0",
    f"a=ice-ufrag:{'doctor' * 2}",
    f"a=ice-pwd:{'doctor' * 5}",
    f"a=fingerprint:sha-256 {':'.join(['00'] * 32)}",
    "a=setup:active",
)
"""What an answer must have, of a connection that is never made."""


class NothingPublished(RuntimeError):
    """No participant of the room publishes a track."""


async def synced(url: str, token: str) -> bool:
    """Whether the tracks in a room are in sync groups.

    Args:
        url: Of the server, "ws://..." or "wss://...".
        token: Of a hidden participant who may subscribe.

    Raises:
        NothingPublished: There was no track in `TRIES` times `TRACK_S` seconds.
        aiohttp.ClientError: The server does not answer, or refuses the token.
    """
    for _ in range(TRIES):
        # `asyncio.timeout` is newer than Python 3.10.
        with suppress(asyncio.TimeoutError):
            return await asyncio.wait_for(_first_stream(url, token), TRACK_S)
    raise NothingPublished("no participant of the room publishes a track")


async def _first_stream(url: str, token: str) -> bool:
    wanted = {"access_token": token, "protocol": str(PROTOCOL), "auto_subscribe": "1"}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url.rstrip('/')}/rtc", params=wanted) as socket,
    ):
        async for message in socket:
            response = SignalResponse()
            response.ParseFromString(message.data)
            if response.WhichOneof("message") != "offer":
                continue
            streams = re.findall(r"^a=msid:[^|\s]+\|(\S+) (\S+)", response.offer.sdp, re.MULTILINE)
            if streams:
                return any(stream != track for stream, track in streams)
            request = SignalRequest()
            request.answer.type, request.answer.id = "answer", response.offer.id
            request.answer.sdp = _answer(response.offer.sdp)
            await socket.send_bytes(request.SerializeToString())
    raise NothingPublished("the server ended the connection")


def _answer(offer: str) -> str:
    """Accept an offer that has a data channel alone."""
    lines = list(HEAD)
    for line in offer.splitlines():
        if line.startswith("m="):
            lines += [line, *UNUSED]
        elif line.startswith(("a=group:", "a=mid:", "a=sctp-port:")):
            lines.append(line)
    return "".join(f"{line}\r\n" for line in lines)
