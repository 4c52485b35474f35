"""Recognises speech before it is played, and writes the viseme schedule.

Input: PCM as the sink accepts it, and the words that it is expected to say. Output: viseme events,
revised in the schedule until they are played. It has a thread of its own, because recognition must
delay neither the event loop that delivers the speech nor the renderer that reads the schedule. Its
queue is bounded: when it is full, new speech is not recognised, and the mouth rests over it.
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
from .alignment.aligner import UNKNOWN, WORDS_LIMIT
from .alignment.costs import Ints
from .recognizer import Recognizer, RecognizerStream
from .schedule import VisemeSchedule
from .text.pronunciation import Word
from .text_guided import HopRecognizer, TextGuidedStream
from .visemes import VisemeEvent

LIMIT_SAMPLES = samples(120.0)
"""The most speech that waits to be recognised: far more than playout holds, so that only a
recogniser that hangs ever meets it."""

SLICE_SAMPLES = samples(0.5)
"""Speech is recognised in slices of up to this length: the first visemes of a long delivery are
known before its end is looked at, and short deliveries that wait are recognised together, because
each call may wait for its turn on a busy machine."""

HELD_SAMPLES = samples(0.06)
"""So far ahead of what is played, the mouth is on its way already and is not revised."""

RECOVERED_SAMPLES = samples(1.0)
"""A recogniser that has failed works again once it has recognised this much speech."""

SEGMENTS_REMEMBERED = 8
"""Segments that wait to be played and whose words can be asked for."""


NO_WORDS: Ints = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class _Speech:
    """Speech that begins at `start` on the speech timeline."""

    start: int
    pcm: Pcm

    @property
    def end(self) -> int:
        """The sample after the last."""
        return self.start + len(self.pcm)

    def joined(self, following: object) -> _Speech | None:
        """Both in one, if what follows goes on with this and this is not long enough."""
        if len(self.pcm) >= SLICE_SAMPLES or not isinstance(following, _Speech):
            return None
        if following.start != self.end:
            return None
        return _Speech(self.start, np.concatenate((self.pcm, following.pcm)))


@dataclass(frozen=True, slots=True)
class _Text:
    """What the open segment says, or the next one."""

    words: tuple[Word, ...]
    fresh: bool

    def joined(self, following: object) -> _Text | None:
        """Both in one, if what follows goes on with this and this is not long enough."""
        if len(self.words) >= WORDS_LIMIT or not isinstance(following, _Text) or following.fresh:
            return None
        return _Text(self.words + following.words, self.fresh)


class _Signal(Enum):
    """What happens between pieces of speech."""

    ENDED = auto()
    CLEARED = auto()
    CLOSED = auto()


_Item = _Speech | _Text | _Signal


@dataclass(frozen=True, slots=True)
class _Segment:
    """Where the words of a stretch of speech begin, as far as it has been recognised.

    Args:
        start: Its first speech sample.
        end: The speech sample after its last; None while more may come.
        word_starts: See `TextGuidedStream.word_starts`.
    """

    start: int
    end: int | None
    word_starts: Ints


class RecognitionWorker:
    """Turns speech into schedule entries on a thread of its own.

    Args:
        recognizer: Each segment gets a fresh stream of it. One that gives its hops
            (`HopRecognizer`) is guided by the text, where that is known.
        schedule: Takes the events.
        on_recognized: Called on the worker's thread with the first speech sample that has a new
            event.
        position: The speech sample that is published next; earlier events are not revised.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        schedule: VisemeSchedule,
        *,
        on_recognized: Callable[[int], None] = lambda _: None,
        position: Callable[[], int] = lambda: 0,
    ) -> None:
        self._recognizer = recognizer
        self._schedule = schedule
        self._on_recognized = on_recognized
        self._position = position
        self._inbox: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._pushed = self._taken = 0
        """Samples put into the inbox, less those dropped, and taken from it."""
        self._stream: TextGuidedStream | _PlainStream | None = None
        self._expected: list[Word] = []
        """Words that were given before their speech."""
        self._base = 0
        self._next = 0
        self._segments: tuple[_Segment, ...] = ()
        """The oldest first. Replaced, never changed: any thread may read it."""
        self._recovers_after: int | None = None
        """How much speech a recogniser that has failed must recognise to work again."""
        self._thread = threading.Thread(target=self._run, name="avatar-recognition", daemon=True)

    def start(self) -> None:
        """Begin to recognise."""
        self._thread.start()

    def push_audio(self, start: int, pcm: Pcm) -> None:
        """Recognise `pcm`, int16 [N], which begins at `start` on the speech timeline."""
        if self.waiting <= LIMIT_SAMPLES:
            self._pushed += len(pcm)
            self._inbox.put(_Speech(start, pcm))

    def expect(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        """Know what the segment says next: before its speech comes, with it, or a little later.

        Args:
            words: What follows what was expected so far; they start on the speech timeline.
            fresh: Whether they begin another segment: words that still wait for their speech are
                dropped.
        """
        if words or fresh:
            self._inbox.put(_Text(tuple(words), fresh))

    def word_start(self, index: int) -> int | None:
        """The speech sample at which a word begins; from any thread.

        Args:
            index: Of the word in the text of the segment that is published, or of the next one if
                none is.

        Returns:
            None where the word is not aligned: not recognised yet, or the sound does not bear the
            text out.
        """
        position = self._position()
        for segment in self._segments:
            if segment.end is None or segment.end > position:
                starts = segment.word_starts
                known = 0 <= index < len(starts) and starts[index] != UNKNOWN
                return segment.start + int(starts[index]) if known else None
        return None

    @property
    def waiting(self) -> int:
        """How many samples wait to be recognised."""
        return max(0, self._pushed - self._taken)

    def end_segment(self) -> None:
        """Decide what is still open; what comes next is another utterance."""
        self._inbox.put(_Signal.ENDED)

    def clear(self) -> None:
        """Drop what has not been recognised yet: it will not be played."""
        self._drop_inbox()
        self._inbox.put(_Signal.CLEARED)

    def close(self) -> None:
        """Stop; works before `start` and any number of times."""
        self._drop_inbox()
        self._inbox.put(_Signal.CLOSED)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def _drop_inbox(self) -> None:
        while True:
            try:
                item = self._inbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(item, _Speech):
                self._pushed -= len(item.pcm)

    # On the worker's thread.

    def _run(self) -> None:
        item = self._inbox.get()
        while item is not _Signal.CLOSED:
            joined, following = self._joined(item)
            try:
                self._take(joined)
            except BaseException:  # Whatever a recogniser raises, SystemExit too: the thread lives.
                self._fail()
            item = self._inbox.get() if following is None else following

    def _joined(self, item: _Item) -> tuple[_Item, _Item | None]:
        """An item with those that wait right behind it and go on with it, and the one after."""
        while isinstance(item, _Speech | _Text):
            try:
                following = self._inbox.get_nowait()
            except queue.Empty:
                break
            longer = item.joined(following)
            if longer is None:
                return item, following
            item = longer
        return item, None

    def _take(self, item: _Item) -> None:
        if isinstance(item, _Speech):
            self._taken += len(item.pcm)
            self._recognize(item)
        elif isinstance(item, _Text):
            waiting = [] if item.fresh else self._expected
            self._expected = [*waiting, *item.words][:WORDS_LIMIT]
            if self._stream is not None:
                self._guide(self._stream)
        else:
            self._expected = []
            if item is _Signal.CLEARED:
                self._segments = ()
            elif self._stream is not None:
                self._write(self._stream.flush())
            self._end_stream()

    def _recognize(self, speech: _Speech) -> None:
        if self._stream is None or speech.start != self._next:
            self._end_stream()
            self._stream, self._base = _stream_of(self._recognizer), speech.start
            segment = _Segment(speech.start, None, NO_WORDS)
            self._segments = (*self._segments, segment)[-SEGMENTS_REMEMBERED:]
            self._guide(self._stream)
        self._next = speech.end
        for first in range(0, len(speech.pcm), SLICE_SAMPLES):
            self._write(self._stream.push_audio(speech.pcm[first : first + SLICE_SAMPLES]))
        self._recover(len(speech.pcm))

    def _guide(self, stream: TextGuidedStream | _PlainStream) -> None:
        """Let the stream know what it is to recognise."""
        words = [
            word if word.start is None else replace(word, start=word.start - self._base)
            for word in self._expected
        ]
        self._expected = []
        if words:
            self._write(stream.expect(words))

    def _write(self, events: Sequence[VisemeEvent]) -> None:
        if not events or self._stream is None:
            return
        held = self._position() + HELD_SAMPLES
        self._schedule.settle(held)
        self._stream.settle(max(0, held - self._base))
        changed = self._schedule.revise(
            [replace(event, start=event.start + self._base) for event in events]
        )
        segment = _Segment(self._base, None, self._stream.word_starts)
        self._segments = (*self._segments[:-1], segment)
        self._on_recognized(changed)

    def _end_stream(self) -> None:
        self._stream = None
        if self._segments and self._segments[-1].end is None:
            ended = replace(self._segments[-1], end=self._next)
            self._segments = (*self._segments[:-1], ended)

    def _fail(self) -> None:
        """Log the first failure of an outage, and begin anew with what comes next."""
        if self._recovers_after is None:
            logger.exception(
                "speech: the recogniser failed; the mouth rests until it works again",
                extra={"recognizer": type(self._recognizer).__name__, "speech_sample": self._next},
            )
        self._recovers_after = RECOVERED_SAMPLES
        self._end_stream()

    def _recover(self, count: int) -> None:
        """Log the end of an outage once enough speech was recognised."""
        if self._recovers_after is not None:
            self._recovers_after -= count
            if self._recovers_after <= 0:
                self._recovers_after = None
                logger.info(
                    "speech: the recogniser works again", extra={"speech_sample": self._next}
                )


class _PlainStream:
    """A stream that takes no text: its events are final."""

    word_starts = NO_WORDS

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
