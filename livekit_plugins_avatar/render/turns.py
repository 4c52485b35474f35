"""Decides which face of this process is drawn next, so that drawing leaves the voice its share.

All Python of a process shares one lock. A thread that holds it gets on only when it has a core, and
each picture that is drawn meanwhile takes one: with a picture being drawn for each of eight rooms,
sound comes too late. So no more pictures are drawn at a time than there are cores, one less where
there are many faces, and the face whose frame is due first is drawn first. Where sound comes late
all the same, there is a pause after each picture.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from time import thread_time

from ..log import logger
from ..timeline import Clock

PATIENCE_S = 0.1
"""A picture that takes longer does not keep others waiting: its renderer may hang."""

LEAST_SHARE = 0.1
"""Of the time of its cores, drawing gets at least this while no sound comes late."""

QUIET_S, LEAST_EVERY_S = 0.15, 0.5
"""No picture is begun for so long after sound came late; but in each of the second one is, because
it may be something else that delays the sound."""

LOWER, RAISE = 0.6, 0.06
"""When sound comes late the share is multiplied by the first; it grows by the second each
`STEP_S` in which it does not: from the least to all in 1.5 s."""

FEW, SPARE_S = 3, 10.0
"""One core draws nothing where there are more faces, whose voices and encoders together take half
of one, and for so long after sound came late."""

STEP_S = 0.1
"""Sound that comes late lowers the share no more often: what is being drawn must end first."""

POLL_S = 0.1
"""How often a thread that waits looks whether it is to give up."""

SLOW, FAST = 0.5, 0.9
"""Shares below and above which the log says that frame rates are lowered, and that they are back.
"""


Wish = tuple[float, int]
"""When a frame is due, and a number that no other has."""


class Turns:
    """Grants turns to draw on so many cores; each lasts until the picture is drawn.

    `turn` is for threads; a simulation asks, waits, begins and ends by itself.
    """

    def __init__(self, clock: Clock, *, cores: int) -> None:
        self._clock = clock
        self._count = count()
        self._cores, self._faces = cores, 0
        self._changed = threading.Condition()
        self._waiting: list[Wish] = []
        self._drawing: dict[Wish, float] = {}
        """Since when each is drawn."""
        self._resting: list[float] = []
        """Until when each core rests."""
        self.share = 1.0
        """The part of its cores that drawing may take, in (0, 1]."""
        self._lowered_s = self._raised_s = -STEP_S
        self._late_s, self._ended_s = -SPARE_S, -LEAST_EVERY_S
        """When sound came late, and a picture was drawn, for the last time."""
        self._slow = False

    @contextmanager
    def face(self) -> Iterator[None]:
        """A face that will ask for turns."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def _add(self, faces: int) -> None:
        with self._changed:
            self._faces += faces

    @contextmanager
    def turn(self, due_s: float, give_up: Callable[[], bool]) -> Iterator[bool]:
        """Wait for a turn to draw the frame that is due at `due_s`; yields False where `give_up`
        became true first."""
        with self._changed:
            wish = self.ask(due_s)
            while not (given_up := give_up()) and (wait_s := self.wait_s(wish)) > 0:
                self._changed.wait(min(wait_s, POLL_S))
            self.begin(wish, draws=not given_up)
        began_s = thread_time()
        try:
            yield not given_up
        finally:
            self.end(wish, thread_time() - began_s)

    def ask(self, due_s: float) -> Wish:
        """Wait in line with a frame that is due at `due_s`."""
        self._waiting.append((due_s, next(self._count)))
        return self._waiting[-1]

    def wait_s(self, wish: Wish) -> float:
        """How long it has to wait at least; 0 where it is its turn."""
        now_s = self._clock.now_s()
        if min(self._waiting) != wish:
            return POLL_S
        self._raise(now_s)
        quiet_s = min(self._late_s + QUIET_S, self._ended_s + LEAST_EVERY_S) - now_s
        if not (self._drawing or self._resting):
            return max(0.0, quiet_s)
        self._resting = [until_s for until_s in self._resting if until_s > now_s]
        ends_s = [began_s + PATIENCE_S for began_s in self._drawing.values()]
        busy = sorted([*self._resting, *(end_s for end_s in ends_s if end_s > now_s)])
        spared = self._faces > FEW or now_s < self._late_s + SPARE_S
        free = len(busy) - max(1, self._cores - spared)
        return max(0.0, quiet_s, busy[free] - now_s if free >= 0 else 0.0)

    def begin(self, wish: Wish, *, draws: bool = True) -> None:
        """Leave the line, to draw or for good."""
        with self._changed:
            self._waiting.remove(wish)
            if draws:
                self._drawing[wish] = self._clock.now_s()
            self._changed.notify_all()

    def end(self, wish: Wish, cpu_s: float) -> None:
        """Note that the picture is drawn, if one was, which took so much processor time."""
        with self._changed:
            if self._drawing.pop(wish, None) is not None:
                self._ended_s = self._clock.now_s()
                pause_s = min(cpu_s, PATIENCE_S) * (1.0 / self.share - 1.0)
                if pause_s > 0.0:
                    self._resting.append(self._ended_s + pause_s)
                self._changed.notify_all()

    def voice_late(self) -> None:
        """Draw less: sound came late in one of the rooms."""
        with self._changed:
            self._late_s = self._raised_s = now_s = self._clock.now_s()
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
