"""Whether anybody hears, as told by a room that goes away and comes back."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from livekit_plugins_avatar.publish.connectivity import LISTENER_S, SILENT_S, Connectivity
from livekit_plugins_avatar.timeline import ManualClock, samples


class Stage:
    """An audience in a room that the test makes come and go."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.room: rtc.EventEmitter[Any] = rtc.EventEmitter()
        self.silence_s: float | None = 0.1
        self.heard: list[int | str] = []
        self.audience = Connectivity(
            cast(rtc.Room, self.room),
            voice=lambda: "TR_voice",
            silence_s=self.silence,
            playhead=lambda: samples(self.clock.now_s()),
            clock=self.clock,
            on_lost=self.heard.append,
            on_regained=lambda: self.heard.append("again"),
        )
        self.audience.attach()

    async def silence(self) -> float | None:
        return self.silence_s

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.1)):
            for _ in range(5):
                await asyncio.sleep(0)
            self.clock.advance(0.1)
            if self.silence_s is not None and self.silence_s > 0.1:
                self.silence_s += 0.1

    def tell(self, event: str, sid: str | None = None) -> None:
        self.room.emit(event, *([SimpleNamespace(sid=sid)] if sid else []))


async def test_a_resumed_connection_on_which_media_flow_loses_nothing() -> None:
    stage = Stage()
    stage.tell("reconnecting")
    await stage.run(5.0)
    stage.tell("reconnected")
    await stage.run(1.0)
    assert stage.heard == []
    assert stage.audience.reconnections == 1


async def test_a_link_that_is_down_loses_what_left_since_its_last_packet() -> None:
    stage = Stage()
    stage.silence_s = 3.0
    stage.tell("reconnecting")
    await stage.run(2.0)
    first = stage.heard[0]
    assert isinstance(first, int) and abs(first - samples(97.0)) <= samples(0.01)
    stage.tell("reconnected")
    await stage.run(0.5)
    assert "again" not in stage.heard, "connected, but nothing comes back yet"
    stage.silence_s = 0.1
    await stage.run(0.5)
    assert stage.heard[-1] == "again"


async def test_after_a_full_reconnect_nobody_hears_before_somebody_subscribes() -> None:
    stage = Stage()
    stage.tell("reconnecting")
    await stage.run(0.3)
    stage.tell("local_track_republished", "TR_voice")
    stage.tell("reconnected")
    await stage.run(1.0)
    stage.tell("local_track_subscribed", "TR_face")
    await stage.run(0.5)
    assert stage.heard == [samples(100.0)]
    stage.tell("local_track_subscribed", "TR_voice")
    await stage.run(0.5)
    assert stage.heard == [samples(100.0), "again"]


async def test_a_subscriber_may_come_before_the_room_says_that_it_is_back() -> None:
    stage = Stage()
    stage.tell("reconnecting")
    await stage.run(0.3)
    stage.tell("local_track_republished", "TR_voice")
    stage.tell("local_track_subscribed", "TR_voice")
    stage.tell("reconnected")
    await stage.run(0.5)
    assert stage.heard == [samples(100.0), "again"]


async def test_a_room_that_nobody_comes_back_to_does_not_hold_the_voice_for_ever(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.tell("reconnecting")
    stage.tell("local_track_republished", "TR_voice")
    stage.tell("reconnected")
    await stage.run(LISTENER_S + 1.0)
    assert stage.heard[-1] == "again"
    assert "nobody has subscribed" in caplog.text


async def test_a_room_that_is_gone_for_good_lets_the_voice_end() -> None:
    stage = Stage()
    stage.silence_s = SILENT_S + 1.0
    stage.tell("reconnecting")
    await stage.run(0.5)
    stage.tell("disconnected")
    assert stage.heard[-1] == "again"
    await stage.audience.aclose()


async def test_where_nothing_is_known_of_the_link_the_voice_goes_on() -> None:
    stage = Stage()
    stage.silence_s = None
    stage.tell("reconnecting")
    await stage.run(5.0)
    stage.tell("reconnected")
    await stage.run(0.5)
    assert stage.heard == []


async def test_it_closes_at_any_time_and_twice_and_hears_no_more() -> None:
    stage = Stage()
    stage.tell("reconnecting")
    await stage.run(0.3)
    await stage.audience.aclose()
    await stage.audience.aclose()
    stage.tell("local_track_republished", "TR_voice")
    assert stage.heard == []
