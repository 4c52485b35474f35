"""Whole pictures that nobody has asked for, where somebody is about to miss one.

In flow the count of whole pictures that the encoder has made, the age of the last packet from the
server and the room's reconnections; out flow wishes for one more. A receiver that lacks a packet
sees nothing until it comes again, and three things keep it from coming:

- LiveKit's server answers no request for a packet between a receiver's request for a whole picture
  and the next whole picture. A request that crosses the picture on a long line is swallowed, as
  the publisher was asked less than half a second before; from then on every lost packet is asked
  for in vain.
- While a connection resumes, packets on its old path are lost, and nobody has them.
- A line that was dark for a second has lost more packets than are kept, or can be sent again at
  once.

A browser then waits for three seconds before it asks for a whole picture. So one more follows when
those that were asked for have been sent, they come again and again while a connection resumes, and
one comes over a line that was dark once what was lost has been sent again. A connection that is
made anew has a new encoder, which begins with one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from livekit import rtc

from ..timeline import Clock

LOOK_S = 0.2
"""How often the count is looked at."""

RESUMING_S = 0.4
"""While a connection resumes there is one this often: half a second is the longest that a picture
may stand still. At one every 0.25 s, a line that had just been thought to carry 490 kbit/s had a
queue of 0.4 s, and the picture was late for ten seconds."""

DARK_S = 0.6
"""A line that brought nothing for so long was dark: with a picture under way the server reports
back ten times a second."""

DRAINED_S = 1.0
"""So long a line that was dark is left to the packets that are sent again. A whole picture at once
waited for them, with all that followed: 5 of 16 receivers stood still for another 0.55 s, without
it 1 of 8."""

AGAIN_S = 0.5
"""How long after the last that was asked for another follows: requests that crossed it on a line of
0.3 s there and back, with its jitter, have arrived by then."""

AT_MOST_S = 1.5
"""However often they are asked for, the one that follows is put off no longer. Where several people
join, each asks, and too many whole pictures at once wait for each other."""


class KeyframeRequests:
    """Watches one room and one encoder.

    Args:
        room: Where the picture is published.
        made: How many whole pictures the encoder has made; None where nothing is known.
        silence_s: How long ago the last packet came from the server, None where nobody knows.
        wish: Asks for one more.
        clock: Real time.
    """

    def __init__(
        self,
        room: rtc.Room,
        *,
        made: Callable[[], Awaitable[int | None]],
        silence_s: Callable[[], Awaitable[float | None]],
        wish: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._room = room
        self._made = made
        self._silence_s = silence_s
        self._wish = wish
        self._clock = clock
        self._counted = 0
        self._wished = False
        """Whether the next one that is counted is ours, and needs no other to follow."""
        self._due_s: float | None = None
        self._latest_s = 0.0
        """When the one that is due has been put off for long enough."""
        self._resuming = False
        self._dark = False
        """Whether the line brought nothing when it was last looked at."""
        self._wished_s = -RESUMING_S

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        handlers = {
            "reconnecting": self._on_reconnecting,
            "local_track_republished": self._on_republished,
            "reconnected": self._on_reconnected,
        }
        for event, handler in handlers.items():
            self._room.on(event, handler)  # type: ignore[arg-type]
        try:
            while True:
                await self._clock.sleep(LOOK_S)
                await self._look()
        finally:
            for event, handler in handlers.items():
                self._room.off(event, handler)  # type: ignore[arg-type]

    def _on_reconnecting(self) -> None:
        self._resuming = True

    def _on_republished(self, *_: object) -> None:
        self._resuming = self._wished = False
        self._counted = 0

    def _on_reconnected(self) -> None:
        if self._resuming:
            self._due_s = self._clock.now_s()
        self._resuming = False

    async def _look(self) -> None:
        made, lit = await self._made(), await self._lit_again()
        now_s = self._clock.now_s()
        if made is not None and self._asked_for(made):
            if self._due_s is None:
                self._latest_s = now_s + AT_MOST_S
            self._due_s = min(now_s + AGAIN_S, self._latest_s)
        if lit:
            self._due_s = now_s + DRAINED_S
        resuming = self._resuming and now_s >= self._wished_s + RESUMING_S - LOOK_S / 2
        if resuming or (self._due_s is not None and now_s >= self._due_s):
            self._due_s = None
            self._wished = True
            self._wished_s = now_s
            self._wish()

    async def _lit_again(self) -> bool:
        """Whether something has come over a line that was dark."""
        silence_s = await self._silence_s()
        if silence_s is None:
            return False
        was_dark, self._dark = self._dark, silence_s > DARK_S
        return was_dark and not self._dark

    def _asked_for(self, made: int) -> bool:
        """Whether somebody else than us asked for one since the last look."""
        # A track that was published anew counts anew.
        new = made - self._counted if made >= self._counted else made
        self._counted = made
        if new and self._wished:
            self._wished = False
            new -= 1
        return new > 0
