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
        self.start = self.end = 0
        self._memory = NO_PCM
        self._first = 0
        """Where in `_memory` the sample `start` lies."""

    def append(self, pcm: Pcm) -> None:
        """Add samples at the end."""
        used = self.end - self.start
        if self._first + used + len(pcm) > len(self._memory):
            kept = self.read(self.start, self.end)
            self._memory = np.empty(2 * (used + len(pcm)), np.int16)
            self._memory[:used], self._first = kept, 0
        at = self._first + used
        self._memory[at : at + len(pcm)] = pcm
        self.end += len(pcm)

    def read(self, start: int, end: int) -> Pcm:
        """A view of the samples in [start, end) that are kept."""
        start, end = max(start, self.start), min(end, self.end)
        return self._memory[self._first + start - self.start : self._first + end - self.start]

    def drop_from(self, end: int) -> None:
        """Drop the samples at and after `end`."""
        self.end = max(self.start, min(self.end, end))

    def drop_before(self, start: int) -> None:
        """Drop the samples before `start`."""
        count = max(0, min(start, self.end) - self.start)
        self.start += count
        self._first += count
