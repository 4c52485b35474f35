"""A room without a server: it answers, delays its answers, or never answers."""

from __future__ import annotations

import asyncio
import itertools
from typing import cast

from livekit import rtc


class Publication:
    """A track of the local participant."""

    muted = False

    def __init__(self, sid: str, track: rtc.LocalTrack) -> None:
        self.sid, self.track, self.kind, self.name = sid, track, track.kind, track.name
        self.subscribed = asyncio.Event()

    async def wait_for_subscription(self) -> None:
        await self.subscribed.wait()


class LocalParticipant:
    """Publishes as `rtc.LocalParticipant` does: it waits for the answer, for ever if none comes."""

    identity = "agent"
    kind = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT

    def __init__(self, room: SimulatedRoom) -> None:
        self._room = room
        self._sids = itertools.count(1)
        self.track_publications: dict[str, Publication] = {}

    async def publish_track(
        self, track: rtc.LocalTrack, options: rtc.TrackPublishOptions
    ) -> Publication:
        await self._room.answer()
        if track.kind in self._room.refused:
            raise rtc.participant.PublishTrackError("refused")
        publication = Publication(f"TR_{next(self._sids)}", track)
        self.track_publications[publication.sid] = publication
        if self._room.viewers:
            publication.subscribed.set()
        self._room.emit("local_track_published", publication, track)
        return publication

    async def unpublish_track(self, sid: str) -> None:
        await self._room.answer()
        del self.track_publications[sid]


class SimulatedRoom(rtc.EventEmitter[str]):
    """A connected room.

    Args:
        viewers: Whether a viewer subscribes to each track at once.
        latency_s: Between a request and its answer.
        refused: Kinds of tracks that may not be published.
    """

    name = "simulated"

    def __init__(
        self,
        *,
        viewers: bool = True,
        latency_s: float = 0.0,
        refused: tuple[rtc.TrackKind.ValueType, ...] = (),
    ) -> None:
        super().__init__()
        self.viewers, self.latency_s, self.refused = viewers, latency_s, refused
        self.local_participant = LocalParticipant(self)
        self.remote_participants: dict[str, rtc.RemoteParticipant] = {}
        self.answers = True
        self._connected = True

    @property
    def as_room(self) -> rtc.Room:
        """This room, for type checkers."""
        return cast(rtc.Room, self)

    def isconnected(self) -> bool:
        return self._connected

    async def answer(self) -> None:
        """Wait for the server's answer; for ever where the room has gone."""
        await asyncio.sleep(self.latency_s)
        if not (self._connected and self.answers):
            await asyncio.Event().wait()

    def disconnect(self) -> None:
        """Leave, or be sent away; answers that are under way never come."""
        if self._connected:
            self._connected = False
            self.emit("connection_state_changed", rtc.ConnectionState.CONN_DISCONNECTED)
            self.emit("disconnected", rtc.DisconnectReason.ROOM_DELETED)

    @property
    def listeners(self) -> int:
        """How many handlers are attached."""
        return sum(len(handlers) for handlers in self._events.values())
