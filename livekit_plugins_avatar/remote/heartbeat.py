"""Tells from a worker's beats whether it is gone."""

from __future__ import annotations

from collections import deque

LEAST_S = 0.1
"""A worker that speaks beats every 30 ms. Silence for so long is its death, where beats come in
time: viewers then have no sound for less than 0.2 s."""

MOST_S = 2.0
SPREAD = 1.6
"""Where beats come late, as on a busy machine, silence must last this many times the longest of the
recent gaps, up to `MOST_S`: two voices at once are worse than a gap."""

IDLE_S = 1.5
"""For a worker that does not speak, and beats four times a second."""

NEAR_S = 3.0
"""For one whose end is told otherwise: it is not dead, and hangs, or the machine is too busy, in
which nothing is won by more voices and workers."""

GRACE_S = 0.4
"""For the first beat of speech: the worker has to take all that is sent ahead."""

STUCK_S = 3.0
"""A worker that beats, is to speak, and of which nothing more was heard for so long is stuck."""

RECENT = 400
"""Gaps that are remembered: 10 s of speech."""


class Heartbeat:
    """All times are of one clock, in seconds. `false_alarms` are those of workers before this one:
    where the machine is busy, each doubles what is waited."""

    near = False
    """Whether the end of the worker is told otherwise."""

    def __init__(self, now_s: float, false_alarms: int = 0) -> None:
        self._last_s = now_s
        self._speaking_since_s: float | None = None
        self._gaps: deque[float] = deque(maxlen=RECENT)
        self._false_alarms = false_alarms

    @property
    def limit_s(self) -> float:
        """How long a worker that speaks may be silent."""
        least_s = LEAST_S * (1 << self._false_alarms)
        return min(MOST_S, max(least_s, SPREAD * max(self._gaps, default=0.0)))

    def beat(self, now_s: float) -> None:
        """A beat came."""
        if self._speaking_since_s is not None and self._last_s >= self._speaking_since_s:
            self._gaps.append(now_s - self._last_s)
        self._last_s = now_s

    def false_alarm(self) -> None:
        """It was silent for too long, and lives: from now on it may take twice as long."""
        self._false_alarms += 1

    def restart(self) -> None:
        """Speech is sent anew: the first beat of it may come late."""
        self._speaking_since_s = None

    def excuse(self, now_s: float) -> None:
        """This process did not run: what it did not hear counts for nothing."""
        self._last_s = now_s

    def silent(self, now_s: float, *, speaking: bool) -> bool:
        """Whether the worker is silent for too long; `speaking` is whether it has to speak."""
        if self.near:
            return now_s - self._last_s > NEAR_S
        if not speaking:
            self._speaking_since_s = None
            return now_s - self._last_s > IDLE_S
        if self._speaking_since_s is None:
            self._speaking_since_s = now_s
        since_s = max(self._last_s, self._speaking_since_s)
        grace_s = min(MOST_S, GRACE_S * (1 << self._false_alarms))
        begins = now_s - self._speaking_since_s < 2 * grace_s
        return now_s - since_s > max(self.limit_s, grace_s if begins else 0.0)


class Progress:
    """Tells whether speech gets on; `at` is any value that changes while it does, None without."""

    def __init__(self) -> None:
        self._at: object = None
        self._since_s = 0.0

    def stuck(self, now_s: float, at: object) -> bool:
        """Whether it has been the same for `STUCK_S`."""
        if at is None or at != self._at:
            self._at, self._since_s = at, now_s
        return at is not None and now_s - self._since_s > STUCK_S
