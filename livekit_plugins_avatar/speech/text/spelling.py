"""Reads words that no dictionary has aloud: a table of rules of English spelling.

The first rule is taken whose letters come next and whose patterns fit what lies before and after.
The rules must get right where lips meet, teeth show and vowels are round, because that is visible.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

VOWEL = "[aeiouy]"
CONSONANT = "[bcdfghjklmnpqrstvwxz]"
MAGIC_E = f"(?={CONSONANT}(e|ed|es|er|ely|ing|y|le)$)"
"""What follows a long vowel: one consonant and an e that is not said, or an ending in its place."""

SOFT = "(?=[eiy])"
START = "^"
END = "$"


class Rule(NamedTuple):
    """How some letters are said.

    Args:
        letters: What is read.
        phones: How it is said, with blanks between; nothing for letters that are silent.
        reason: An example, or why.
        before: A pattern that what comes before must end with.
        after: A pattern that what follows must begin with.
    """

    letters: str
    phones: str
    reason: str
    before: str = ""
    after: str = ""


RULES = (
    # Whole endings first: they are many, and regular.
    Rule("tion", "SH AH N", "nation", after="(s|al|ed)?$"),
    Rule("ssion", "SH AH N", "mission"),
    Rule("sion", "ZH AH N", "vision", before=VOWEL),
    Rule("sion", "SH AH N", "pension"),
    Rule("tious", "SH AH S", "ambitious"),
    Rule("cious", "SH AH S", "precious"),
    Rule("cial", "SH AH L", "social"),
    Rule("tial", "SH AH L", "partial"),
    Rule("ture", "CH ER", "picture", after="s?$"),
    Rule("sure", "ZH ER", "measure", before=VOWEL, after="s?$"),
    Rule("ious", "IY AH S", "serious"),
    Rule("ous", "AH S", "famous", after=END),
    Rule("age", "IH JH", "village", before=f"{VOWEL}.*{CONSONANT}", after="s?$"),
    Rule("able", "AH B AH L", "capable", after=END),
    Rule("les", "AH L Z", "bottles", before=CONSONANT, after=END),
    Rule("le", "AH L", "bottle", before=CONSONANT, after=END),
    Rule("ed", "IH D", "wanted", before="[td]", after=END),
    Rule("ed", "T", "washed", before="(p|k|ck|f|s|sh|ch|x)", after=END),
    Rule("ed", "D", "called", before=f"{VOWEL}.*.", after=END),
    Rule("es", "IH Z", "boxes", before="(s|z|x|sh|ch|c|g)", after=END),
    Rule("'s", "Z", "Anna's", after=END),
    Rule("'", "", "not a sound"),
    # Letters that are silent beside others.
    Rule("kn", "N", "know", before=START),
    Rule("gn", "N", "gnome", before=START),
    Rule("gn", "N", "sign", after=END),
    Rule("wr", "R", "write", before=START),
    Rule("ps", "S", "psyche", before=START),
    Rule("pn", "N", "pneumatic", before=START),
    Rule("mb", "M", "climb", after="(s|ed|ing|er)?$"),
    Rule("mn", "M", "autumn", after=END),
    Rule("bt", "T", "debt", after="(s|ed|or)?$"),
    # Consonants of more than one letter.
    Rule("tch", "CH", "watch"),
    Rule("sch", "SH", "Schmidt", after="[lmnw]"),
    Rule("sch", "S K", "school"),
    Rule("chr", "K R", "Christina"),
    Rule("ch", "CH", "church"),
    Rule("sh", "SH", "ship"),
    Rule("th", "TH", "thin"),
    Rule("ph", "F", "photo: the lip meets the teeth, not the other lip"),
    Rule("gh", "G", "ghost", before=START),
    Rule("gh", "", "light, though"),
    Rule("wh", "W", "when"),
    Rule("ck", "K", "back"),
    Rule("qu", "K W", "queen"),
    Rule("q", "K", "Iraq"),
    Rule("ng", "NG", "sing", after="(s|ing|er|ed)?$"),
    Rule("nk", "NG K", "bank"),
    Rule("sc", "S", "scene", after=SOFT),
    Rule("cc", "K S", "accent", after=SOFT),
    Rule("dge", "JH", "bridge"),
    Rule("ti", "SH", "patient", before=VOWEL, after="(e|a)"),
    Rule("x", "Z", "Xavier", before=START),
    Rule("x", "K S", "box"),
    # Vowels with r.
    Rule("air", "EH R", "fair"),
    Rule("are", "EH R", "care", after="(s|d)?$"),
    Rule("arr", "AE R", "carry"),
    Rule("war", "W AO R", "warm"),
    Rule("ar", "ER", "dollar", before=f"{VOWEL}.*{CONSONANT}", after=END),
    Rule("ar", "AA R", "car"),
    Rule("wor", "W ER", "word"),
    Rule("oar", "AO R", "board"),
    Rule("oor", "AO R", "door"),
    Rule("our", "AW ER", "hour", after=END),
    Rule("our", "AO R", "four, course"),
    Rule("or", "ER", "actor", before="[aeiouy].*[tsd]", after=END),
    Rule("or", "AO R", "for"),
    Rule("ear", "IH R", "near"),
    Rule("eer", "IH R", "beer"),
    Rule("ere", "IH R", "here", after=END),
    Rule("err", "EH R", "berry"),
    Rule("er", "ER", "her"),
    Rule("ire", "AY ER", "fire", after=END),
    Rule("ir", "ER", "bird"),
    Rule("ure", "Y UH R", "cure", after=END),
    Rule("ur", "ER", "burn"),
    # Vowels of more than one letter.
    Rule("igh", "AY", "night"),
    Rule("eigh", "EY", "weigh"),
    Rule("augh", "AO", "caught"),
    Rule("ough", "AO", "bought", after="t"),
    Rule("ough", "OW", "though"),
    Rule("eau", "OW", "Bordeaux"),
    Rule("ai", "EY", "rain"),
    Rule("ay", "EY", "day"),
    Rule("au", "AO", "Paul"),
    Rule("aw", "AO", "saw"),
    Rule("ee", "IY", "see"),
    Rule("ea", "IY", "sea"),
    Rule("ei", "IY", "ceiling", before="c"),
    Rule("ei", "AY", "Einstein"),
    Rule("ey", "IY", "money", after="s?$"),
    Rule("ey", "EY", "they"),
    Rule("eu", "UW", "Zeus"),
    Rule("ew", "UW", "new"),
    Rule("ie", "AY", "pie", before=f"^{CONSONANT}+", after="[sd]?$"),
    Rule("ie", "IY", "Marie, field"),
    Rule("oa", "OW", "boat"),
    Rule("oi", "OY", "coin"),
    Rule("oy", "OY", "boy"),
    Rule("oo", "UH", "book", after="k"),
    Rule("oo", "UW", "food"),
    Rule("ou", "UW", "Louise", before="l"),
    Rule("ou", "AW", "house"),
    Rule("ow", "OW", "show", after="[sn]?$"),
    Rule("ow", "AW", "town"),
    Rule("oe", "OW", "toe", after="s?$"),
    Rule("ue", "UW", "blue", after="s?$"),
    Rule("ui", "UW", "fruit"),
    Rule("al", "AO L", "all, talk", after="[lk]"),
    Rule("ild", "AY L D", "child"),
    Rule("ind", "AY N D", "kind", after="s?$"),
    Rule("old", "OW L D", "cold"),
    # Single vowels.
    Rule("a", "EY", "name", after=MAGIC_E),
    Rule("a", "AA", "spa, Obama", after=END),
    Rule("a", "AE", "cat"),
    Rule("e", "IY", "Pete", after=MAGIC_E),
    Rule("e", "IY", "me", before=f"^{CONSONANT}*", after=END),
    Rule("e", "", "the e that makes another letter long", before=".", after=END),
    Rule("e", "", "names", before=f"{VOWEL}{CONSONANT}", after="s$"),
    Rule("e", "EH", "bed"),
    Rule("i", "AY", "time", after=MAGIC_E),
    Rule("i", "IY", "taxi", after=END),
    Rule("i", "Y", "million", before="[ln]", after=VOWEL),
    Rule("i", "IY", "radio", after=VOWEL),
    Rule("i", "IH", "sit"),
    Rule("o", "OW", "home", after=MAGIC_E),
    Rule("o", "OW", "go", after="s?$"),
    Rule("o", "AA", "hot"),
    Rule("u", "UW", "rude", after=MAGIC_E),
    Rule("u", "UW", "menu", after=END),
    Rule("u", "W", "language", before="g", after=VOWEL),
    Rule("u", "AH", "cup"),
    Rule("y", "Y", "yes", before=START),
    Rule("y", "AY", "my", before=f"^{CONSONANT}+", after=END),
    Rule("y", "IY", "happy", after=END),
    Rule("y", "AY", "type", after=MAGIC_E),
    Rule("y", "IH", "gym"),
    # Single consonants.
    *(Rule(letter, "", "rubber: said once", before=letter) for letter in "bcdfgklmnprstz"),
    Rule("b", "B", "bed"),
    Rule("c", "S", "city", after=SOFT),
    Rule("c", "K", "cat"),
    Rule("d", "D", "day"),
    Rule("f", "F", "fun"),
    Rule("g", "JH", "gem", after=SOFT),
    Rule("g", "G", "go"),
    Rule("h", "", "Sarah", before=VOWEL, after=f"({CONSONANT}|$)"),
    Rule("h", "HH", "hat"),
    Rule("j", "JH", "jam"),
    Rule("k", "K", "key"),
    Rule("l", "L", "leg"),
    Rule("m", "M", "man"),
    Rule("n", "N", "no"),
    Rule("p", "P", "pen"),
    Rule("r", "R", "red"),
    Rule("s", "Z", "names, dogs", before="([bdglmnrvw]|[aeiou][a-z]?e)", after=END),
    Rule("s", "Z", "rose", before=VOWEL, after=VOWEL),
    Rule("s", "S", "sun"),
    Rule("t", "T", "top"),
    Rule("v", "V", "van"),
    Rule("w", "W", "we"),
    Rule("z", "Z", "zoo"),
)
"""In the order in which they are tried."""

LETTER_NAMES = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY",
    "h": "EY CH", "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N",
    "o": "OW", "p": "P IY", "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW",
    "v": "V IY", "w": "D AH B AH L Y UW", "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip
"""How the letters are called: acronyms are spelt out."""


@lru_cache(maxsize=1)
def _compiled() -> dict[str, list[tuple[Rule, re.Pattern[str], re.Pattern[str]]]]:
    """The rules by the first of their letters, in their order."""
    table: dict[str, list[tuple[Rule, re.Pattern[str], re.Pattern[str]]]] = {}
    for rule in RULES:
        before, after = re.compile(f"(?:{rule.before})$"), re.compile(rule.after)
        table.setdefault(rule.letters[0], []).append((rule, before, after))
    return table


def read_aloud(word: str) -> tuple[str, ...]:
    """The phones of a word by the rules of spelling.

    Args:
        word: Letters from a to z and apostrophes; any other character is not said.
    """
    phones: list[str] = []
    at = 0
    while at < len(word):
        read, said = _next(word, at)
        phones += said
        at += read
    return tuple(phones)


def _next(word: str, at: int) -> tuple[int, list[str]]:
    """How many letters the rule that fits here reads, and its phones."""
    for rule, before, after in _compiled().get(word[at], ()):
        end = at + len(rule.letters)
        if (
            word.startswith(rule.letters, at)
            and before.search(word[:at])
            and after.match(word[end:])
        ):
            return len(rule.letters), rule.phones.split()
    return 1, []


def spelt_out(word: str) -> tuple[str, ...]:
    """The phones of an acronym said letter by letter; letters from a to z."""
    return tuple(phone for letter in word for phone in LETTER_NAMES[letter].split())
