"""Keyframes are requested where a receiver would show a still picture for too long."""

from __future__ import annotations

from typing import Any

import numpy as np
from livekit import rtc

from livekit_plugins_avatar.publish.keyframes import (
    DRAINED_S,
    FOLLOW_UP_MAX_S,
    FOLLOW_UP_S,
    RESUMING_S,
    KeyframeRequests,
)
from livekit_plugins_avatar.publish.link_monitor import POLL_S, LinkReading

from ..manual_clock import ManualClock


class Stage:
    """An encoder that makes a keyframe for each request, on the test's clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.room: rtc.EventEmitter[Any] = rtc.EventEmitter()
        self.encoded: int | None = 0
        self.packet_age_s: float | None = 0.05
        self.encodes_requests = True
        self.requests_s: list[float] = []
        self.keyframes = KeyframeRequests(request=self.request, clock=self.clock)
        for event, handler in self.keyframes.handlers.items():
            self.room.on(event, handler)

    def request(self) -> None:
        self.requests_s.append(self.clock.now_s() - 100.0)
        if self.encodes_requests:
            self.encoded = (self.encoded or 0) + 1

    def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / POLL_S)):
            self.clock.advance(POLL_S)
            self.keyframes.update(LinkReading(self.packet_age_s, self.encoded))


def test_one_keyframe_follows_each_that_was_asked_for() -> None:
    """The one that follows has no follow-up of its own."""
    stage = Stage()
    stage.run(1.0)
    stage.encoded = 1
    stage.run(10.0)
    assert len(stage.requests_s) == 1
    assert FOLLOW_UP_S <= stage.requests_s[0] - 1.0 <= FOLLOW_UP_S + 2 * POLL_S
    stage.encoded = 4
    stage.run(10.0)
    assert len(stage.requests_s) == 2


def test_one_keyframe_follows_a_link_down() -> None:
    """It waits until retransmissions have had their time."""
    stage = Stage()
    stage.run(1.0)
    for stage.packet_age_s in (0.3, 0.5, 0.9, 1.2):
        stage.run(POLL_S)
    assert stage.requests_s == []
    stage.packet_age_s = 0.1
    stage.run(5.0)
    stage.packet_age_s = None
    stage.run(1.0)
    (request_s,) = stage.requests_s
    assert 1.8 + DRAINED_S <= request_s <= 1.8 + DRAINED_S + 2 * POLL_S


def test_one_keyframe_follows_several_that_were_asked_for_in_a_row() -> None:
    """A new PLI postpones the follow-up."""
    stage = Stage()
    for _ in range(3):
        stage.encoded = (stage.encoded or 0) + 1
        stage.run(0.4)
    stage.run(5.0)
    assert len(stage.requests_s) == 1 and stage.requests_s[0] > 0.8 + FOLLOW_UP_S


def test_a_follow_up_is_not_postponed_for_ever() -> None:
    """It comes in time however many PLIs there are."""
    stage = Stage()
    for _ in range(20):
        stage.encoded = (stage.encoded or 0) + 1
        stage.run(0.4)
    assert np.diff([0.0, *stage.requests_s]).max() <= FOLLOW_UP_MAX_S + 0.4 + 2 * POLL_S


def test_keyframes_repeat_while_a_connection_resumes() -> None:
    """One more follows when it has resumed."""
    stage = Stage()
    stage.run(1.0)
    stage.room.emit("reconnecting")
    stage.run(3.0)
    apart_s = np.diff(stage.requests_s)
    assert apart_s.max() <= RESUMING_S + 0.01 and apart_s.min() >= RESUMING_S - POLL_S / 2
    before = len(stage.requests_s)
    stage.room.emit("reconnected")
    stage.run(5.0)
    assert len(stage.requests_s) == before + 1


def test_a_full_reconnect_requests_no_keyframe() -> None:
    """A new encoder begins with one by itself."""
    stage = Stage()
    stage.run(1.0)
    stage.room.emit("reconnecting")
    stage.room.emit("local_track_republished", None, None)
    stage.run(2.0)
    stage.room.emit("reconnected")
    stage.run(2.0)
    assert stage.requests_s == []


def test_a_request_that_the_encoder_ignores_is_not_repeated() -> None:
    """One keyframe that was asked for gives one request."""
    stage = Stage()
    stage.encodes_requests = False
    stage.encoded = 1
    stage.run(10.0)
    assert len(stage.requests_s) == 1


def test_a_new_track_counts_keyframes_from_zero() -> None:
    """A lower count than before is a new track's."""
    stage = Stage()
    stage.encoded = 7
    stage.run(3.0)
    stage.encoded = 1
    stage.run(3.0)
    assert len(stage.requests_s) == 2


def test_unknown_readings_request_nothing() -> None:
    """The statistics may tell nothing for a while."""
    stage = Stage()
    stage.encoded = stage.packet_age_s = None
    stage.run(3.0)
    assert stage.requests_s == []
