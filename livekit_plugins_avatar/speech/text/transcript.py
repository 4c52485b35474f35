"""The words that a TTS says it says, put together from the pieces it hands out.

In flow pieces of text, some with the time at which they begin: words, letters or whole sentences,
which read one after the other are the text. Out flow words, each once it is complete, with the time
of the piece it begins in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from .pronunciation import MARKUP

WORD = re.compile(r"[\W_]*(?P<letters>[^\W_]+(?:['\u2019.][^\W_]+)*)")
"""A word, and the punctuation before it: that is where people pause."""

UNCLOSED = re.compile(r"[<\[][^<>\[\]]*$")
"""The beginning of markup, whose end is in a piece to come."""

LONGEST_UNCLOSED = 200
"""What is longer was no markup."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text, and when it begins in its segment, in seconds; None where nobody said."""

    text: str
    at_s: float | None = None


class Transcript:
    """Joins the pieces of one segment.

    Args:
        exact: Whether the pieces are cut from a text just so, as a language model's are. Otherwise
            they may be words, and the blanks between them left out.
    """

    def __init__(self, *, exact: bool = False) -> None:
        self._exact = exact
        self._text = ""
        self._begins: list[int] = []
        """Where in the text each piece begins, in order."""
        self._at_s: list[float | None] = []

    def push(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The words that are complete now."""
        for piece in pieces:
            if piece.text:
                if self._runs_into(piece.text):
                    self._text += " "
                self._begins.append(len(self._text))
                self._at_s.append(piece.at_s)
                self._text += piece.text
        return self._take(self._complete())

    def flush(self) -> list[Piece]:
        """The words that are left; the next piece begins another segment."""
        words = self._take(len(self._text))
        self._text, self._begins, self._at_s = "", [], []
        return words

    def _runs_into(self, text: str) -> bool:
        """Whether the last piece and this one, of several letters each, lack a blank."""
        if (
            self._exact
            or len(text) == 1
            or not self._begins
            or len(self._text) - self._begins[-1] < 2
        ):
            return False
        return text[0].isalnum() and not self._text[-1].isspace()

    def _complete(self) -> int:
        """How much of the text can be read: up to the last blank, and no half markup."""
        unclosed = UNCLOSED.search(self._text)
        if unclosed and len(unclosed[0]) < LONGEST_UNCLOSED:
            return unclosed.start()
        ends = [match.end() for match in re.finditer(r"\s", self._text)]
        return ends[-1] if ends else 0

    def _take(self, end: int) -> list[Piece]:
        plain = MARKUP.sub(lambda markup: " " * len(markup[0]), self._text[:end])
        words: list[Piece] = []
        read, timed = 0, -1
        for match in WORD.finditer(plain):
            piece = bisect_right(self._begins, match.start("letters")) - 1
            words.append(Piece(match[0], self._at_s[piece] if piece > timed else None))
            read, timed = match.end(), max(timed, piece)
        return self._drop(read, words)

    def _drop(self, read: int, words: list[Piece]) -> list[Piece]:
        """Forget what was read, but for the punctuation after it."""
        kept = max(0, bisect_right(self._begins, read) - 1)
        self._text = self._text[read:]
        self._begins = [max(0, begin - read) for begin in self._begins[kept:]]
        self._at_s = self._at_s[kept:]
        return words
