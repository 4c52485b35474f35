"""Reads words that no dictionary has aloud, by rules of English spelling.

`resources/spelling.txt` lists the rules. They must get right where lips meet, teeth show and vowels
are round, because that is visible.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

ABBREVIATIONS = {
    "E": "C(e|ed|es|er|ely|ing|y|le)$",
    "C": "[bcdfghjklmnpqrstvwxz]",
    "V": "[aeiouy]",
}
"""What the capitals in patterns stand for, in the order in which they are replaced."""

LETTER_NAMES = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY",
    "h": "EY CH", "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N",
    "o": "OW", "p": "P IY", "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW",
    "v": "V IY", "w": "D AH B AH L Y UW", "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip
"""How the letters are called: acronyms are spelt out."""


class Rule(NamedTuple):
    """How some letters are said, depending on what lies before and after them."""

    letters: str
    phones: list[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    example: str

    def fits(self, word: str, at: int) -> bool:
        """Whether the rule reads what comes next in a word."""
        return (
            word.startswith(self.letters, at)
            and self.before.search(word[:at]) is not None
            and self.after.match(word[at + len(self.letters) :]) is not None
        )


@lru_cache(maxsize=1)
def rules() -> dict[str, list[Rule]]:
    """The rules by the first of their letters, in the order in which they are tried."""
    path = resources.files("livekit_plugins_avatar") / "resources" / "spelling.txt"
    table: dict[str, list[Rule]] = {}
    for line in path.read_text("ascii").splitlines():
        if line and not line.startswith("#"):
            columns = re.split(r"\s{2,}", line, maxsplit=4)
            letters, phones, before, after = ("" if each == "-" else each for each in columns[:4])
            patterns = _pattern(f"(?:{before})$"), _pattern(after)
            rule = Rule(letters, phones.split(), *patterns, columns[4])
            table.setdefault(letters[0], []).append(rule)
    return table


def _pattern(pattern: str) -> re.Pattern[str]:
    for abbreviation, meaning in ABBREVIATIONS.items():
        pattern = pattern.replace(abbreviation, meaning)
    return re.compile(pattern)


def read_aloud(word: str) -> tuple[str, ...]:
    """The phones of a word of letters from a to z and apostrophes, by the rules of spelling."""
    phones: list[str] = []
    at = 0
    while at < len(word):
        # Every letter has a rule that always fits.
        rule = next(rule for rule in rules()[word[at]] if rule.fits(word, at))
        phones += rule.phones
        at += len(rule.letters)
    return tuple(phones)


def spelt_out(word: str) -> tuple[str, ...]:
    """The phones of an acronym said letter by letter; letters from a to z."""
    return tuple(phone for letter in word for phone in LETTER_NAMES[letter].split())
