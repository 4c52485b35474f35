"""The mind, told to the page, so that people see why the face does what it does.

In flow moments of an avatar's mind, one for each frame or so, and whom its agent hears; out flow
small packets on the room's lossy channel, while somebody is there to see them. Every packet is
whole: one that is lost is not missed. Nothing here can hurt the call.
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
LOOK_S = 0.04
"""A frame of the face: what lasts less than this is not seen in the picture either."""
PACKET_S = 0.08
"""Every other look: some ten packets a second, as fast as anybody reads a panel."""
HEARTBEAT_S = 1.0
"""A mind at rest is told this often, to whoever came in since, or lost the last packet."""
MOST_VISEMES = 32
"""Changes of the mouth that one packet tells of: far more than the two or so that it should have,
after a pause in which nothing could be sent. The oldest go."""
ANGLE_DIGITS = 2
"""Angles are told to 0.01 rad (0.6 degrees): a gaze that only trembles is at rest."""


class Telling:
    """Decides, moment by moment, what is worth telling of a mind."""

    def __init__(self) -> None:
        self._viseme = ""
        self._visemes: deque[tuple[str, float]] = deque(maxlen=MOST_VISEMES)
        self._told: dict[str, object] = {}
        self._told_s = float("-inf")

    def moment(self, now_s: float, mind: AvatarStatus, hears: str | None = None) -> bytes | None:
        """The packet to send at `now_s`, or None when there is nothing new or it is too soon.

        Returns:
            JSON with the fields of `mind`; `hears`, the identity of the one whom the agent hears;
            and `visemes`: the changes of the mouth since the last packet, each a name and how many
            milliseconds ago it came.
        """
        if mind.viseme != self._viseme:
            self._viseme = mind.viseme
            self._visemes.append((mind.viseme, now_s))
        since_s = now_s - self._told_s
        if since_s < PACKET_S:
            return None
        told = {**_fields(mind), "hears": hears}
        if told == self._told and not self._visemes and since_s < HEARTBEAT_S:
            return None
        changes = [[name, round(1000 * (now_s - came_s))] for name, came_s in self._visemes]
        self._visemes.clear()
        self._told, self._told_s = told, now_s
        return json.dumps(told | {"visemes": changes}, separators=(",", ":")).encode()


async def tell(
    face: AvatarSession,
    room: rtc.Room,
    *,
    hears: Callable[[], str | None] = lambda: None,
    clock: Clock | None = None,
) -> None:
    """Tell the room what goes on in `face`, until cancelled.

    An error ends the telling, is logged once, and goes no further.

    Args:
        face: Asked for its mind.
        room: Told of it.
        hears: The identity of the one whom the agent hears now, if any.
        clock: Paces the telling; the system's unless given.
    """
    clock = clock or SystemClock()
    telling = Telling()
    try:
        while True:
            await clock.sleep(LOOK_S)
            if not is_watched(room):
                continue
            packet = telling.moment(clock.now_s(), face.status, hears())
            if packet is not None:
                await _send(room, packet)
    except Exception:
        logger.exception("the page hears no more of the face's mind; the call goes on")


def is_watched(room: rtc.Room) -> bool:
    """Whether somebody is in the room: not only agents and recorders."""
    return room.isconnected() and any(map(is_person, room.remote_participants.values()))


def _fields(mind: AvatarStatus) -> dict[str, object]:
    return {
        "state": mind.state,
        "looking_at": mind.looking_at,
        "yaw_rad": round(mind.yaw_rad, ANGLE_DIGITS),
        "pitch_rad": round(mind.pitch_rad, ANGLE_DIGITS),
        "expression": mind.expression,
        "viseme": mind.viseme,
    }


async def _send(room: rtc.Room, packet: bytes) -> None:
    try:
        await room.local_participant.publish_data(packet, reliable=False, topic=TOPIC)
    except rtc.participant.PublishDataError as error:
        # As while a connection is mended: the next packet tells it all anew.
        logger.debug("a packet about the face's mind could not be sent: %s", error)
