"""The listener: hears the speech before it is played, and writes the schedule.

In flows PCM as the sink accepts it, out flow viseme events, appended to the schedule. A thread of
its own, because recognition must delay neither the event loop that delivers the speech nor the
renderer that waits for the mouth. Its queue is bounded. Full: what comes is not heard, and the
mouth rests over it. Empty: the listener sleeps.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ..log import logger
from ..playout import Pcm
from ..timeline import samples
from .recognizer import Recognizer, RecognizerStream
from .schedule import VisemeSchedule
from .visemes import VisemeEvent

LIMIT_SAMPLES = samples(120.0)
"""The most speech that waits to be heard: far more than playout holds, so that only a recogniser
that hangs ever meets it."""

SLICE_SAMPLES = samples(0.1)
"""Long deliveries are heard in slices of this length, so that the first mouth shapes are there
before the last word has been looked at."""


@dataclass(frozen=True, slots=True)
class _Speech:
    """Speech that begins at `start` on the speech timeline."""

    start: int
    pcm: Pcm


class _Mark(Enum):
    """What is said between pieces of speech."""

    ENDED = auto()
    CLEARED = auto()
    CLOSED = auto()


class Listener:
    """Turns speech into schedule entries on a thread of its own.

    Args:
        recognizer: What recognises; each segment gets a fresh stream of it.
        schedule: Where the events go.
        on_heard: Called on the listener's thread with the first speech sample that has a new
            event.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        schedule: VisemeSchedule,
        on_heard: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._recognizer = recognizer
        self._schedule = schedule
        self._on_heard = on_heard
        self._inbox: queue.SimpleQueue[_Speech | _Mark] = queue.SimpleQueue()
        self._waiting = 0
        self._stream: RecognizerStream | None = None
        self._base = 0
        self._next = 0
        self._thread = threading.Thread(target=self._run, name="avatar-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def push_audio(self, start: int, pcm: Pcm) -> None:
        """Hear `pcm`, int16 [N], which begins at `start` on the speech timeline."""
        if self._waiting <= LIMIT_SAMPLES:
            self._waiting += len(pcm)
            self._inbox.put(_Speech(start, pcm))

    def end_segment(self) -> None:
        """Decide what is still open; what comes next is another utterance."""
        self._inbox.put(_Mark.ENDED)

    def clear(self) -> None:
        """Forget what has not been heard yet: it will not be played."""
        self._drop_inbox()
        self._inbox.put(_Mark.CLEARED)

    def close(self) -> None:
        """Stop; works before `start` and any number of times."""
        self._drop_inbox()
        self._inbox.put(_Mark.CLOSED)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _drop_inbox(self) -> None:
        try:
            while True:
                self._inbox.get_nowait()
        except queue.Empty:
            self._waiting = 0

    def _run(self) -> None:
        while (item := self._inbox.get()) is not _Mark.CLOSED:
            try:
                self._take(item)
            except Exception:
                logger.exception("recognition failed: the mouth rests until it works again")
                self._stream = None

    def _take(self, item: _Speech | _Mark) -> None:
        if isinstance(item, _Speech):
            self._waiting = max(0, self._waiting - len(item.pcm))
            self._hear(item)
            return
        if self._stream is not None and item is _Mark.ENDED:
            self._write(self._stream.flush())
        self._stream = None

    def _hear(self, speech: _Speech) -> None:
        if self._stream is None or speech.start != self._next:
            self._stream, self._base = self._recognizer.stream(), speech.start
        self._next = speech.start + len(speech.pcm)
        for first in range(0, len(speech.pcm), SLICE_SAMPLES):
            self._write(self._stream.push_audio(speech.pcm[first : first + SLICE_SAMPLES]))

    def _write(self, events: Sequence[VisemeEvent]) -> None:
        for event in events:
            self._schedule.append(
                VisemeEvent(event.viseme, event.start + self._base, event.duration, event.intensity)
            )
        if events:
            self._on_heard(events[0].start + self._base)
