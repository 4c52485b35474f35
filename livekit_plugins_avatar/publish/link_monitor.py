"""Polls the RTC statistics of the published tracks, once for everything that watches the link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiRequest
from livekit.rtc._proto.stats_pb2 import RtcStats

from ..log import logger
from ..timeline import Clock
from .ffi_requests import perform

POLL_S = 0.2
"""The server sends RTCP ten times a second with video: two reports lie between two polls."""

Handlers = Mapping[str, Callable[..., None]]
"""What is called for each of the room's events, by the event's name."""


@dataclass(frozen=True, slots=True)
class LinkReading:
    """What one poll found; None is unknown.

    Args:
        packet_age_s: Time since the last packet from the server.
        keyframes_encoded: How many keyframes the encoder of the current track has made.
        video_active: False while the encoder rests: in a room with `dynacast` the server tells the
            SDK, about five seconds after the last subscriber has left, recorders included.
    """

    packet_age_s: float | None = None
    keyframes_encoded: int | None = None
    video_active: bool = True

    @classmethod
    def of(cls, reports: Sequence[RtcStats], wall_s: float) -> LinkReading:
        """Read the statistics of a track, taken at `wall_s`."""
        stamps_ms = [
            report.candidate_pair.candidate_pair.last_packet_received_timestamp
            for report in reports
            if report.WhichOneof("stats") == "candidate_pair"
        ]
        encoders = [
            report.outbound_rtp.outbound
            for report in reports
            if report.WhichOneof("stats") == "outbound_rtp"
            and report.outbound_rtp.stream.kind == "video"
        ]
        last_ms = max(stamps_ms, default=0.0)
        return cls(
            packet_age_s=wall_s - last_ms / 1e3 if last_ms else None,
            keyframes_encoded=max((each.key_frames_encoded for each in encoders), default=None),
            video_active=not encoders or any(each.active for each in encoders),
        )


async def statistics(track: rtc.Track) -> Sequence[RtcStats]:
    """The RTC statistics of a track; raises a RuntimeError with the SDK's error."""

    def fill(request: FfiRequest, request_id: int) -> None:
        request.get_stats.track_handle = track._ffi_handle.handle
        request.get_stats.request_async_id = request_id

    reports: Sequence[RtcStats] = (await perform(fill)).stats
    return reports


class LinkWatcher(Protocol):
    """Takes readings and the room's events."""

    @property
    def handlers(self) -> Handlers: ...

    def update(self, reading: LinkReading) -> None: ...


class LinkMonitor:
    """Passes a reading every `POLL_S`, and the room's events, to all watchers."""

    def __init__(
        self,
        room: rtc.Room,
        read: Callable[[], Awaitable[LinkReading]],
        watchers: Sequence[LinkWatcher],
        *,
        clock: Clock,
    ) -> None:
        self._room = room
        self._read = read
        self._watchers = watchers
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self.reading = LinkReading()
        """The latest reading."""

    def start(self) -> None:
        """Attach the watchers to the room and begin to poll."""
        for watcher in self._watchers:
            for event, handler in watcher.handlers.items():
                self._room.on(event, handler)  # type: ignore[arg-type]
        self._task = asyncio.create_task(self._poll(), name="avatar-link-monitor")

    async def aclose(self) -> None:
        """Stop; works before `start` and any number of times."""
        for watcher in self._watchers:
            for event, handler in watcher.handlers.items():
                self._room.off(event, handler)  # type: ignore[arg-type]
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _poll(self) -> None:
        while True:
            # A viewer who comes then must see the face within 0.3 s.
            await self._clock.sleep(POLL_S if self.reading.video_active else POLL_S / 2)
            self.reading = await self._read()
            for watcher in self._watchers:
                try:
                    watcher.update(self.reading)
                except Exception:
                    logger.exception(
                        "link monitor: a watcher failed on a reading; polling continues",
                        extra={"watcher": type(watcher).__name__},
                    )
