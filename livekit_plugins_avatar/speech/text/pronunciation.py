"""Splits a text into words and tells how each may be said.

A text gives the same words however it is cut. A piece takes time in proportion to its length; no
more than a word is kept for the next.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from .dictionary import Phones, ways_to_say
from .markup import MarkupScanner, Tag, Text

TOKEN = re.compile(r"[^\W_]{1,40}(?:['.][^\W_]{1,40}){0,9}'?")
"""A word, its apostrophes, and the points within a number or an address; never an endless one."""

PAUSES = re.compile(r"[.,;:!?()\u2026\u2013\u2014\"\n]|\s-\s|--")
"""Punctuation at which people like to pause."""

LONGEST_PAUSE = 3
"""Characters of a match of `PAUSES`."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, as it is written."""

    text: str
    pause: bool = False
    """Whether punctuation before it invites a pause."""
    start: int | None = None
    """The sample at which it is expected to begin."""

    @property
    def ways(self) -> tuple[Phones, ...]:
        """Every way it may be said, the likeliest first; empty where none is known."""
        return ways_to_say(self.text)


def words_of(text: str) -> list[Word]:
    """The words of a text in order; markup and stage directions are left out."""
    reader = WordReader()
    return [*reader.push(text), *reader.flush()]


class WordReader:
    """Reads the words of one text after another; belongs to one thread."""

    def __init__(self) -> None:
        self._scanner = MarkupScanner()
        self._begin()

    def _begin(self) -> None:
        self._rest = ""
        """A word that may go on, or the end of what lies between two words."""
        self._at = 0
        """Where in the text, markup left out, the rest begins."""
        self._pause = False
        """Whether what was dropped since the last word invites a pause."""
        self._starts: deque[tuple[int, int | None]] = deque()
        """Where in the text pieces began, and when they begin to sound."""

    def begin_piece(self, start: int | None) -> None:
        """Note that the first word of what is pushed next is expected at the sample `start`."""
        while len(self._starts) > 1 and self._starts[1][0] <= self._at:
            self._starts.popleft()
        self._starts.append((self._at + len(self._rest), start))

    def push(self, text: str) -> list[Word]:
        """Take a piece; returns the words that are complete now."""
        return self._read(self._scanner.push(text), final=False)

    def flush(self) -> list[Word]:
        """The text is complete: return what is left. The next piece begins another text."""
        words = self._read(self._scanner.flush(), final=True)
        self._begin()
        return words

    def _read(self, items: list[Text | Tag], *, final: bool) -> list[Word]:
        plain = "".join(item.text if isinstance(item, Text) else " " for item in items)
        text = self._rest + plain.replace("\u2019", "'")
        words: list[Word] = []
        read = 0
        for match in TOKEN.finditer(text):
            self._pass(match.start() - read, text[read : match.start()])
            read = match.start()
            # A word at the end may go on, and so may one before a last point.
            if not final and text[match.end() : match.end() + 2] in ("", "."):
                self._rest = text[read:]
                return words
            words.append(Word(match[0], self._pause, self._start()))
            self._at += len(match[0])
            self._pause, read = False, match.end()
        kept = max(read, len(text) - LONGEST_PAUSE + 1)
        self._pass(kept - read, text[read:])
        self._rest = text[kept:]
        return words

    def _pass(self, count: int, seen: str) -> None:
        """Leave out so many characters between two words, the first of those that were seen."""
        self._pause = self._pause or bool(PAUSES.search(seen))
        self._at += count

    def _start(self) -> int | None:
        """When the word at `_at` begins: only the first of a piece has its time."""
        start = None
        while self._starts and self._starts[0][0] <= self._at:
            _, start = self._starts.popleft()
        return start
