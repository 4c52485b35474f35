"""A clock that moves only when told to."""

from __future__ import annotations

import asyncio


class ManualClock:
    """For tests and simulations on one event loop."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now_s(self) -> float:
        return self._now_s

    def wall_s(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now_s + seconds, woken))
        await woken

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, at least 0, and wake those who slept until then."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock cannot go back, asked for {seconds} s")
        self._now_s += seconds
        due = [woken for at_s, woken in self._sleepers if at_s <= self._now_s]
        self._sleepers = [(at_s, woken) for at_s, woken in self._sleepers if at_s > self._now_s]
        for woken in due:
            if not woken.done():
                woken.set_result(None)
