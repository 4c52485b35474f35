"""The page is told what goes on in the face: when it changes, and not more than it can use."""

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
from livekit_plugins_avatar.timeline import ManualClock
from livekit_plugins_avatar.tools.demo.status import (
    HEARTBEAT_S,
    LOOK_S,
    MOST_VISEMES,
    PACKET_S,
    TOPIC,
    Telling,
    is_watched,
    tell,
)

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


def told(telling: Telling, seconds: float, moment: AvatarStatus, start_s: float = 0.0) -> list[Any]:
    """The packets of a mind that stays as it is for some seconds, read."""
    looks = range(round(seconds / LOOK_S))
    packets = [telling.moment(start_s + look * LOOK_S, moment) for look in looks]
    return [json.loads(packet) for packet in packets if packet is not None]


def test_a_packet_has_the_whole_mind() -> None:
    moment = a_status(looking_at="visitor-1", yaw_rad=0.21, viseme="aa")
    packet = Telling().moment(7.0, moment, "visitor-2")
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


def test_a_mind_at_rest_is_told_at_a_slow_heartbeat() -> None:
    assert len(told(Telling(), 10 * HEARTBEAT_S, a_status())) == 10


def test_a_gaze_that_only_trembles_is_at_rest() -> None:
    telling = Telling()
    assert telling.moment(0.0, a_status(yaw_rad=0.001))
    assert telling.moment(HEARTBEAT_S / 2, a_status(yaw_rad=-0.002)) is None


def test_a_mind_that_always_changes_is_told_some_ten_times_a_second() -> None:
    telling = Telling()
    moments = [(look * LOOK_S, a_status(yaw_rad=0.02 * look)) for look in range(round(10 / LOOK_S))]
    packets = [telling.moment(now_s, moment) for now_s, moment in moments]
    assert 80 <= sum(packet is not None for packet in packets) <= 10 / PACKET_S + 1


def test_a_viseme_that_comes_and_goes_between_two_packets_is_told_with_its_age() -> None:
    telling = Telling()
    telling.moment(0.0, a_status())
    telling.moment(0.03, a_status(viseme="PP"))
    telling.moment(0.06, a_status(viseme="aa"))
    packet = telling.moment(0.10, a_status(viseme="aa"))
    assert packet is not None
    assert json.loads(packet)["visemes"] == [["PP", 70], ["aa", 40]]


def test_a_packet_stays_small_however_long_none_could_be_made() -> None:
    telling = Telling()
    telling.moment(0.0, a_status())
    for look in range(1000):
        telling.moment(0.00001 * look, a_status(viseme=("aa", "PP")[look % 2]))
    packet = telling.moment(PACKET_S, a_status(viseme="U"))
    assert packet is not None
    assert len(json.loads(packet)["visemes"]) == MOST_VISEMES
    assert len(packet) < 1000


class Room:
    """A room as far as the telling knows it, that can fail."""

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


def test_an_empty_room_a_recorder_and_a_lost_connection_are_not_told() -> None:
    assert not is_watched(a_room())
    assert not is_watched(a_room(EGRESS))
    assert is_watched(a_room(EGRESS, STANDARD))
    room = a_room(STANDARD)
    room.connected = False
    assert not is_watched(room)


async def pass_time(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds / LOOK_S)):
        await asyncio.sleep(0)
        clock.advance(LOOK_S)
        await asyncio.sleep(0)


async def test_the_room_is_told_on_the_lossy_channel_and_goes_on_after_a_failure() -> None:
    clock, room = ManualClock(), a_room(STANDARD)
    face = cast(AvatarSession, SimpleNamespace(status=a_status()))
    telling = asyncio.create_task(tell(face, room, clock=clock))
    await pass_time(clock, 1.5 * HEARTBEAT_S)
    assert [(reliable, topic) for _, reliable, topic in room.sent] == [(False, TOPIC)] * 2
    room.broken = True
    await pass_time(clock, 2 * HEARTBEAT_S)
    room.broken = False
    await pass_time(clock, 2 * HEARTBEAT_S)
    assert len(room.sent) == 4
    telling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await telling


async def test_a_mind_that_fails_ends_the_telling_with_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        @property
        def a_status(self) -> AvatarStatus:
            raise ZeroDivisionError

    clock = ManualClock()
    with caplog.at_level(logging.ERROR):
        face = cast(AvatarSession, Broken())
        telling = asyncio.create_task(tell(face, a_room(STANDARD), clock=clock))
        await pass_time(clock, 1.0)
        await telling
    assert [record.levelname for record in caplog.records] == ["ERROR"]
