"""Tells whether a text is English, the language of the lexicon.

Languages differ in their small words (stop words, Grefenstette 1995). A word or two without any
count as English: words of other languages are not in the lexicon anyway.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from .word_groups import word_groups

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def is_english(text: str) -> bool:
    """Whether the letters and the small words of `text` are rather English than not."""
    words = _WORD.findall(text.replace("\u2019", "'").lower())
    plain = [_without_accents(word) for word in words]
    if 2 * sum(word.isascii() for word in plain) < len(words):
        return False  # Another script.
    signs = [_small_words()[word] for word in plain if word in _small_words()]
    return sum(signs) > 0 if signs else all(word.isascii() for word in words)


@lru_cache(maxsize=1)
def _small_words() -> dict[str, float]:
    """1 for each small word of English, and -1 for each of another language."""
    return {word: group.weight for group in word_groups("small_words") for word in group.words}


def _without_accents(word: str) -> str:
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
