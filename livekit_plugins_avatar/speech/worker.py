"""The listener: hears the speech before it is played, and writes the schedule.

In flow PCM as the sink accepts it and the words it is said to hold, out flow viseme events, written
into the schedule and revised there until they are played. A thread of its own, because recognition
must delay neither the event loop that delivers the speech nor the renderer that waits for the
mouth. Its queue is bounded. Full: what comes is not heard, and the mouth rests over it. Empty: the
listener sleeps.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

from ..audio.pcm_buffer import Pcm
from ..log import logger
from ..timeline import samples
from .recognizer import Recognizer, RecognizerStream
from .schedule import VisemeSchedule
from .text.pronunciation import Word
from .text_guided import HopRecognizer, TextGuidedStream
from .visemes import VisemeEvent

LIMIT_SAMPLES = samples(120.0)
"""The most speech that waits to be heard: far more than playout holds, so that only a recogniser
that hangs ever meets it."""

SLICE_SAMPLES = samples(0.5)
"""Speech is heard in slices of up to this length: a long delivery is cut, so that the first mouth
shapes are there before the last word has been looked at; short ones that wait are heard together.
A slice takes a few milliseconds of work, and on a busy machine ten times as long of waiting for its
turn, however short it is."""

HELD_SAMPLES = samples(0.06)
"""So far ahead of what is played the mouth is on its way already, and not called back."""

WORDS_LIMIT = 2_000
"""The most words that wait for their speech: more than ten minutes of it."""


@dataclass(frozen=True, slots=True)
class _Speech:
    """Speech that begins at `start` on the speech timeline."""

    start: int
    pcm: Pcm

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + len(self.pcm)


@dataclass(frozen=True, slots=True)
class _Text:
    """What the open segment says, or the next one."""

    words: tuple[Word, ...]
    fresh: bool


class _Mark(Enum):
    """What is said between pieces of speech."""

    ENDED = auto()
    CLEARED = auto()
    CLOSED = auto()


_Item = _Speech | _Text | _Mark


class RecognitionWorker:
    """Turns speech into schedule entries on a thread of its own.

    Args:
        recognizer: What recognises; each segment gets a fresh stream of it. One that hands out
            its hops (`HopRecognizer`) is told what the speech says, where that is known.
        schedule: Where the events go.
        on_heard: Called on the listener's thread with the first speech sample that has a new
            event.
        played: The speech sample that is played next; what lies before it stands.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        schedule: VisemeSchedule,
        on_heard: Callable[[int], None] = lambda _: None,
        played: Callable[[], int] = lambda: 0,
    ) -> None:
        self._recognizer = recognizer
        self._schedule = schedule
        self._on_heard = on_heard
        self._played = played
        self._inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._waiting = 0
        self._stream: TextGuidedStream | _PlainStream | None = None
        self._expected: list[Word] = []
        """Text that was given before its speech."""
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

    def expect(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        """Know what the segment says next: before its speech comes, with it, or a little later.

        Args:
            words: What follows what was expected so far; they start on the speech timeline.
            fresh: Whether it begins another segment: whatever waits for its speech in vain is
                forgotten.
        """
        if words or fresh:
            self._inbox.put(_Text(tuple(words), fresh))

    @property
    def waiting(self) -> int:
        """How many samples wait to be heard."""
        return self._waiting

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
        item = self._inbox.get()
        while item is not _Mark.CLOSED:
            following: _Item | None = None
            if isinstance(item, _Speech):
                item, following = self._joined(item)
            try:
                self._take(item)
            except Exception:
                logger.exception("recognition failed: the mouth rests until it works again")
                self._stream = None
            item = self._inbox.get() if following is None else following

    def _joined(self, speech: _Speech) -> tuple[_Speech, _Item | None]:
        """A piece of speech with those that wait behind it, and what waits behind them."""
        pieces, end = [speech.pcm], speech.end
        following: _Item | None = None
        while end - speech.start < SLICE_SAMPLES and following is None:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, _Speech) and item.start == end:
                pieces.append(item.pcm)
                end = item.end
            else:
                following = item
        return _Speech(speech.start, np.concatenate(pieces)), following

    def _take(self, item: _Item) -> None:
        if isinstance(item, _Speech):
            self._waiting = max(0, self._waiting - len(item.pcm))
            self._hear(item)
        elif isinstance(item, _Text):
            waiting = [] if item.fresh else self._expected
            self._expected = [*waiting, *item.words][:WORDS_LIMIT]
            if self._stream is not None:
                self._tell(self._stream)
        else:
            if self._stream is not None and item is _Mark.ENDED:
                self._write(self._stream.flush())
            self._stream = None
            self._expected.clear()

    def _hear(self, speech: _Speech) -> None:
        if self._stream is None or speech.start != self._next:
            self._stream, self._base = _stream_of(self._recognizer), speech.start
            self._tell(self._stream)
        self._next = speech.end
        for first in range(0, len(speech.pcm), SLICE_SAMPLES):
            self._write(self._stream.push_audio(speech.pcm[first : first + SLICE_SAMPLES]))

    def _tell(self, stream: TextGuidedStream | _PlainStream) -> None:
        """Let the stream know what it is to hear."""
        words = [
            word if word.start is None else replace(word, start=word.start - self._base)
            for word in self._expected
        ]
        self._expected.clear()
        if words:
            self._write(stream.expect(words))

    def _write(self, events: Sequence[VisemeEvent]) -> None:
        if not events or self._stream is None:
            return
        held = self._played() + HELD_SAMPLES
        self._schedule.settle(held)
        self._stream.settle(max(0, held - self._base))
        changed = self._schedule.revise(
            [replace(event, start=event.start + self._base) for event in events]
        )
        self._on_heard(changed)


class _PlainStream:
    """A stream that can be told nothing: what it says, it says once."""

    def __init__(self, stream: RecognizerStream) -> None:
        self.push_audio = stream.push_audio
        self.flush = stream.flush

    def expect(self, words: Sequence[Word]) -> list[VisemeEvent]:
        """Nothing changes."""
        return []

    def settle(self, sample: int) -> None:
        """Nothing is kept."""


def _stream_of(recognizer: Recognizer) -> TextGuidedStream | _PlainStream:
    if isinstance(recognizer, HopRecognizer):
        return TextGuidedStream(recognizer.hops())
    return _PlainStream(recognizer.stream())
