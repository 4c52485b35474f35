"""Whole pictures that nobody has asked for, where somebody is about to miss one.

In flow the count of whole pictures that the encoder has made and the room's reconnections; out flow
wishes for one more. A receiver that lacks a packet sees nothing until it comes again, and two
things keep it from coming:

- LiveKit's server answers no request for a packet between a receiver's request for a whole picture
  and the next whole picture. A request that crosses the picture on a long line is swallowed, as
  the publisher was asked less than half a second before; from then on every lost packet is asked
  for in vain.
- While a connection resumes, packets on its old path are lost, and nobody has them.

A browser then waits for three seconds before it asks for a whole picture. So one more follows each
that was asked for, and they come again and again while the room reconnects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from livekit import rtc

from ..timeline import Clock

LOOK_S = 0.25
"""How often the count is looked at; while the room reconnects there is one in each of these. Half a
second is the longest that a picture may stand still."""

AGAIN_S = 0.6
"""How long after one that was asked for another follows: requests that crossed it on a line of
0.3 s there and back, with its jitter, have arrived by then."""


class WholePictures:
    """Watches one room and one encoder.

    Args:
        room: Where the picture is published.
        made: How many whole pictures the encoder has made; None where nothing is known.
        wish: Asks for one more.
        clock: Real time.
    """

    def __init__(
        self,
        room: rtc.Room,
        *,
        made: Callable[[], Awaitable[int | None]],
        wish: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._room = room
        self._made = made
        self._wish = wish
        self._clock = clock
        self._known = 0
        """Whole pictures that need no other to follow."""
        self._due_s: float | None = None
        self._away = False

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        self._room.on("reconnecting", self._on_reconnecting)
        self._room.on("reconnected", self._on_reconnected)
        try:
            while True:
                await self._clock.sleep(LOOK_S)
                await self._look()
        finally:
            self._room.off("reconnecting", self._on_reconnecting)
            self._room.off("reconnected", self._on_reconnected)

    def _on_reconnecting(self) -> None:
        self._away = True

    def _on_reconnected(self) -> None:
        self._away = False
        self._due_s = self._clock.now_s()

    async def _look(self) -> None:
        made, now_s = await self._made(), self._clock.now_s()
        if made is not None and made < self._known:
            self._known = 0  # The track is new, and its encoder too.
        if made is not None and made > self._known:
            self._known = made
            self._due_s = self._due_s or now_s + AGAIN_S
        if self._away or (self._due_s is not None and now_s >= self._due_s):
            self._due_s = None
            self._known += 1
            self._wish()
