"""Estimates the emotion of a text from its words: no network, no model, a millisecond.

Words have weights. A "not" before a word reverses it, what follows a "but" counts more, and a
question without other emotion shows interest. Text in other languages than English is neutral,
except for its emoji.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from .estimate import NEUTRAL, EmotionEstimate, Side
from .language import is_english
from .words import (
    AIMED,
    COPULAS,
    EMOJI,
    EMOTICONS,
    INTENSIFIERS,
    NEGATORS,
    OF_OTHERS,
    WORDS,
    Topic,
)

SHOWN_FROM = 0.4
"""A smaller sum is chance, and neutral."""

LEAST_STRENGTH = 0.55
"""A weaker expression would not be seen."""

NEGATED_WORDS = 3
NEGATED_GOOD, NEGATED_BAD = -0.8, -0.4
"""How many words a "not" reaches, and the factors of what it negates: "not good" is bad, "not bad"
is hardly good."""

INTENSIFIED_WORDS = 2
EXCLAIMED = 1.15

BEFORE_BUT, AFTER_BUT = 0.5, 1.4
"""Factors of words before and after a "but": the speaker means what comes after it."""

IN_QUESTION = 0.5
"""Factor of words in a question: it asks whether something is good, and does not say so."""

QUESTION = EmotionEstimate("interest", 0.8)

SHORT_WORDS = 3
"""A name in a text of up to so many words is aimed at the listener."""

AIMED_WORDS = 8
"""How many words before a name may say whom it is aimed at: "your answer is ..."."""

LONGEST_TEXT = 2000
"""Characters. Of a longer text the end counts: a listener reacts to what was said last."""

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[.,;:!?\n\u2026\u2014()]")
_SENTENCE = re.compile(r"[^.!?\n\u2026]+[.!?\n\u2026]*|[.!?\n\u2026]+")
_FACES = {weight: re.compile(f"[{faces}]") for weight, faces in EMOJI.items()}
_BREAKS = frozenset(".,;:!?\n\u2026\u2014()")
_FILLERS = frozenset(
    "and so well okay ok um uh oh ah please also then but now hey hi hello".split()
)
_ASKING = frozenset("what what's when where where's who who's whose which why how's".split())
_MEASURED = frozenset("much many long far often old big about come soon late to".split())
_VERBS = frozenset(
    "do does did is are was were can could will would shall should may might have has am "
    "isn't aren't don't doesn't didn't can't couldn't won't wouldn't".split()
)
_ASKED = frozenset(
    "i you he she it we they there the this that these those my your our any anyone anybody "
    "somebody someone".split()
)


class _Phrase(NamedTuple):
    parts: tuple[str, ...]
    topic: Topic
    weight: float


class _Found(NamedTuple):
    at: int
    phrase: _Phrase
    weight: float


def classify(text: str, side: Side, language: str | None = None) -> EmotionEstimate:
    """Estimate the emotion of a text.

    Args:
        text: Of several sentences the strongest counts, and of equals the last.
        side: Whether it is heard or said.
        language: Its language tag if that is known, such as "en-GB".
    """
    text = text[-LONGEST_TEXT:].replace("\u2019", "'")
    known = language.lower().startswith("en") if language else is_english(text)
    best = NEUTRAL
    for sentence in _SENTENCE.findall(text):
        estimate = _of_sentence(sentence, side) if known else _of_valence(_emoji(sentence))
        asked_later = estimate == QUESTION and best.strength <= QUESTION.strength
        if estimate.strength and (estimate.strength >= best.strength or asked_later):
            best = estimate
    return best


def _of_sentence(sentence: str, side: Side) -> EmotionEstimate:
    tokens = _TOKEN.findall(sentence.lower())
    found = list(_found(tokens))
    if side == "heard" and _insults(tokens, found):
        return EmotionEstimate("hurt", 1.0)
    asked = _is_question(sentence, tokens)
    valence = sum(
        0.0 if asked and hit.phrase.topic == "apology" else hit.weight * _place(tokens, hit.at)
        for hit in found
        if hit.phrase.topic not in ("name", "curse")
    )
    if side == "spoken" and any(hit.phrase.topic == "curse" for hit in found):
        valence -= 1.0
    valence *= EXCLAIMED if "!" in tokens else 1.0
    valence *= IN_QUESTION if asked else 1.0
    shown = _of_valence(valence + _emoji(sentence))
    return QUESTION if asked and shown == NEUTRAL else shown


def _of_valence(valence: float) -> EmotionEstimate:
    if abs(valence) < SHOWN_FROM:
        return NEUTRAL
    strength = min(1.0, max(LEAST_STRENGTH, abs(valence)))
    return EmotionEstimate("warm" if valence > 0 else "concern", strength)


def _found(tokens: Sequence[str]) -> Iterator[_Found]:
    """The phrases of the lexicon in a sentence, the longest at each place."""
    for insults in (False, True):
        at = 0
        while at < len(tokens):
            phrase = _longest(tokens, at, insults)
            if phrase is None:
                at += 1
                continue
            yield _Found(at, phrase, _weight(tokens, at, phrase))
            at += len(phrase.parts)


def _longest(tokens: Sequence[str], at: int, insults: bool) -> _Phrase | None:
    for phrase in _phrases().get(tokens[at][:2], ()):
        if (phrase.topic in ("name", "curse")) == insults and _matches(phrase, tokens, at):
            return phrase
    return None


def _matches(phrase: _Phrase, tokens: Sequence[str], at: int) -> bool:
    said = tokens[at : at + len(phrase.parts)]
    return len(said) == len(phrase.parts) and all(
        token.startswith(part[:-1]) if part.endswith("*") else token == part
        for part, token in zip(phrase.parts, said, strict=True)
    )


def _weight(tokens: Sequence[str], at: int, phrase: _Phrase) -> float:
    """The weight of a phrase after the words before it."""
    weight = phrase.weight
    before = _clause(tokens, at)
    for word in before[-INTENSIFIED_WORDS:]:
        weight *= INTENSIFIERS.get(word, 1.0)
    if phrase.topic in ("valence", "name") and _negated(before):
        weight *= NEGATED_GOOD if weight > 0 else NEGATED_BAD
    return weight


def _negated(before: Sequence[str]) -> bool:
    near = before[-NEGATED_WORDS:]
    return any(word in NEGATORS for word in near) and "only" not in near


def _clause(tokens: Sequence[str], at: int) -> Sequence[str]:
    """The words before a place: `AIMED_WORDS` at most, and none before its clause."""
    first, reach = at, max(0, at - AIMED_WORDS)
    while first > reach and tokens[first - 1] not in _BREAKS and tokens[first - 1] != "but":
        first -= 1
    return tokens[first:at]


def _place(tokens: Sequence[str], at: int) -> float:
    """The factor of a place in a sentence."""
    buts = [index for index, token in enumerate(tokens) if token in ("but", "however")]
    if not buts:
        return 1.0
    return AFTER_BUT if at > buts[-1] else BEFORE_BUT


def _insults(tokens: Sequence[str], found: Sequence[_Found]) -> bool:
    """Whether a sentence insults its listener."""
    return any(
        hit.phrase.topic == "curse" or (hit.phrase.topic == "name" and _called(tokens, hit))
        for hit in found
        if hit.weight < 0
    )


def _called(tokens: Sequence[str], hit: _Found) -> bool:
    """Whether a name is aimed at the listener, and not said of others."""
    before = _clause(tokens, hit.at)
    after = tokens[hit.at + len(hit.phrase.parts) :][:1]
    words = [token for token in tokens if token not in _BREAKS]
    return (
        (len(words) <= SHORT_WORDS and not {*words} & (COPULAS | OF_OTHERS))
        or bool(AIMED & {*before[-1:], *after})
        or bool(AIMED & {*before} and COPULAS & {*before})
        or (before[:2] == ["what", "a"] and not after)
    )


def _is_question(sentence: str, tokens: Sequence[str]) -> bool:
    if "?" in sentence:
        return True
    words = [token for token in tokens if token not in _BREAKS]
    while words and words[0] in _FILLERS:
        words = words[1:]
    if len(words) < 2:
        return False
    if words[0] in _ASKING:
        return words[1] not in ("a", "an") and "!" not in tokens
    if words[0] == "how":
        return words[1] in _VERBS | _MEASURED
    return words[0] in _VERBS and words[1] in _ASKED


def _emoji(text: str) -> float:
    """The weight of emoji and emoticons; where there are several kinds, of the first."""
    for weight, faces in _FACES.items():
        if faces.search(text):
            return weight
    return next((weight for typed, weight in EMOTICONS.items() if typed in text), 0.0)


@lru_cache(maxsize=1)
def _phrases() -> Mapping[str, tuple[_Phrase, ...]]:
    """All phrases by the first two letters of their first word, the longest first."""
    phrases: dict[str, list[_Phrase]] = {}
    for group in WORDS:
        for written in group.words.split(", "):
            parts = tuple(written.split())
            phrase = _Phrase(parts, group.topic, group.weight)
            phrases.setdefault(parts[0][:2], []).append(phrase)
    return {
        letters: tuple(sorted(each, key=lambda phrase: -len(phrase.parts)))
        for letters, each in phrases.items()
    }
