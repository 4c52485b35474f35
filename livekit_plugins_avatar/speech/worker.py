"""Recognises speech before it is played, and writes the viseme schedule.

It has a thread of its own, because recognition must delay neither the event loop that delivers
speech nor the renderer that reads the schedule. Its queue is bounded: when it is full, new speech
is not recognised, and the mouth rests over it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple

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

WAITING_MAX_SAMPLES = samples(120.0)
"""The most speech that waits: more than playout holds, so only a recogniser that hangs meets it."""

SLICE_SAMPLES = samples(0.5)
"""Long deliveries are cut, so that their first visemes are known early; short ones that wait are
joined, because each call may wait for its turn on a busy machine."""

HELD_SAMPLES = samples(-0.04)
"""So far after the speech that is published next, or before it, the mouth is on its way already and
is not revised: that is 0.21 s after what is heard, because the audio source holds 0.25 s."""

RECOVERED_SAMPLES = samples(1.0)
"""A recogniser that has failed works again once it has recognised this much speech."""

SEGMENTS_REMEMBERED = 8
"""Segments that wait to be played and whose words can be asked for."""


class _Speech(NamedTuple):
    """Speech that begins at `start` on the speech timeline."""

    start: int
    pcm: Pcm


class _Text(NamedTuple):
    """What the open segment says, or the next one."""

    words: tuple[Word, ...]
    fresh: bool


class _Signal(Enum):
    """What happens between pieces of speech."""

    ENDED = auto()
    CLEARED = auto()
    CLOSED = auto()


_Item = _Speech | _Text | _Signal


class _Segment(NamedTuple):
    """Speech from `start` to `end`, None while more may come, and where its words begin, as in
    `TextGuidedStream.word_starts`."""

    start: int
    word_starts: Ints
    end: int | None = None


class RecognitionWorker:
    """Turns speech into schedule entries on a thread of its own.

    A recogniser that gives its hops (`HopRecognizer`) is guided by the text, where that is known.
    `on_recognized` is called on the worker's thread with the first speech sample that has a new
    event. `position` is the speech sample that is published next; earlier events are not revised.
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
        self._stream: TextGuidedStream | RecognizerStream | None = None
        self._expected: list[Word] = []
        """Words that were given before their speech."""
        self._base = self._next = 0
        """Where on the speech timeline the stream began, and the sample after the last pushed."""
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
        if self.waiting <= WAITING_MAX_SAMPLES:
            self._pushed += len(pcm)
            self._inbox.put(_Speech(start, pcm))

    def expect(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        """Expect words that follow those expected so far: before their speech comes, with it, or a
        little later. Their times are on the speech timeline. `fresh` ones begin another segment,
        and those that still wait for their speech are dropped."""
        if words or fresh:
            self._inbox.put(_Text(tuple(words), fresh))

    def word_start(self, index: int) -> int | None:
        """The speech sample at which a word of the segment that is published, or else of the next
        one, begins; None where the word is not recognised yet, or the sound does not bear the text
        out. From any thread."""
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
        with suppress(queue.Empty):
            while True:
                item = self._inbox.get_nowait()
                if item is _Signal.CLOSED:  # An interruption may come after the end.
                    self._inbox.put(item)
                    return
                if isinstance(item, _Speech):
                    self._pushed -= len(item.pcm)

    # On the worker's thread.

    def _run(self) -> None:
        item = self._inbox.get()
        while item is not _Signal.CLOSED:
            following: _Item | None = None
            # Items that wait and go on with this one are taken with it. Where another thread drops
            # them just now, its signal comes instead.
            while following is None and not isinstance(item, _Signal) and not self._inbox.empty():
                following = self._inbox.get()
                joined = _joined(item, following)
                if joined is not None:
                    item, following = joined, None
            try:
                self._take(item)
            except BaseException:  # Whatever a recogniser raises, SystemExit too: the thread lives.
                self._fail()
            item = self._inbox.get() if following is None else following

    def _take(self, item: _Item) -> None:
        if isinstance(item, _Speech):
            self._taken += len(item.pcm)
            self._recognize(item)
        elif isinstance(item, _Text):
            waiting = [] if item.fresh else self._expected
            self._expected = [*waiting, *item.words][:WORDS_LIMIT]
            self._guide()
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
            self._base = speech.start
            if isinstance(self._recognizer, HopRecognizer):
                self._stream = TextGuidedStream(self._recognizer.hops())
            else:
                self._stream = self._recognizer.stream()
            segments = *self._segments, _Segment(speech.start, np.zeros(0, np.int64))
            self._segments = segments[-SEGMENTS_REMEMBERED:]
            self._guide()
        self._next = speech.start + len(speech.pcm)
        for first in range(0, len(speech.pcm), SLICE_SAMPLES):
            self._write(self._stream.push_audio(speech.pcm[first : first + SLICE_SAMPLES]))
        self._recover(len(speech.pcm))

    def _guide(self) -> None:
        """Let the stream, if there is one that can use them, know the words."""
        if isinstance(self._stream, TextGuidedStream):
            words = [
                word if word.start is None else replace(word, start=word.start - self._base)
                for word in self._expected
            ]
            self._expected = []
            self._write(self._stream.expect(words))

    def _write(self, events: Sequence[VisemeEvent]) -> None:
        if not events:
            return
        held = self._position() + HELD_SAMPLES
        self._schedule.settle(held)
        placed = [replace(event, start=event.start + self._base) for event in events]
        changed = self._schedule.revise(placed)
        if isinstance(self._stream, TextGuidedStream):
            self._stream.settle(max(0, held - self._base))
            segment = _Segment(self._base, self._stream.word_starts)
            self._segments = *self._segments[:-1], segment
        self._on_recognized(changed)

    def _end_stream(self) -> None:
        self._stream = None
        if self._segments and self._segments[-1].end is None:
            ended = self._segments[-1]._replace(end=self._next)
            self._segments = *self._segments[:-1], ended

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
        if self._recovers_after is None:
            return
        self._recovers_after -= count
        if self._recovers_after <= 0:
            self._recovers_after = None
            logger.info("speech: the recogniser works again", extra={"speech_sample": self._next})


def _joined(item: _Item, following: _Item) -> _Item | None:
    """Both in one, if what follows goes on with an item that is not long enough."""
    match item, following:
        case _Speech(start, pcm), _Speech(then, more):
            if then == start + len(pcm) and len(pcm) < SLICE_SAMPLES:
                return _Speech(start, np.concatenate((pcm, more)))
        case _Text(words, fresh), _Text(more_words, False):
            if len(words) < WORDS_LIMIT:
                return _Text(words + more_words, fresh)
    return None
