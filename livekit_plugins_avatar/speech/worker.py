"""Recognises speech before it is played, and writes the viseme schedule.

It has a thread of its own, because recognition must delay neither the event loop that delivers
speech nor the renderer that reads the schedule. Speech comes in bursts, faster than it is said: it
is recognised a little before it is needed, and first what is needed first of all rooms of the
process, so that a burst leaves their voices what they need. Its queue is bounded: when it is full,
new speech is not recognised, and the mouth rests over it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..audio.pcm_buffer import Pcm
from ..log import logger
from ..timeline import samples, seconds
from .alignment.aligner import UNKNOWN, WORDS_LIMIT
from .alignment.costs import Ints
from .backlog import Backlog, Item, Signal, Speech, Words
from .in_turn import InTurn
from .recognizer import Recognizer, RecognizerStream
from .schedule import VisemeSchedule
from .text.pronunciation import Word
from .text_guided import HopRecognizer, TextGuidedStream
from .visemes import VisemeEvent

WAITING_MAX_SAMPLES = samples(120.0)
"""The most speech that waits: more than playout holds, so only a recogniser that hangs meets it."""

FIRST_SAMPLES, MOST_SAMPLES = samples(1.0), samples(3.0)
"""Speech is recognised so far before it is needed: the first at the beginning, and then as much
more as has been said, up to the second. The timing of cues looks 0.5 s ahead."""

LEAST_WAIT_S = 0.05
"""Speech that is held is looked at so often."""

RESERVE_SAMPLES, PATIENCE_S = samples(0.5), 0.5
"""Speech that is needed sooner than the first does not wait for other rooms, and none for longer
than the second: `close` waits for it."""

HELD_SAMPLES = samples(-0.04)
"""So far after the speech that is published next, or before it, the mouth is on its way already and
is not revised: that is 0.21 s after what is heard, because the audio source holds 0.25 s."""

RECOVERED_SAMPLES = samples(1.0)
"""A recogniser that has failed works again once it has recognised this much speech."""

SEGMENTS_REMEMBERED = 8
"""Segments that wait to be played and whose words can be asked for."""


class _Segment(NamedTuple):
    """Speech from `start` to `end`, None while more may come, and where its words begin, as in
    `TextGuidedStream.word_starts`."""

    start: int
    word_starts: Ints
    end: int | None = None


_turns = InTurn()
"""Of all rooms of this process."""


class RecognitionWorker:
    """Turns speech into schedule entries on a thread of its own.

    A recogniser that gives its hops (`HopRecognizer`) is guided by the text, where that is known.
    `on_recognized` is called on the worker's thread with the first speech sample that has a new
    event. `position` is the speech sample that is published next; earlier events are not revised.
    `ahead` tells how much speech is said before a sample of it is needed: by default all is
    recognised at once.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        schedule: VisemeSchedule,
        *,
        on_recognized: Callable[[int], None] = lambda _: None,
        position: Callable[[], int] = lambda: 0,
        ahead: Callable[[int], int] = lambda _: 0,
    ) -> None:
        self._recognizer = recognizer
        self._schedule = schedule
        self._on_recognized = on_recognized
        self._position = position
        self._ahead = ahead
        self._backlog = Backlog(self._wait_s)
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
        if self._backlog.samples <= WAITING_MAX_SAMPLES:
            self._backlog.put(Speech(start, pcm))

    def expect(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        """Expect words that follow those expected so far: before their speech comes, with it, or a
        little later. Their times are on the speech timeline. `fresh` ones begin another segment,
        and those that still wait for their speech are dropped."""
        if words or fresh:
            self._backlog.put(Words(tuple(words), fresh))

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
        """How many samples wait that would be recognised by now."""
        return self._backlog.due

    def end_segment(self) -> None:
        """Decide what is still open; what comes next is another utterance."""
        self._backlog.put(Signal.ENDED)

    def clear(self) -> None:
        """Drop what has not been recognised yet: it will not be played."""
        self._backlog.drop()
        self._backlog.put(Signal.CLEARED)

    def close(self) -> None:
        """Stop; works before `start` and any number of times."""
        self._backlog.drop()
        self._backlog.put(Signal.CLOSED)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    # On the worker's thread.

    def _run(self) -> None:
        while (item := self._backlog.take()) is not Signal.CLOSED:
            try:
                self._take(item)
            except BaseException:  # Whatever a recogniser raises, SystemExit too: the thread lives.
                self._fail()

    def _wait_s(self, start: int) -> float:
        """How long speech that begins at a sample is still to wait."""
        ahead = self._ahead(start)
        said = start - self._base - ahead if start == self._next else 0
        early = ahead - min(MOST_SAMPLES, FIRST_SAMPLES + max(0, said))
        # What is said meanwhile counts twice.
        return max(LEAST_WAIT_S, seconds(early) / 2) if early > 0 else 0.0

    def _take(self, item: Item) -> None:
        if isinstance(item, Speech):
            patience_s = seconds(self._ahead(item.start) - RESERVE_SAMPLES)
            with _turns.turn(min(PATIENCE_S, max(0.0, patience_s))):
                self._recognize(item)
        elif isinstance(item, Words):
            waiting = [] if item.fresh else self._expected
            self._expected = [*waiting, *item.words][:WORDS_LIMIT]
            self._guide()
        else:
            self._expected = []
            if item is Signal.CLEARED:
                self._segments = ()
            elif self._stream is not None:
                self._write(self._stream.flush())
            self._end_stream()

    def _recognize(self, speech: Speech) -> None:
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
        self._write(self._stream.push_audio(speech.pcm))
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
