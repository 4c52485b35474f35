"""Holds the frames that are drawn ahead of their time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class FrameBuffer:
    """Holds `ahead` frames, `period` samples apart, and tells which are to be drawn next.

    Full: nothing is drawn until a frame is taken or goes stale. Empty: viewers keep the last frame.
    """

    def __init__(self, period: int, ahead: int) -> None:
        self.period = period
        self._ahead = ahead
        self._frames: dict[int, NDArray[np.uint8]] = {}
        self._stale: set[int] = set()
        self.due = 0
        """The sample of the frame to be taken next."""

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def end(self) -> int:
        """The first sample for which there is no room yet."""
        return self.due + self._ahead * self.period

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """Remove and return the frame for `sample`, stale or not, and drop older ones."""
        frame = self._frames.get(sample)
        self.due = sample + self.period
        self._frames = {at: kept for at, kept in self._frames.items() if at > sample}
        self._stale &= self._frames.keys()
        return frame

    def reachable(self, lead: int) -> list[int]:
        """The frames to draw, nearest first, that are not due within `lead` samples of work."""
        skipped = -(-lead // self.period) if lead > self.period else 0
        first = self.due + skipped * self.period
        nearest = range(first, first + self._ahead * self.period, self.period)
        return [at for at in nearest if at not in self._frames or at in self._stale]

    def put(self, sample: int, picture: NDArray[np.uint8], *, stale: bool) -> bool:
        """Keep a frame; return whether it came in time."""
        if sample < self.due:
            return False
        self._frames[sample] = picture
        self._stale.discard(sample)
        if stale:
            self._stale.add(sample)
        return True

    def invalidate(self, sample: int) -> None:
        """Mark frames from `sample` on as stale: they no longer show what will be heard."""
        self._stale |= {at for at in self._frames if at >= sample}
