"""A sleep that a call from any thread ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from ..timeline import Clock


class Nap:
    """Sleeps of one task."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._called = False
        self._cancel: Callable[[], object] | None = None

    async def sleep(self, duration_s: float) -> None:
        """Sleep for so long, or until `end` is called; where it was called before, not at all."""
        loop = asyncio.get_running_loop()
        sleeping = asyncio.ensure_future(self._clock.sleep(duration_s))
        self._cancel = lambda: loop.call_soon_threadsafe(sleeping.cancel)
        try:
            # `end` sets its flag before it looks for `_cancel`: one of the two sees the other.
            if not self._called:
                await asyncio.wait([sleeping])
        finally:
            sleeping.cancel()
            self._cancel, self._called = None, False

    def end(self) -> None:
        """End the sleep, or the next one; from any thread."""
        self._called = True
        if (cancel := self._cancel) is not None:
            with suppress(RuntimeError):  # The loop has ended.
                cancel()
