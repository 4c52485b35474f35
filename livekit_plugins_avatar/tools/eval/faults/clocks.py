"""A clock that drifts against another by parts per million.

Two crystals differ by up to 100 ppm as a rule; 500 ppm is a bad one.
"""

from __future__ import annotations

from ....timeline import Clock


class DriftingClock:
    """A `Clock` that gains `ppm` microseconds in each second of `clock`."""

    def __init__(self, clock: Clock, ppm: float) -> None:
        self._clock = clock
        self._rate = 1.0 + ppm / 1e6

    def now_s(self) -> float:
        return self._clock.now_s() * self._rate

    def wall_s(self) -> float:
        return self._clock.wall_s() * self._rate

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds / self._rate)
