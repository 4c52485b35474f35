"""Finds the ways to say an English word.

A dictionary that comes with the package is asked first; a word that it lacks is read by the rules
of spelling. Figures and other scripts can be read in too many ways, and have none.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from functools import lru_cache
from importlib import resources

from .spelling import read_aloud, spelt_out

Phones = tuple[str, ...]

LONGEST_WORD = 28
"""Letters; no longer word is in use ("antidisestablishmentarianism")."""

LONGEST_ACRONYM = 5

MOST_WAYS = 4
"""Ways to say a word beyond these are rare."""

ENDINGS = (
    ("'s", "", "Z"),
    ("s'", "", "Z"),
    ("s", "", "Z"),
    ("ed", "", "D"),
    ("ed", "e", "D"),
    ("ing", "", "IH NG"),
    ("ing", "e", "IH NG"),
    ("ly", "", "L IY"),
    ("er", "", "ER"),
    ("er", "e", "ER"),
    ("ness", "", "N AH S"),
    ("less", "", "L AH S"),
)
"""Endings, what stands in their place in the dictionary, and how they are said; whether an s is
voiced is not visible."""


@lru_cache(maxsize=4096)
def ways_to_say(word: str) -> tuple[Phones, ...]:
    """Every way a word may be said, the likeliest first; empty where none is known."""
    plain = _plain(word) if len(word) <= LONGEST_WORD else ""
    if not plain:
        return ()
    ways = list(_looked_up(plain))
    if word.isupper() and 1 < len(plain) <= LONGEST_ACRONYM and "'" not in plain:
        ways.append(spelt_out(plain))
    return tuple(dict.fromkeys(ways or [_derived(plain) or read_aloud(plain)]))[:MOST_WAYS]


def _plain(word: str) -> str:
    """In small letters without accents; empty if there is more to it than letters."""
    letters = unicodedata.normalize("NFKD", word.lower())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return plain if re.fullmatch(r"[a-z']*[a-z][a-z']*", plain) else ""


@lru_cache(maxsize=1)
def _dictionary() -> tuple[list[str], bytes]:
    """The names of the phones, and the rows in order: a line each, a word and ways to say it."""
    path = resources.files("livekit_plugins_avatar") / "resources" / "pronunciations.txt.z"
    names, _, rows = zlib.decompress(path.read_bytes()).partition(b"\n")
    return names.decode().split(), rows


def _looked_up(word: str) -> list[Phones]:
    names, rows = _dictionary()
    wanted = word.encode()
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        begin = max(low, rows.rfind(b"\n", low, middle) + 1)
        end = rows.index(b"\n", middle)
        found, *ways = rows[begin:end].split(b" ")
        if found == wanted:
            return [tuple(names[letter - ord("A")] for letter in way) for way in ways]
        low, high = (end + 1, high) if found < wanted else (low, begin)
    return []


def _derived(word: str) -> Phones:
    """A word that the dictionary has without its ending."""
    for ending, instead, phones in ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            if stem := _looked_up(word[: -len(ending)] + instead):
                return (*stem[0], *phones.split())
    return ()
