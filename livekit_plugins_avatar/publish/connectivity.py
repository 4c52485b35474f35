"""The audience: whether anybody can hear what leaves.

In flow the room's events and the age of the last packet that came from the server; out flow, on the
room's event loop, two calls: from a published sample on nobody heard, and now somebody does again.

A connection that is resumed loses nothing as long as media flows on, so the voice does not stop for
it: only a link that brings nothing back for `SILENT_S` is taken for one that carries nothing, from
its last packet on. After a full reconnect the tracks are new, and what left before the first
subscriber came back to the voice was heard by nobody. An empty room is not a loss: a recorder or a
telephone may listen in it unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from livekit import rtc

from ..log import logger
from ..timeline import Clock, samples

SILENT_S = 1.0
"""With a picture under way the server reports back ten times a second; without one it is asked
whether it is there every 2.5 s. Only looked at while the room reconnects."""

POLL_S = 0.2
"""How often that is looked at."""

LISTENER_S = 10.0
"""A full reconnect after which nobody subscribes for this long is over all the same: whoever waits
for the end of the speech must not wait for ever."""


class Connectivity:
    """Watches one room through its reconnections.

    Args:
        room: Where the tracks are published.
        voice: The present sid of the audio track's publication, or None.
        silence_s: How long ago the last packet came from the server, None where nobody knows.
        playhead: The published sample that leaves now.
        clock: Real time.
        on_lost: Told the published sample from which on nobody heard.
        on_regained: Told that somebody hears again.
    """

    def __init__(
        self,
        room: rtc.Room,
        *,
        voice: Callable[[], str | None],
        silence_s: Callable[[], Awaitable[float | None]],
        playhead: Callable[[], int],
        clock: Clock,
        on_lost: Callable[[int], None],
        on_regained: Callable[[], None],
    ) -> None:
        self._room = room
        self._voice = voice
        self._silence_s = silence_s
        self._playhead = playhead
        self._clock = clock
        self._on_lost = on_lost
        self._on_regained = on_regained
        self._handlers: dict[str, Callable[..., None]] = {
            "reconnecting": self._on_reconnecting,
            "reconnected": self._on_reconnected,
            "local_track_republished": self._on_republished,
            "local_track_subscribed": self._on_subscribed,
            "disconnected": self._on_disconnected,
        }
        self._watching: asyncio.Task[None] | None = None
        self._away = False
        """Whether the room is reconnecting."""
        self._away_from = 0
        self._fresh = False
        """Whether the tracks are new, and nobody has subscribed to the voice yet."""
        self._lost = False
        self.reconnections = 0
        """How often the room came back."""

    def attach(self) -> None:
        """Begin to watch."""
        for event, handler in self._handlers.items():
            self._room.on(event, handler)  # type: ignore[arg-type]

    async def aclose(self) -> None:
        """Stop watching; works before `attach` and any number of times."""
        for event, handler in self._handlers.items():
            self._room.off(event, handler)  # type: ignore[arg-type]
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    def _on_reconnecting(self) -> None:
        self._away, self._away_from = True, self._playhead()
        if self._watching is None or self._watching.done():
            self._watching = asyncio.ensure_future(self._watch())

    def _on_republished(self, publication: rtc.LocalTrackPublication, *_: object) -> None:
        if publication.sid == self._voice():
            self._fresh = True
            self._lose(self._away_from)

    def _on_reconnected(self) -> None:
        self._away = False
        self.reconnections += 1

    def _on_subscribed(self, track: rtc.LocalTrack) -> None:
        if track.sid == self._voice():
            self._fresh = False

    def _on_disconnected(self, *_: object) -> None:
        # For good: the session ends, and what it still says must not keep it from ending.
        self._away = self._fresh = False
        self._regain()

    async def _watch(self) -> None:
        """From `reconnecting` until somebody hears again."""
        while self._away:
            await self._look()
            await self._clock.sleep(POLL_S)
        patience_ends_s = self._clock.now_s() + LISTENER_S
        while self._lost and (self._fresh or await self._silent()):
            if self._clock.now_s() >= patience_ends_s:
                break
            await self._clock.sleep(POLL_S)
        if self._fresh:
            logger.warning("nobody has subscribed since the room came back: the voice goes on")
            self._fresh = False
        self._regain()

    async def _look(self) -> None:
        silence_s = await self._silence_s()
        if silence_s is not None and silence_s > SILENT_S:
            self._lose(self._playhead() - samples(silence_s))

    async def _silent(self) -> bool:
        silence_s = await self._silence_s()
        return silence_s is not None and silence_s > SILENT_S

    def _lose(self, sample: int) -> None:
        if not self._lost:
            logger.warning("the room is away: the voice waits for it, the face lives on")
        self._lost = True
        self._on_lost(max(0, sample))

    def _regain(self) -> None:
        if self._lost:
            logger.info("the room is back")
            self._lost = False
            self._on_regained()
