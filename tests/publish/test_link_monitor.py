"""One poll of RTC statistics serves every watcher of the link."""

from __future__ import annotations

import asyncio

import pytest
from livekit.rtc._proto.stats_pb2 import RtcStats

from livekit_plugins_avatar.publish.link_monitor import POLL_S, Handlers, LinkMonitor, LinkReading

from ..manual_clock import ManualClock
from ..simulated_room import SimulatedRoom


class Watcher:
    """Keeps the readings it gets, and fails on the first if asked to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.events: list[str] = []
        self.handlers: Handlers = {"reconnecting": lambda: self.events.append("reconnecting")}
        self.readings: list[LinkReading] = []
        self._fails = fails

    def update(self, reading: LinkReading) -> None:
        self.readings.append(reading)
        if self._fails and len(self.readings) == 1:
            raise RuntimeError("on purpose")


async def test_every_watcher_gets_every_reading(caplog: pytest.LogCaptureFixture) -> None:
    """Also after a watcher has failed, and nothing after `aclose`; events of the room likewise."""
    clock, asked = ManualClock(), 0
    watchers = [Watcher(fails=True), Watcher()]

    async def read() -> LinkReading:
        nonlocal asked
        asked += 1
        return LinkReading(keyframes_encoded=asked)

    room = SimulatedRoom()
    monitor = LinkMonitor(room.as_room, read, watchers, clock=clock)
    await monitor.aclose()
    monitor.start()
    room.emit("reconnecting")
    for _ in range(3):
        await asyncio.sleep(0)
        clock.advance(POLL_S)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await monitor.aclose()
    expected = [LinkReading(keyframes_encoded=count) for count in (1, 2, 3)]
    assert [watcher.readings for watcher in watchers] == [expected, expected]
    room.emit("reconnecting")
    assert [watcher.events for watcher in watchers] == [["reconnecting"]] * 2
    assert "a watcher failed" in caplog.text


def test_a_reading_takes_the_newest_packet_and_the_video_encoder() -> None:
    """Audio has no keyframes, and an old path's last packet does not count."""
    reports = [RtcStats() for _ in range(4)]
    for report, stamp_ms in zip(reports[:2], (90_000.0, 99_500.0), strict=True):
        report.candidate_pair.candidate_pair.last_packet_received_timestamp = stamp_ms
    for report, kind, keyframes in zip(reports[2:], ("audio", "video"), (9, 3), strict=True):
        report.outbound_rtp.stream.kind = kind
        report.outbound_rtp.outbound.key_frames_encoded = keyframes
        report.outbound_rtp.outbound.active = kind == "audio"
    assert LinkReading.of(reports, 100.0) == LinkReading(0.5, 3, video_active=False)
    assert LinkReading.of([], 100.0) == LinkReading(None, None, video_active=True)
