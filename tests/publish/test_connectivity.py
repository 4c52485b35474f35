"""Audio counts as lost or received as the room goes away and comes back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from livekit import rtc

from livekit_plugins_avatar.publish.connectivity import (
    LINK_DOWN_S,
    SUBSCRIBER_WAIT_S,
    Connectivity,
)
from livekit_plugins_avatar.publish.link_monitor import POLL_S, LinkReading
from livekit_plugins_avatar.timeline import samples

from ..manual_clock import ManualClock


class Stage:
    """A room that the test disconnects and reconnects, and a link that it reads."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.room: rtc.EventEmitter[Any] = rtc.EventEmitter()
        self.packet_age_s: float | None = 0.1
        self.calls: list[int | str] = []
        self.connectivity = Connectivity(
            voice_sid=lambda: "TR_voice",
            playhead=lambda: samples(self.clock.now_s()),
            clock=self.clock,
            on_lost=self.calls.append,
            on_regained=lambda: self.calls.append("regained"),
        )
        for event, handler in self.connectivity.handlers.items():
            self.room.on(event, handler)

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / POLL_S)):
            self.clock.advance(POLL_S)
            if self.packet_age_s is not None and self.packet_age_s > 0.1:
                self.packet_age_s += POLL_S
            self.connectivity.update(LinkReading(packet_age_s=self.packet_age_s))

    def disconnect(self) -> None:
        state = rtc.ConnectionState.CONN_DISCONNECTED
        self.room.emit("connection_state_changed", state)

    def emit(self, event: str, sid: str | None = None) -> None:
        self.room.emit(event, *([SimpleNamespace(sid=sid)] if sid else []))


def test_a_resumed_connection_with_media_loses_nothing() -> None:
    """Audio that flows while the signal connection resumes is not lost."""
    stage = Stage()
    stage.emit("reconnecting")
    stage.run(5.0)
    stage.emit("reconnected")
    stage.run(1.0)
    assert stage.calls == []
    assert stage.connectivity.reconnections == 1


def test_a_link_down_loses_audio_since_its_last_packet() -> None:
    """Audio is lost from the last packet on, and regained when packets arrive again."""
    stage = Stage()
    stage.packet_age_s = 3.0
    stage.emit("reconnecting")
    stage.run(2.0)
    first = stage.calls[0]
    assert isinstance(first, int) and abs(first - samples(97.0)) <= samples(0.01)
    stage.emit("reconnected")
    stage.run(0.6)
    assert "regained" not in stage.calls, "connected, but no packet has arrived"
    stage.packet_age_s = 0.1
    stage.run(0.6)
    assert stage.calls[-1] == "regained"


def test_a_full_reconnect_loses_audio_until_the_voice_is_subscribed() -> None:
    """A subscription to the video alone does not regain the audio."""
    stage = Stage()
    stage.emit("reconnecting")
    stage.run(0.4)
    stage.emit("local_track_republished", "TR_voice")
    stage.emit("reconnected")
    stage.run(1.0)
    stage.emit("local_track_subscribed", "TR_face")
    stage.run(0.6)
    assert stage.calls == [samples(100.0)]
    stage.emit("local_track_subscribed", "TR_voice")
    stage.run(0.6)
    assert stage.calls == [samples(100.0), "regained"]


def test_a_subscriber_before_reconnected_regains_audio_after_it() -> None:
    """The subscription may come before the room reports that it is reconnected."""
    stage = Stage()
    stage.emit("reconnecting")
    stage.run(0.4)
    stage.emit("local_track_republished", "TR_voice")
    stage.emit("local_track_subscribed", "TR_voice")
    stage.emit("reconnected")
    stage.run(0.6)
    assert stage.calls == [samples(100.0), "regained"]


def test_speech_resumes_without_a_subscriber_after_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A room to which no participant comes back holds the speech for a limited time."""
    stage = Stage()
    stage.emit("reconnecting")
    stage.emit("local_track_republished", "TR_voice")
    stage.emit("reconnected")
    stage.run(SUBSCRIBER_WAIT_S - 1.0)
    assert "regained" not in stage.calls
    stage.run(2.0)
    assert stage.calls[-1] == "regained"
    assert "no subscriber" in caplog.text


def test_a_disconnected_room_releases_the_speech() -> None:
    """Speech does not wait for a room that is gone for good."""
    stage = Stage()
    stage.packet_age_s = LINK_DOWN_S + 1.0
    stage.emit("reconnecting")
    stage.run(0.6)
    stage.disconnect()
    assert stage.calls[-1] == "regained"


def test_an_unknown_link_loses_nothing() -> None:
    """Speech goes on where the statistics tell nothing."""
    stage = Stage()
    stage.packet_age_s = None
    stage.emit("reconnecting")
    stage.run(5.0)
    stage.emit("reconnected")
    stage.run(0.6)
    assert stage.calls == []
