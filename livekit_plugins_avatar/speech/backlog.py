"""What waits to be recognised: pieces of speech, words, and what happens between them, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

import numpy as np

from ..audio.pcm_buffer import Pcm
from ..timeline import samples
from .alignment.aligner import WORDS_LIMIT
from .text.pronunciation import Word

SLICE_SAMPLES = samples(0.5)
"""Long deliveries are cut, so that their first visemes are known early; short ones that wait are
joined, because each call may wait for its turn on a busy machine."""


class Speech(NamedTuple):
    """Speech that begins at `start` on the speech timeline."""

    start: int
    pcm: Pcm


class Words(NamedTuple):
    """What the open segment says, or, where they are `fresh`, the next one."""

    words: tuple[Word, ...]
    fresh: bool


class Signal(Enum):
    """What happens between pieces of speech."""

    ENDED = auto()
    CLEARED = auto()
    CLOSED = auto()


Item = Speech | Words | Signal


class Backlog:
    """Filled by one thread, emptied by another.

    `wait_s` tells how long speech that begins at a sample is still to wait: 0 where it is due.
    """

    def __init__(self, wait_s: Callable[[int], float]) -> None:
        self._wait_s = wait_s
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()

    @property
    def samples(self) -> int:
        """How many samples of speech wait."""
        with self._changed:
            return sum(len(each.pcm) for each in self._items if isinstance(each, Speech))

    @property
    def due(self) -> int:
        """How many of them, in pieces as they came, would be recognised by now."""
        with self._changed:
            waiting = [each for each in self._items if isinstance(each, Speech)]
            return sum(len(each.pcm) for each in waiting if self._wait_s(each.start) <= 0)

    def put(self, item: Item) -> None:
        """Add to the end."""
        with self._changed:
            self._items.append(item)
            self._changed.notify()

    def drop(self) -> None:
        """Drop all that waits, but not that it is closed."""
        with self._changed:
            closed = Signal.CLOSED in self._items  # An interruption may come after the end.
            self._items.clear()
            if closed:
                self._items.append(Signal.CLOSED)

    def take(self) -> Item:
        """Wait for what is due next, joined with what goes on with it.

        Words that come while their speech waits to be due are taken before it.
        """
        with self._changed:
            while True:
                wait_s = self._left_s()
                if wait_s is not None and wait_s <= 0:
                    return self._first()
                words = self._words_ahead()
                if words is not None:
                    return words
                self._changed.wait(wait_s)

    def _left_s(self) -> float | None:
        """How long the first item is to wait; None without one."""
        if not self._items:
            return None
        first = self._items[0]
        return self._wait_s(first.start) if isinstance(first, Speech) else 0.0

    def _first(self) -> Item:
        item = self._items.popleft()
        while self._items:
            joined = _joined(item, self._items[0])
            if joined is None:
                break
            item = joined
            self._items.popleft()
        if isinstance(item, Speech) and len(item.pcm) > SLICE_SAMPLES:
            start, pcm = item
            self._items.appendleft(Speech(start + SLICE_SAMPLES, pcm[SLICE_SAMPLES:]))
            item = Speech(start, pcm[:SLICE_SAMPLES])
        return item

    def _words_ahead(self) -> Words | None:
        """Take the first words out that follow nothing but one run of speech."""
        end: int | None = None
        for item in self._items:
            if isinstance(item, Words) and not item.fresh:
                self._items.remove(item)
                return item
            if not isinstance(item, Speech) or end not in (None, item.start):
                return None
            end = item.start + len(item.pcm)
        return None


def _joined(item: Item, following: Item) -> Item | None:
    """Both in one, if what follows goes on with an item that is not long enough."""
    match item, following:
        case Speech(start, pcm), Speech(then, more):
            if then == start + len(pcm) and len(pcm) < SLICE_SAMPLES:
                return Speech(start, np.concatenate((pcm, more)))
        case Words(words, fresh), Words(more_words, False):
            if len(words) < WORDS_LIMIT:
                return Words(words + more_words, fresh)
    return None
