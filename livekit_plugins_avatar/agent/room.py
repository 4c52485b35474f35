"""Makes sure that an avatar's room is connected."""

from __future__ import annotations

from livekit import rtc
from livekit.agents import JobContext

from .last_events import expect


class AvatarError(RuntimeError):
    """An avatar was used in the wrong order, or could not start; the message has the remedy."""


async def connect(room: rtc.Room, job: JobContext | None) -> None:
    """Make sure that the room is connected; the job's own room is connected here if need be."""
    expect()
    if room.isconnected():
        return
    if job is None or job.room is not room:
        raise AvatarError(
            "the avatar publishes into a connected room and this one is not: "
            "`await room.connect(url, token)` before `await face.start(session, room=room)`"
        )
    await job.connect()
