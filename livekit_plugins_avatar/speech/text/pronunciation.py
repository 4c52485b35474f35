"""How a text is said: its words, and the phones of each.

In flows text as an agent writes it, markup and punctuation included; out flow words in order, each
with every way it may be said. The words of English are looked up in a dictionary that comes with
the package; what it lacks is read by the rules of spelling. What can be said in too many ways
(figures, other scripts) has no pronunciation: there the ear alone decides.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from .spelling import read_aloud, spelt_out

Phones = tuple[str, ...]

DICTIONARY = "resources/pronunciations.txt.z"

MARKUP = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|[*_`#~]+")
"""Tags, stage directions in brackets and emphasis: none of them is said."""

TOKEN = re.compile(r"[^\W_]+(?:['.][^\W_]+)*'?")
"""A word, its apostrophes, and the points within a number or an address."""

PAUSES = re.compile(r"[.,;:!?()\u2026\u2013\u2014\"\n]|\s-\s|--")
"""Punctuation at which people like to pause."""

LONGEST_ACRONYM = 5
MOST_WAYS = 4
"""Ways to say a word beyond these are rare."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text.

    Args:
        text: As it is written.
        ways: Every way it may be said, the likeliest first; empty where nobody knows.
        pause: Whether punctuation before it invites a pause.
    """

    text: str
    ways: tuple[Phones, ...]
    pause: bool = False


def words_of(text: str) -> list[Word]:
    """The words of a text in order; what is not said is left out."""
    plain = MARKUP.sub(" ", text.replace("\u2019", "'"))
    words: list[Word] = []
    said_until = 0
    for match in TOKEN.finditer(plain):
        pause = bool(PAUSES.search(plain[said_until : match.start()]))
        said_until = match.end()
        words.append(Word(match[0], ways_to_say(match[0]), pause))
    return words


@lru_cache(maxsize=4096)
def ways_to_say(word: str) -> tuple[Phones, ...]:
    """Every way a word may be said, the likeliest first; empty for figures and other scripts."""
    plain = _plain(word)
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
    """The names of the phones, and the rows: a line each, word and ways."""
    packed = resources.files("livekit_plugins_avatar").joinpath(DICTIONARY).read_bytes()
    names, _, rows = zlib.decompress(packed).partition(b"\n")
    return names.decode().split(), b"\n" + rows


def _looked_up(word: str) -> list[Phones]:
    names, rows = _dictionary()
    # One search through two megabytes takes a tenth of a millisecond, and no memory beyond them.
    row = rows.find(b"\n" + word.encode() + b" ")
    if row < 0:
        return []
    _, *ways = rows[row + 1 : rows.index(b"\n", row + 1)].decode().split(" ")
    return [tuple(names[ord(letter) - ord("A")] for letter in way) for way in ways]


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
said with or without voice is not seen."""


def _derived(word: str) -> Phones:
    """A word that the dictionary has without its ending."""
    for ending, instead, phones in ENDINGS:
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = _looked_up(word[: -len(ending)] + instead)
            if stem:
                return (*stem[0], *phones.split())
    return ()
