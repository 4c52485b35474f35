"""Decides whether published audio reaches the room.

- A resumed connection loses nothing while media flows, so speech goes on. A link that carries
  no packets for `LINK_DOWN_S` is down, from its last packet on.
- After a full reconnect the tracks are new: audio is lost until a subscriber is back.
- An empty room is no loss: a recorder or a telephone may listen without being listed.
"""

from __future__ import annotations

from collections.abc import Callable

from livekit import rtc

from ..log import logger
from ..timeline import Clock, samples
from .link_monitor import Handlers, LinkReading

LINK_DOWN_S = 1.0
"""The server sends RTCP ten times a second with video, and every 2.5 s without. Used while the room
reconnects, and then until packets come: a voice alone is held for up to 2.5 s longer."""

SUBSCRIBER_WAIT_S = 10.0
"""Speech resumes this long after a full reconnect even without a subscriber: its end is awaited."""


class Connectivity:
    """Follows one room through its reconnections; on the room's event loop.

    `on_lost` is called with the first published sample that was not received.
    """

    def __init__(
        self,
        *,
        voice_sid: Callable[[], str | None],
        playhead: Callable[[], int],
        clock: Clock,
        on_lost: Callable[[int], None],
        on_regained: Callable[[], None],
    ) -> None:
        self._voice_sid = voice_sid
        self._playhead = playhead
        self._clock = clock
        self._on_lost = on_lost
        self._on_regained = on_regained
        self.handlers: Handlers = {
            "reconnecting": self._on_reconnecting,
            "reconnected": self._on_reconnected,
            "local_track_republished": self._on_republished,
            "local_track_subscribed": self._on_subscribed,
            "connection_state_changed": self._on_state,
        }
        self._reconnecting = False
        self._reconnecting_from = 0
        self._unsubscribed = False
        """Whether the tracks are new and the audio track has no subscriber yet."""
        self._lost = False
        self._give_up_s = 0.0
        self.reconnections = 0

    def update(self, reading: LinkReading) -> None:
        """Take the next link reading."""
        age_s = reading.packet_age_s
        down = age_s is not None and age_s > LINK_DOWN_S
        if self._reconnecting:
            if age_s is not None and down:
                self._lose(self._playhead() - samples(age_s))
        elif self._lost:
            gave_up = self._clock.now_s() >= self._give_up_s
            if not (down or self._unsubscribed) or gave_up:
                self._regain()

    def _on_reconnecting(self) -> None:
        self._reconnecting, self._reconnecting_from = True, self._playhead()

    def _on_republished(self, publication: rtc.LocalTrackPublication, *_: object) -> None:
        if publication.sid == self._voice_sid():
            self._unsubscribed = True
            self._lose(self._reconnecting_from)

    def _on_reconnected(self) -> None:
        self._reconnecting = False
        self._give_up_s = self._clock.now_s() + SUBSCRIBER_WAIT_S
        self.reconnections += 1

    def _on_subscribed(self, track: rtc.LocalTrack) -> None:
        if track.sid == self._voice_sid():
            self._unsubscribed = False

    def _on_state(self, state: rtc.ConnectionState.ValueType) -> None:
        if state == rtc.ConnectionState.CONN_DISCONNECTED:
            # For good: speech that is still queued plays out, so that the session can end.
            self._reconnecting = self._unsubscribed = False
            self._regain()

    def _lose(self, sample: int) -> None:
        if not self._lost:
            logger.warning(
                "connectivity: the room does not receive audio; speech waits, the face goes on",
                extra={"sample": sample},
            )
        self._lost = True
        self._on_lost(max(0, sample))

    def _regain(self) -> None:
        if not self._lost:
            return
        if self._unsubscribed:
            logger.warning(
                "connectivity: no subscriber since the reconnection; speech resumes without one",
                extra={"waited_s": SUBSCRIBER_WAIT_S},
            )
        else:
            logger.info("connectivity: the room receives audio again; lost speech is replayed")
        self._lost = self._unsubscribed = False
        self._on_regained()
