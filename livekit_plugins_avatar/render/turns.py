"""Decides which face of this process is drawn next, so that drawing leaves the voice its share.

All Python of a process shares one lock. A thread that holds it gets on only when it has a core, and
each picture that is drawn meanwhile takes one: with a picture being drawn for each of eight rooms,
sound comes too late. So one core is left free, and the face whose frame is due first is drawn
first. Where sound comes late all the same, there is a pause after each picture.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time

from ..log import logger
from ..timeline import Clock

PATIENCE_S = 0.1
"""A picture that takes longer does not keep others waiting: its renderer may hang."""

LEAST_SHARE = 0.1
"""Of the time of its cores, drawing gets at least this: what others take is not given back by less.
"""

LOWER, RAISE = 0.6, 0.06
"""When sound comes late the share is multiplied by the first; it grows by the second each
`STEP_S` in which it does not: from the least to all in 1.5 s."""

STEP_S = 0.1
"""Sound that comes late lowers the share no more often: what is being drawn must end first."""

POLL_S = 0.1
"""How often a thread that waits looks whether it is to give up."""

SLOW, FAST = 0.5, 0.9
"""Shares below and above which the log says that frame rates are lowered, and that they are back.
"""


class Turns:
    """Grants turns to draw, `at_once` at a time; each lasts until the picture is drawn.

    `cpu_s` returns the processor time of the calling thread.
    """

    def __init__(
        self, clock: Clock, *, at_once: int, cpu_s: Callable[[], float] = thread_time
    ) -> None:
        self._clock = clock
        self._cpu_s = cpu_s
        self._at_once = at_once
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        """When the frame is due, and the thread that would draw it."""
        self._drawing: dict[int, float] = {}
        """The threads that draw, and since when."""
        self._resting: list[float] = []
        """Until when each core rests."""
        self.share = 1.0
        """The part of its cores that drawing may take, in (0, 1]."""
        self._lowered_s = self._raised_s = -STEP_S
        self._slow = False

    @contextmanager
    def turn(self, due_s: float, give_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for a turn to draw the frame that is due at `due_s`; yields False where `give_up`
        became true first."""
        me = threading.get_ident()
        with self._changed:
            self._waiting.append((due_s, me))
            while not (given_up := give_up()):
                wait_s = self.wait_s(me)
                if wait_s <= 0:
                    break
                self._changed.wait(min(wait_s, POLL_S))
            self._waiting.remove((due_s, me))
            if not given_up:
                self._drawing[me] = self._clock.now_s()
            self._changed.notify_all()
        began_s = self._cpu_s()
        try:
            yield not given_up
        finally:
            if not given_up:
                self._end(me, self._cpu_s() - began_s)

    def wait_s(self, thread: int) -> float:
        """How long a thread that waits has to wait at least; 0 where it is its turn."""
        now_s = self._clock.now_s()
        if min(self._waiting)[1] != thread:
            return POLL_S
        self._raise(now_s)
        self._resting = [until_s for until_s in self._resting if until_s > now_s]
        ends_s = [began_s + PATIENCE_S for began_s in self._drawing.values()]
        busy = sorted([*self._resting, *(end_s for end_s in ends_s if end_s > now_s)])
        free = len(busy) - self._at_once
        return busy[free] - now_s if free >= 0 else 0.0

    def _end(self, thread: int, cpu_s: float) -> None:
        with self._changed:
            del self._drawing[thread]
            pause_s = min(cpu_s, PATIENCE_S) * (1.0 / self.share - 1.0)
            self._resting.append(self._clock.now_s() + pause_s)
            self._changed.notify_all()

    def voice_late(self) -> None:
        """Draw less: sound came late in one of the rooms."""
        with self._changed:
            self._raised_s = now_s = self._clock.now_s()
            if now_s < self._lowered_s + STEP_S:
                return
            self._lowered_s = now_s
            self.share = max(LEAST_SHARE, self.share * LOWER)
            if self.share < SLOW and not self._slow:
                self._slow = True
                logger.warning(
                    "turns: this machine is too busy, and sound comes late; all faces of this "
                    "process are drawn less often until it does not"
                )

    def _raise(self, now_s: float) -> None:
        """Raise the share for the time in which no sound came late."""
        steps = int((now_s - self._raised_s) / STEP_S)
        if self.share < 1.0 and steps > 0:
            self._raised_s += steps * STEP_S
            self.share = min(1.0, self.share + steps * RAISE)
            if self._slow and self.share > FAST:
                self._slow = False
                logger.info("turns: sound comes in time; all faces have their frame rate back")
