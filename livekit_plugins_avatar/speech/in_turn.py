"""Lets threads of a process work one after the other, as far as they have time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count


class InTurn:
    """One works at a time, that whose work is needed first; one without time left does not wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._working = 0

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Wait for a turn, for `patience_s` at most: the thread that holds it may hang."""
        ends_s = time.monotonic() + patience_s
        wish = ends_s, next(self._numbers)
        with self._changed:
            self._waiting.append(wish)
            while self._working or min(self._waiting) != wish:
                left_s = ends_s - time.monotonic()
                if left_s <= 0:
                    break
                self._changed.wait(left_s)
            self._waiting.remove(wish)
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()
