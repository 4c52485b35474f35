"""Notes when a process did not run: a thread that only wakes up.

A suspended process, a busy core, a garbage collection and a held lock look the same to a viewer.
"""

from __future__ import annotations

import threading

from ...timeline import Clock
from .call_log import Happened

BEAT_S = 0.02
STOPPED_S = 0.05
"""Late by this much: more than a frame's time."""


class Pulse:
    """Beats from `start` to `stop`.

    Args:
        clock: Real time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="avatar-call-pulse", daemon=True)
        self.missed: list[Happened] = []
        """When it did not run, as "stopped"."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def woke(self, due_s: float, now_s: float) -> None:
        """The thread asked to be woken at `due_s`, by the wall's clock, and was at `now_s`."""
        if now_s - due_s > STOPPED_S:
            self.missed.append(Happened("stopped", due_s, now_s))

    def _beat(self) -> None:
        due_s = self._clock.wall_s() + BEAT_S
        while not self._end.wait(BEAT_S):
            now_s = self._clock.wall_s()
            self.woke(due_s, now_s)
            due_s = now_s + BEAT_S
