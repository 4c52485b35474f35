"""Tells whether a text is English, the language of the lexicon.

Languages differ in their small words (stop words, Grefenstette 1995): a text with more small words
of other languages than of English, or with letters that English lacks, is not English. A word or
two without any counts as English: words of other languages are not in the lexicon anyway.
"""

from __future__ import annotations

import re
import unicodedata

ENGLISH = frozenset(
    "the and you your yours i'm i've i'll it's that that's this these those with from have has had "
    "are were been being does did don't doesn't didn't isn't aren't can't could would should they "
    "their them she our ours what when where which who why how there here because about after "
    "before than then some any very just my it i to for not but".split()
)
"""Small words of English that no language below has."""

OTHERS = frozenset(
    # German
    "der das und ist nicht ich du sie wir ein eine einen mit auf dem zu von auch wie aber sind "
    "haben mir mich noch nur sehr wird kann mein meine danke bitte ja nein "
    # French
    "le la les une des est et je tu il elle nous vous pas que qui dans pour sur avec ce cette mon "
    "mes c'est j'ai tres bonjour merci oui suis "
    # Spanish
    "el los las es por para mi su muy esta estoy tengo pero gracias hola si soy como todo "
    # Italian
    "lo gli non che sono mio mia molto ho grazie della questo "
    # Portuguese
    "os um uma nao meu minha muito voce obrigado obrigada isso "
    # Dutch
    "de het een niet ik je wij met voor van zijn maar ook dank naar "
    # Polish, Turkish, Swedish
    "jest nie sie bardzo dziekuje bir ve cok degil tesekkur jag och inte ar tack".split()
)
"""Small words of other common languages, without their accents."""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def is_english(text: str) -> bool:
    """Whether the lexicon covers `text`."""
    words = _WORD.findall(text.replace("\u2019", "'").lower())
    plain = [_plain(word) for word in words]
    latin = sum(word.isascii() for word in plain)
    if 2 * latin < len(words):
        return False
    english = sum(word in ENGLISH for word in plain)
    others = sum(word in OTHERS for word in plain)
    accented = any(not word.isascii() for word in words)
    if english == others:
        return others == 0 and not (accented and english == 0)
    return english > others


def _plain(word: str) -> str:
    """The word without its accents."""
    letters = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
