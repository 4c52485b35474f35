"""Keeps PCM between a first and a last sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
"""Mono audio, int16 [N], at `timeline.SAMPLE_RATE`."""

NO_PCM: Pcm = np.zeros(0, np.int16)


class PcmBuffer:
    """Samples from `start` to `end`: appended at the end, dropped at either, read anywhere."""

    def __init__(self) -> None:
        self.start = 0
        self._bytes = bytearray()

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + len(self._bytes) // 2

    def copy(self) -> PcmBuffer:
        """The same samples in a buffer of their own."""
        other = PcmBuffer()
        other.start, other._bytes = self.start, self._bytes[:]
        return other

    def append(self, pcm: Pcm) -> None:
        """Add samples at the end."""
        self._bytes += pcm.tobytes()

    def read(self, start: int, end: int) -> Pcm:
        """A copy of the samples in [start, end) that are kept."""
        first, last = max(0, start - self.start), max(0, end - self.start)
        return np.frombuffer(bytes(self._bytes[2 * first : 2 * last]), np.int16)

    def drop_from(self, end: int) -> None:
        """Drop the samples at and after `end`."""
        del self._bytes[2 * max(0, end - self.start) :]

    def drop_before(self, start: int) -> None:
        """Drop the samples before `start`."""
        count = min(max(start, self.start), self.end) - self.start
        del self._bytes[: 2 * count]
        self.start += count
