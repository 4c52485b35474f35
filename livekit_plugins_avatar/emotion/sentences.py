"""Reads the emotions of a text that is about to be spoken, sentence by sentence.

The text comes in piece by piece, with markup; out come cues: the emotion of each sentence, and
where in the text it begins. A tag overrides the words of the sentences after it, up to the next tag
or the end of the text. Streamed text gives the same cues as the whole, in time proportional to its
length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..speech.text.markup import MarkupScanner, Tag, Text
from ..speech.text.pronunciation import TOKEN
from . import lexicon
from .estimate import EmotionEstimate
from .tags import estimate_of

DIGIT_LETTERS = 4
"""A digit takes about as long to say as four letters: "seven", "two"."""

PAUSE_LETTERS = 6
"""The pause after a sentence takes about as long as six letters: 0.4 s."""


@dataclass(frozen=True, slots=True)
class Cue:
    """The emotion of one sentence.

    Args:
        at: The length of the text before it, as `length_of` counts.
        word: The number of words before it, counted as `speech.text.pronunciation` does.
        text: The sentence without markup.
        tagged: Whether a tag asked for the emotion.
    """

    at: int
    word: int
    estimate: EmotionEstimate
    text: str
    tagged: bool


class SentenceReader:
    """Reads one text; belongs to one thread."""

    def __init__(self) -> None:
        self._scanner = MarkupScanner()
        self._sentence: list[str] = []
        self._tagged: EmotionEstimate | None = None
        self._words = 0
        self.length = 0
        """Of the sentences so far, as `length_of` counts."""

    def push(self, text: str) -> list[Cue]:
        """Take a piece; returns the cues of the sentences that are complete now."""
        return self._read(self._scanner.push(text))

    def flush(self) -> list[Cue]:
        """The text is complete: return the cues that are left."""
        return [*self._read(self._scanner.flush()), *self._close()]

    def _read(self, items: Iterable[Text | Tag]) -> list[Cue]:
        cues: list[Cue] = []
        for item in items:
            if isinstance(item, Text):
                self._sentence.append(item.text)
                if item.ends_sentence:
                    cues += self._close()
                continue
            self._sentence.append(" ")  # A tag separates words.
            estimate = estimate_of(item)
            if estimate is not None:
                cues += self._close()
                self._tagged = estimate
        return cues

    def _close(self) -> list[Cue]:
        """The cue of the sentence so far, if it says anything."""
        text = "".join(self._sentence).strip()
        self._sentence.clear()
        if not text:
            return []
        # Emoji alone are shown at the end of what was said before.
        spoken = any(character.isalnum() for character in text)
        tagged = self._tagged if spoken else None
        estimate = tagged or lexicon.classify(text, "spoken")
        cue = Cue(self.length, self._words, estimate, text, tagged is not None)
        if spoken:
            self.length += length_of(text)
            self._words += len(TOKEN.findall(text.replace("\u2019", "'")))
        return [cue] if spoken or estimate.strength else []


def length_of(text: str) -> int:
    """About how long a sentence takes to say, in letters; digits and pauses count more.

    Scripts whose characters are syllables or words (kana, Han) come out too short, but all
    sentences alike, and only the shares of sentences are used.
    """
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    return letters + DIGIT_LETTERS * digits + PAUSE_LETTERS
