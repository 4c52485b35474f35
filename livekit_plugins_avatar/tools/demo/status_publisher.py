"""Publishes the face's status to the room, so that the page shows why the face does what it does.

Packets go over the lossy data channel, at most ten or so a second, and only while a person is in
the room. Each packet is complete, so a lost one needs no repair. A failure here never reaches the
call.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable

from livekit import rtc

from ...agent.participants import is_person
from ...face.status import AvatarStatus
from ...log import logger
from ...session import AvatarSession
from ...timeline import Clock, SystemClock

TOPIC = "avatar.status"
POLL_S = 0.04
"""One frame of the face: a shorter change is not visible in the picture either."""
PACKET_S = 0.08
"""Every other poll: more than ten packets a second cannot be read in a panel."""
HEARTBEAT_S = 1.0
"""A status that does not change is sent this often, for viewers who joined or lost a packet."""
MAX_VISEMES = 32
"""Viseme changes in one packet, far above the usual two; after a pause the oldest are dropped."""
ANGLE_DIGITS = 2
"""Angles are rounded to 0.01 rad (0.6 degrees), so that a trembling gaze counts as unchanged."""


class StatusPackets:
    """Decides when a status is worth a packet, and builds the packet."""

    def __init__(self) -> None:
        self._viseme = ""
        self._visemes: deque[tuple[str, float]] = deque(maxlen=MAX_VISEMES)
        self._sent: dict[str, object] = {}
        self._sent_s = float("-inf")

    def next(self, now_s: float, status: AvatarStatus, hears: str | None = None) -> bytes | None:
        """The packet to send at `now_s`, or None when nothing changed or the last is too recent.

        Args:
            now_s: On a monotonic clock; never less than at the last call.
            status: Of the face, now.
            hears: Identity of the participant whom the agent hears.

        Returns:
            JSON with the fields of `status`, `hears`, and `visemes`: the viseme changes since the
            last packet, each a name and its age in milliseconds.
        """
        if status.viseme != self._viseme:
            self._viseme = status.viseme
            self._visemes.append((status.viseme, now_s))
        since_s = now_s - self._sent_s
        if since_s < PACKET_S:
            return None
        fields = {**_fields(status), "hears": hears}
        if fields == self._sent and not self._visemes and since_s < HEARTBEAT_S:
            return None
        changes = [[name, round(1000 * (now_s - came_s))] for name, came_s in self._visemes]
        self._visemes.clear()
        self._sent, self._sent_s = fields, now_s
        return json.dumps(fields | {"visemes": changes}, separators=(",", ":")).encode()


async def publish_status(
    face: AvatarSession,
    room: rtc.Room,
    *,
    hears: Callable[[], str | None] = lambda: None,
    clock: Clock | None = None,
) -> None:
    """Publish the status of `face` until cancelled.

    An error ends the publishing, is logged once, and goes no further.

    Args:
        face: Its `status` is polled.
        room: Receives the packets.
        hears: Gives the identity of the participant whom the agent hears.
        clock: Paces the polls; the system's unless given.
    """
    clock = clock or SystemClock()
    packets = StatusPackets()
    try:
        while True:
            await clock.sleep(POLL_S)
            if not has_viewer(room):
                continue
            packet = packets.next(clock.now_s(), face.status, hears())
            if packet is not None:
                await _send(room, packet)
    except Exception:
        logger.exception(
            "status publisher: it failed; the page shows no status any more, the call goes on"
        )


def has_viewer(room: rtc.Room) -> bool:
    """Whether a person is in the room, beside agents and recorders."""
    return room.isconnected() and any(map(is_person, room.remote_participants.values()))


def _fields(status: AvatarStatus) -> dict[str, object]:
    return {
        "state": status.state,
        "looking_at": status.looking_at,
        "yaw_rad": round(status.yaw_rad, ANGLE_DIGITS),
        "pitch_rad": round(status.pitch_rad, ANGLE_DIGITS),
        "expression": status.expression,
        "viseme": status.viseme,
    }


async def _send(room: rtc.Room, packet: bytes) -> None:
    try:
        await room.local_participant.publish_data(packet, reliable=False, topic=TOPIC)
    except rtc.participant.PublishDataError as error:
        # For instance while the room reconnects; the next packet is complete again.
        logger.debug("status publisher: a packet could not be sent: %s", error)
