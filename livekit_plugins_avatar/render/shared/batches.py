"""Chooses what is drawn next: the earliest deadline first, together with what is drawn likewise.

A batch is as large as its measured cost allows: the one with the most pictures a second, among
those that are ready before the earliest deadline, if there are any.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from itertools import accumulate

from ..engine import Engine
from ..model import SIZES
from ..providers import BATCHES
from .room import Room

STUCK_S = 1.0
"""A draw that takes longer no longer keeps others waiting for its place."""

GPU_AT_ONCE = 2
"""One batch is drawn while the pictures of the one before are copied to their rooms."""

SMOOTHING = 0.2
"""The weight of the newest measurement of a cost."""


class Queue:
    """The rooms that wait for pictures. Any thread may use it."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._waiting: list[Room] = []
        self.drawing: dict[Room, float] = {}
        """The first room of each batch at work, and since when."""
        self._costs_s: dict[tuple[Engine, int], float] = {}
        self._lock = threading.Lock()

    def put(self, room: Room) -> None:
        """Let a room wait for its turn."""
        with self._lock:
            self._waiting.append(room)

    def take(self, now_s: float) -> list[Room]:
        """Return the next batch: none where nothing waits or all places are taken."""
        with self._lock:
            at_work = [room for room, began_s in self.drawing.items() if now_s - began_s < STUCK_S]
            taken = Counter(room.engine.device == "cpu" for room in at_work)
            self._waiting.sort(key=lambda room: room.due_s)
            for first in self._waiting:
                on_cpu = first.engine.device == "cpu"
                if taken[on_cpu] < (self._cores if on_cpu else GPU_AT_ONCE):
                    batch = self._together(first, now_s)
                    gone = set(batch)
                    self._waiting = [room for room in self._waiting if room not in gone]
                    self.drawing[first] = now_s
                    return batch
        return []

    def done(self, batch: list[Room], now_s: float) -> None:
        """Note that a batch is drawn, and what it took."""
        key = batch[0].engine, _padded(sum(len(room.faces) for room in batch))
        with self._lock:
            cost_s = now_s - self.drawing.pop(batch[0])
            known_s = self._costs_s.get(key, cost_s)
            self._costs_s[key] = known_s + SMOOTHING * (cost_s - known_s)

    def _together(self, first: Room, now_s: float) -> list[Room]:
        engine, output = first.engine, first.output
        like = [room for room in self._waiting if (room.engine, room.output) == (engine, output)]
        pictures = list(accumulate(len(room.faces) for room in like))

        def worth(count: int) -> tuple[bool, float]:
            # What has not been measured is tried.
            cost_s = self._costs_s.get((engine, _padded(pictures[count - 1])), 1e-6)
            return now_s + cost_s <= first.due_s, pictures[count - 1] / cost_s

        most = bisect_right(pictures, BATCHES[engine.device])
        return like[: max(range(1, max(1, most) + 1), key=worth)]


def _padded(pictures: int) -> int:
    """The size of the batch that is drawn for so many."""
    return next((size for size in SIZES if size >= pictures), pictures)
