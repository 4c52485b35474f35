"""What the agent is about to say, sentence by sentence.

In flows text as a language model writes it, piece by piece, markup and all; out flow cues: what
each sentence makes one feel, and where in the text it begins. A tag wins over the words of the
sentences that follow it, until the next tag or the end of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import lexicon
from .estimate import EmotionEstimate
from .tags import TAG, UNCLOSED, estimate_of

END = re.compile(r"[.!?\u2026]+[\"')\u201d\u2019]*(?=\s)|\n|[\u3002\uff01\uff1f]")
"""Where a sentence ends. A point counts only with a blank behind it: "3.50" goes on."""

LONGEST_UNCLOSED = 200
"""What is longer was no markup."""

DIGIT_LENGTH = 4
"""A digit takes about as long to say as four letters: "seven", "two"."""

END_LENGTH = 6
"""The pause after a sentence takes about as long as six letters: 0.4 s."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What one sentence makes one feel.

    Args:
        at: Where it begins: the length of what is said before it, as `length_of` counts.
        estimate: What it makes one feel.
        text: The sentence, without markup.
        tagged: Whether a tag asked for it.
    """

    at: int
    estimate: EmotionEstimate
    text: str
    tagged: bool


class SentenceReader:
    """Reads one text; pure, and streamed text reads as whole text does."""

    def __init__(self) -> None:
        self._rest = ""
        self._sentence = ""
        self._asked: EmotionEstimate | None = None
        self._length = 0

    @property
    def length(self) -> int:
        """How much of the text has been read, as `length_of` counts."""
        return self._length

    def push(self, text: str) -> list[Cue]:
        """Take a piece; returns the sentences that are complete now."""
        self._rest += text
        return self._take(final=False)

    def flush(self) -> list[Cue]:
        """The text is complete; returns what is left."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[Cue]:
        cues: list[Cue] = []
        text, read = self._rest, 0
        held = None if final else UNCLOSED.search(text)
        until = held.start() if held and len(held[0]) < LONGEST_UNCLOSED else len(text)
        while read < until:
            tag, end = TAG.search(text, read, until), END.search(text, read)
            if tag and (not end or tag.start() < end.end()):
                self._sentence += text[read : tag.start()]
                asked = estimate_of(tag)
                if asked is not None:
                    cues += self._close()
                    self._asked = asked
                read = tag.end()
            elif end and end.end() <= until:
                self._sentence += text[read : end.end()]
                cues += self._close()
                read = end.end()
            else:
                break
        if final:
            self._sentence += text[read:]
            cues += self._close()
            read = len(text)
        self._rest = text[read:]
        return cues

    def _close(self) -> list[Cue]:
        """The sentence so far, if it says anything."""
        text, self._sentence = self._sentence.strip(), ""
        if not any(character.isalnum() for character in text):
            # A lone tag or an emoji: it belongs to what has been said.
            estimate = lexicon.classify(text, "spoken") if text else None
            shows = estimate is not None and estimate.strength > 0
            return [Cue(self._length, estimate, text, False)] if estimate and shows else []
        estimate = self._asked or lexicon.classify(text, "spoken")
        cue = Cue(self._length, estimate, text, self._asked is not None)
        self._length += length_of(text)
        return [cue]


def length_of(text: str) -> int:
    """About how long a sentence takes to say, in letters: digits and the pause behind count more.

    It takes the same for any script that has letters; of one with syllables (kana) or words (Han)
    for characters it is too little, the same for all sentences, which is what shares need.
    """
    letters = sum(character.isalpha() for character in text)
    digits = sum(character.isdigit() for character in text)
    return letters + DIGIT_LENGTH * digits + END_LENGTH
