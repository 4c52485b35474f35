"""Requests keyframes that no receiver asks for in time.

A receiver that lacks a packet shows a still picture until it gets that packet or a keyframe, and a
browser waits three seconds before it sends a PLI. Three causes, and what is done:

- **A workaround for livekit-server** (1.13.5, `FlagStopRTXOnPLI` and `isNACKThrottled` in
  https://github.com/livekit/livekit/blob/v1.13.5/pkg/sfu/downtrack.go#L2261, since
  https://github.com/livekit/livekit/pull/440): after a subscriber's PLI the server answers none of
  its NACKs until it forwards the next keyframe. A PLI that crosses that keyframe is throttled (500
  ms, `DefaultPLIThrottleConfig`), and NACKs stay unanswered. So one keyframe follows each that a
  receiver asked for. Can go once the server answers NACKs while a PLI is throttled.
- While a connection resumes, packets on its old path are lost for good: keyframes repeat.
- A link that was down has lost more packets than are kept: one keyframe follows the recovery.

A full reconnect needs none: its new encoder begins with a keyframe.
"""

from __future__ import annotations

from collections.abc import Callable

from ..timeline import Clock
from .link_monitor import POLL_S, Handlers, LinkReading

RESUMING_S = 0.4
"""Interval while a connection resumes: a picture may be still for 0.5 s, and every 0.25 s is more
than a slow link carries (docs/reliability.md)."""

NO_PACKET_S = 0.6
"""The server sends RTCP ten times a second with video: no packet for this long is a link down."""

DRAINED_S = 1.0
"""For retransmissions after a link was down: a keyframe would wait behind them
(docs/measurements.md)."""

FOLLOW_UP_S = 0.5
"""From a keyframe that was asked for to the one that follows: a PLI that crossed it on a link of
0.3 s round trip, with jitter, has arrived by then."""

FOLLOW_UP_MAX_S = 1.5
"""The follow-up is postponed no longer than this where several viewers join, each with a PLI."""


class KeyframeRequests:
    """Watches one room and one encoder; on the room's event loop."""

    def __init__(self, *, request: Callable[[], None], clock: Clock) -> None:
        self._request = request
        self._clock = clock
        self.handlers: Handlers = {
            "reconnecting": self._on_reconnecting,
            "local_track_republished": self._on_republished,
            "reconnected": self._on_reconnected,
        }
        self._counted = 0
        self._requested = False
        """Whether the next keyframe counted is ours, and needs no follow-up."""
        self._requested_s = -RESUMING_S
        self._due_s: float | None = None
        self._latest_s = 0.0
        """Until when the follow-up that is due may be postponed."""
        self._resuming = False
        self._link_down = False

    def update(self, reading: LinkReading) -> None:
        """Take the next link reading."""
        now_s = self._clock.now_s()
        encoded, age_s = reading.keyframes_encoded, reading.packet_age_s
        if encoded is not None and self._asked_for(encoded):
            if self._due_s is None:
                self._latest_s = now_s + FOLLOW_UP_MAX_S
            self._due_s = min(now_s + FOLLOW_UP_S, self._latest_s)
        if age_s is not None and self._recovered(age_s):
            self._due_s = now_s + DRAINED_S
        repeat = self._resuming and now_s >= self._requested_s + RESUMING_S - POLL_S / 2
        if repeat or (self._due_s is not None and now_s >= self._due_s):
            self._due_s = None
            self._requested, self._requested_s = True, now_s
            self._request()

    def _on_reconnecting(self) -> None:
        self._resuming = True

    def _on_republished(self, *_: object) -> None:
        self._resuming = self._requested = False
        self._counted = 0

    def _on_reconnected(self) -> None:
        if self._resuming:
            self._due_s = self._clock.now_s()
        self._resuming = False

    def _recovered(self, packet_age_s: float) -> bool:
        """Whether packets arrive over a link that was down at the last reading."""
        was_down, self._link_down = self._link_down, packet_age_s > NO_PACKET_S
        return was_down and not self._link_down

    def _asked_for(self, encoded: int) -> bool:
        """Whether a receiver asked for a keyframe since the last reading."""
        # A track that was published anew counts anew.
        new = encoded - self._counted if encoded >= self._counted else encoded
        self._counted = encoded
        if new and self._requested:
            self._requested = False
            new -= 1
        return new > 0
