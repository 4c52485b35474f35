"""The page gets the face's status when it changes, and not more often than it can show."""

from __future__ import annotations

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.face.status import AvatarStatus
from livekit_plugins_avatar.tools.demo.status_publisher import (
    HEARTBEAT_S,
    MAX_VISEMES,
    PACKET_S,
    POLL_S,
    TOPIC,
    StatusPackets,
    has_viewer,
    publish_status,
)

from ...manual_clock import ManualClock

STANDARD = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
EGRESS = rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS


def a_status(**changes: Any) -> AvatarStatus:
    fields: dict[str, Any] = {
        "state": "listening",
        "looking_at": "camera",
        "yaw_rad": 0.0,
        "pitch_rad": 0.0,
        "viseme": "sil",
        "expression": "neutral",
    }
    return AvatarStatus(**fields | changes)


def test_packet() -> None:
    """A packet has the whole status."""
    moment = a_status(looking_at="visitor-1", yaw_rad=0.21, viseme="aa")
    packet = StatusPackets().next(7.0, moment, "visitor-2")
    assert packet is not None
    assert json.loads(packet) == {
        "state": "listening",
        "looking_at": "visitor-1",
        "yaw_rad": 0.21,
        "pitch_rad": 0.0,
        "expression": "neutral",
        "viseme": "aa",
        "hears": "visitor-2",
        "visemes": [["aa", 0]],
    }


def test_heartbeat() -> None:
    """A status that does not change is sent once a second."""
    packets = StatusPackets()
    polls = range(round(10 * HEARTBEAT_S / POLL_S))
    sent = [packets.next(poll * POLL_S, a_status()) for poll in polls]
    assert sum(packet is not None for packet in sent) == 10


def test_trembling_gaze() -> None:
    """A gaze that trembles by less than a degree counts as unchanged."""
    packets = StatusPackets()
    assert packets.next(0.0, a_status(yaw_rad=0.001))
    assert packets.next(HEARTBEAT_S / 2, a_status(yaw_rad=-0.002)) is None


def test_rate() -> None:
    """A status that always changes is sent some ten times a second."""
    packets = StatusPackets()
    moments = [(poll * POLL_S, a_status(yaw_rad=0.02 * poll)) for poll in range(round(10 / POLL_S))]
    sent = [packets.next(now_s, moment) for now_s, moment in moments]
    assert 80 <= sum(packet is not None for packet in sent) <= 10 / PACKET_S + 1


def test_viseme_between_packets() -> None:
    """A viseme that comes and goes between two packets is sent with its age."""
    packets = StatusPackets()
    packets.next(0.0, a_status())
    packets.next(0.03, a_status(viseme="PP"))
    packets.next(0.06, a_status(viseme="aa"))
    packet = packets.next(0.10, a_status(viseme="aa"))
    assert packet is not None
    assert json.loads(packet)["visemes"] == [["PP", 70], ["aa", 40]]


def test_size() -> None:
    """A packet stays small, however many visemes came since the last."""
    packets = StatusPackets()
    packets.next(0.0, a_status())
    for poll in range(1000):
        packets.next(0.00001 * poll, a_status(viseme=("aa", "PP")[poll % 2]))
    packet = packets.next(PACKET_S, a_status(viseme="U"))
    assert packet is not None
    assert len(json.loads(packet)["visemes"]) == MAX_VISEMES
    assert len(packet) < 1000


class Room:
    """A room with participants of some kinds, whose data channel can fail."""

    def __init__(self, *kinds: rtc.ParticipantKind.ValueType) -> None:
        self.sent: list[tuple[bytes, bool, str]] = []
        self.broken = False
        self.connected = True
        self.local_participant = self
        self.remote_participants = {
            str(n): SimpleNamespace(kind=k, attributes={}) for n, k in enumerate(kinds)
        }

    def isconnected(self) -> bool:
        return self.connected

    async def publish_data(self, payload: bytes, *, reliable: bool, topic: str) -> None:
        if self.broken:
            raise rtc.participant.PublishDataError("the channel is closed")
        self.sent.append((payload, reliable, topic))


def a_room(*kinds: rtc.ParticipantKind.ValueType) -> Any:
    return Room(*kinds)


def test_viewers() -> None:
    """An empty room, a recorder and a lost connection are no viewers."""
    assert not has_viewer(a_room())
    assert not has_viewer(a_room(EGRESS))
    assert has_viewer(a_room(EGRESS, STANDARD))
    room = a_room(STANDARD)
    room.connected = False
    assert not has_viewer(room)


async def pass_time(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds / POLL_S)):
        await asyncio.sleep(0)
        clock.advance(POLL_S)
        await asyncio.sleep(0)


async def test_lossy_channel() -> None:
    """Packets use the lossy channel, and go on after one could not be sent."""
    clock, room = ManualClock(), a_room(STANDARD)
    face = cast(AvatarSession, SimpleNamespace(status=a_status()))
    publishing = asyncio.create_task(publish_status(face, room, clock=clock))
    await pass_time(clock, 1.5 * HEARTBEAT_S)
    assert [(reliable, topic) for _, reliable, topic in room.sent] == [(False, TOPIC)] * 2
    room.broken = True
    await pass_time(clock, 2 * HEARTBEAT_S)
    room.broken = False
    await pass_time(clock, 2 * HEARTBEAT_S)
    assert len(room.sent) == 4
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing


async def test_failure(caplog: pytest.LogCaptureFixture) -> None:
    """A status that raises ends the publishing with one log record."""

    class Broken:
        @property
        def status(self) -> AvatarStatus:
            raise ZeroDivisionError

    clock = ManualClock()
    with caplog.at_level(logging.ERROR):
        face = cast(AvatarSession, Broken())
        publishing = asyncio.create_task(publish_status(face, a_room(STANDARD), clock=clock))
        await pass_time(clock, 1.0)
        await publishing
    assert [record.levelname for record in caplog.records] == ["ERROR"]
