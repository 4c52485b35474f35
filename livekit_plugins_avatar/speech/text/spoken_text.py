"""Tells the recognition worker which words the speech says.

The text comes from the language model, piece by piece, before it is spoken. Where the language
model gives none, as for recorded speech, the timed text of the TTS is used instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...audio.sink import TimedText
from ...timeline import samples
from ..worker import Spoken
from .transcript import Piece, Transcript


class Expect(Protocol):
    """Takes the words that are spoken next: `RecognitionWorker.expect`."""

    def __call__(self, spoken: Sequence[Spoken], *, fresh: bool = False) -> None: ...


class SpokenText:
    """Joins pieces of text into words; a `SegmentListener`.

    Args:
        expect: Takes the words; `fresh` says that they belong to the next segment.
    """

    def __init__(self, expect: Expect) -> None:
        self._expect = expect
        self._model_text = Transcript(exact=True)
        self._model_text_begins = True
        self._model_text_known = False
        """Whether the language model gave the text of the open segment, or of the next one."""
        self._tts_text = Transcript()
        self._start: int | None = None
        """The speech sample at which the open segment starts."""

    def push_text(self, text: str) -> None:
        """Take the next piece of the language model's text."""
        words = self._model_text.push([Piece(text)])
        self._model_text_known = True
        self._expect([Spoken(word.text) for word in words], fresh=self._model_text_begins)
        self._model_text_begins = False

    def end_text(self) -> None:
        """End the language model's text."""
        self._expect([Spoken(word.text) for word in self._model_text.flush()])
        self._model_text_begins = True

    def segment_started(self, start: int) -> None:
        """Time the words of the TTS from this speech sample."""
        self._start = start

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        """Take text from the TTS; it counts where the language model gave none."""
        self._expect_timed(self._tts_text.push([Piece(each.text, each.at_s) for each in pieces]))

    def segment_ended(self, end: int) -> None:
        """Expect the last word of the TTS's text."""
        self._expect_timed(self._tts_text.flush())
        self.segment_cleared()

    def segment_cleared(self) -> None:
        """Forget the text of the segment."""
        self._tts_text = Transcript()
        self._model_text_known = False
        self._start = None

    def _expect_timed(self, words: Sequence[Piece]) -> None:
        start = self._start
        if start is None or self._model_text_known:
            return
        self._expect(
            [
                Spoken(word.text, None if word.at_s is None else start + samples(word.at_s))
                for word in words
            ]
        )
