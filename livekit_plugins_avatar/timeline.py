"""Measures media time in integer samples, and real time through clocks.

All media time is a count of samples of the published audio track, at `SAMPLE_RATE`, from its
beginning: no floats, no drift. Only `SystemClock` reads the system's time.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

SAMPLE_RATE = 48_000
"""Samples a second of the published audio track: Opus and WebRTC run at it and resample nothing."""

T = TypeVar("T")


def samples(seconds: float) -> int:
    """The number of samples, to the nearest, in `seconds` of media time."""
    return round(seconds * SAMPLE_RATE)


def seconds(samples: int) -> float:
    """The length in seconds of `samples` of media time."""
    return samples / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """A value that holds from the sample `start` for `duration` samples."""

    start: int
    duration: int
    value: T

    @property
    def end(self) -> int:
        """The first sample after the value."""
        return self.start + self.duration


class Timeline(Generic[T]):
    """A value that changes at known samples: each entry holds until the next one.

    One thread sets, any thread reads. Beyond `limit` entries the oldest are forgotten.
    """

    def __init__(self, initial: T, *, limit: int = 256) -> None:
        # One attribute, replaced whole: a reader never sees a change half made.
        self._entries: tuple[tuple[int, T], ...] = ((0, initial),)
        self._limit = limit

    def set(self, start: int, value: T) -> None:
        """Let `value` hold from `start` on; entries at or after `start` are replaced."""
        self.plan(start, [(start, value)])

    def plan(self, start: int, entries: Iterable[tuple[int, T]]) -> None:
        """Let `entries`, in order and none before `start`, be all that is known from `start` on."""
        kept = tuple(entry for entry in self._entries if entry[0] < start)
        self._entries = (*kept, *entries)[-self._limit :]

    def at(self, sample: int) -> T:
        """The value that holds at `sample`; before the first entry, the first value."""
        return self._entry(sample)[1]

    def since(self, sample: int) -> int:
        """The sample from which the value that holds at `sample` has held."""
        return self._entry(sample)[0]

    def _entry(self, sample: int) -> tuple[int, T]:
        entries = self._entries
        return entries[max(0, bisect_right(entries, sample, key=itemgetter(0)) - 1)]

    @property
    def entries(self) -> tuple[tuple[int, T], ...]:
        """All entries now, oldest first: (since which sample, value)."""
        return self._entries


class Clock(Protocol):
    """Real time in seconds."""

    def now_s(self) -> float:
        """Time that never goes back; where its zero lies means nothing."""

    def wall_s(self) -> float:
        """Time since the epoch, for stamps that leave the package; it may jump."""

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock, on an event loop."""


class SystemClock:
    """The system's clocks: the package's only reader of real time."""

    def now_s(self) -> float:
        return time.monotonic()

    def wall_s(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
