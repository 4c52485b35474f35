"""Joins what the language model writes and what the voice says it says into words to expect.

The language model's text wins: it comes first and is complete. Where there is none, as with a
realtime model, the text that the TTS sends beside its sound is taken, with its times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ...timeline import samples
from .pronunciation import Word, WordReader

if TYPE_CHECKING:
    from ...audio.speech import TimedText


class Expect(Protocol):
    """Takes the words that are said next; `RecognitionWorker.expect` fits."""

    def __call__(self, words: Sequence[Word], *, fresh: bool = False) -> None:
        """Expect words, if there are any; a `fresh` call begins another text."""


class SpokenText:
    """Follows the text of one session; belongs to one thread. Fits `SegmentListener`."""

    def __init__(self, expect: Expect) -> None:
        self._expect = expect
        self._written = WordReader()
        self._writing = False
        """Whether the language model's text is unfinished."""
        self._known = False
        """Whether the language model wrote what the open segment, or the next one, says."""
        self._timed = WordReader()
        self._last_piece = ""
        self._start: int | None = None
        """The speech sample at which the open segment begins."""

    def push_text(self, text: str) -> None:
        """Take the next piece of the language model's text."""
        self._expect(self._written.push(text), fresh=not self._writing)
        self._writing = self._known = True

    def end_text(self) -> None:
        """The language model's text is complete."""
        self._expect(self._written.flush())
        self._writing = False

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        """Take what the TTS says it says, in order: words, whose blanks may be missing, letters or
        sentences."""
        if self._start is None or self._known:
            return
        words: list[Word] = []
        for piece in pieces:
            start = None if piece.at_s is None else self._start + samples(piece.at_s)
            if _lacks_blank(self._last_piece, piece.text):
                words += self._timed.push(" ")
            self._timed.begin_piece(start)
            words += self._timed.push(piece.text)
            self._last_piece = piece.text or self._last_piece
        self._expect(words)

    def segment_started(self, start: int) -> None:
        """A segment begins at the speech sample `start`."""
        self._start = start

    def segment_ended(self, end: int) -> None:
        """The open segment ends before the speech sample `end`; called before the worker knows."""
        if not self._known:
            self._expect(self._timed.flush())
        self.segment_cleared()

    def segment_cleared(self) -> None:
        """What was expected of the open segment is not said any more."""
        self._timed, self._last_piece = WordReader(), ""
        self._known, self._start = False, None


def _lacks_blank(before: str, after: str) -> bool:
    """Whether two pieces of several letters each are words that lack the blank between them."""
    return len(before) > 1 and len(after) > 1 and after[0].isalnum() and not before[-1].isspace()
