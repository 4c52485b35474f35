"""Finds leaks in readings of a process over time.

Readings are memory, threads and handles, taken every few seconds once the process is warm. The
figures compare their last tenth with their first and give the slope between. Nothing here reads a
process or a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

MEMORY_GROWTH_PERCENT = 2.0
"""More than this in an hour is a leak: allocators breathe by less than half of it."""

FLAT_WITHIN = 1
"""Threads and handles are flat if the first and the last tenth differ by no more: one may be on its
way while a reading is taken."""

SHARE = 10
"""The first and the last tenth of the readings are compared: memory by the median, for one reading
may fall into a reconnection, in which a process holds two connections."""

HELD_PERCENT = 25
"""Threads and handles by this percentile of a tenth. A connection that was resumed holds the
sockets it had before as well, until it is made anew: libwebrtc keeps them. While it is made anew a
process holds fewer than it needs. Between the two, where each tenth has whole rounds of both, lies
what it holds when nothing is left over; what is never given back raises that too."""

LEAST = 2 * SHARE
"""With fewer readings than this there is no tenth to speak of."""

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a process held at one moment.

    Args:
        at_s: When, in seconds of any clock.
        memory_mb: Resident memory in 10^6 bytes.
        threads: Threads.
        handles: Open files, sockets and pipes.
        cpu_s: What it has used of the processor since it began, in seconds of one core.
    """

    at_s: float
    memory_mb: float
    threads: int
    handles: int
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Growth:
    """How the last tenth of the readings compares with the first.

    Args:
        readings: How many there were.
        span_s: From the first to the last.
        memory_first_mb, memory_last_mb, memory_peak_mb: Medians of the first and the last tenth,
            and the most there ever was.
        memory_growth_percent: From the first tenth to the last.
        memory_slope_mb_per_hour: Of a straight line through all readings.
        threads_first, threads_last, threads_peak: Lower quartiles of the first and the last tenth,
            and the most there ever was.
        handles_first, handles_last, handles_peak: The same of handles.
        cpu_core_percent: What it used of one core, from the first reading to the last.
    """

    readings: int
    span_s: float
    memory_first_mb: float
    memory_last_mb: float
    memory_peak_mb: float
    memory_growth_percent: float
    memory_slope_mb_per_hour: float
    threads_first: float
    threads_last: float
    threads_peak: int
    handles_first: float
    handles_last: float
    handles_peak: int
    cpu_core_percent: float

    @property
    def flat(self) -> bool:
        """Whether nothing grew that should not."""
        return (
            self.memory_growth_percent < MEMORY_GROWTH_PERCENT
            and self.threads_last - self.threads_first <= FLAT_WITHIN
            and self.handles_last - self.handles_first <= FLAT_WITHIN
        )

    def as_dict(self) -> dict[str, float | int]:
        """Ready for JSON, figures to a hundredth."""
        return {
            name: round(value, 2) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def growth(readings: Sequence[Reading]) -> Growth | None:
    """The figures of one process, or None where there are fewer than `LEAST` readings."""
    if len(readings) < LEAST:
        return None
    at_s = np.array([reading.at_s for reading in readings])
    memory_mb = np.array([reading.memory_mb for reading in readings])
    threads = np.array([reading.threads for reading in readings])
    handles = np.array([reading.handles for reading in readings])
    first_mb, last_mb = _ends(memory_mb, 50)
    slope_mb_per_s = float(np.polyfit(at_s - at_s[0], memory_mb, 1)[0])
    return Growth(
        len(readings),
        float(at_s[-1] - at_s[0]),
        first_mb,
        last_mb,
        float(memory_mb.max()),
        100 * (last_mb / first_mb - 1),
        slope_mb_per_s * HOUR_S,
        *_ends(threads, HELD_PERCENT),
        int(threads.max()),
        *_ends(handles, HELD_PERCENT),
        int(handles.max()),
        100 * (readings[-1].cpu_s - readings[0].cpu_s) / float(at_s[-1] - at_s[0]),
    )


def _ends(values: NDArray[np.float64] | NDArray[np.intp], percent: int) -> tuple[float, float]:
    """A percentile of the first and of the last tenth."""
    count = len(values) // SHARE
    first, last = np.percentile(values[:count], percent), np.percentile(values[-count:], percent)
    return float(first), float(last)
