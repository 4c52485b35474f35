"""Estimates the emotion of a text from its words: no network, no model, a millisecond.

Words have weights. A "not" before a word reverses it, what follows a "but" counts more, and a
question without other emotion shows interest. Text in other languages than English is neutral,
except for its emoji.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from .estimate import NEUTRAL, EmotionEstimate, Side
from .language import is_english
from .word_groups import Group, word_groups

SHOWN_FROM = 0.4
"""A smaller sum is chance, and neutral."""

LEAST_STRENGTH = 0.55
"""A weaker expression would not be seen."""

PHRASE_WORDS = 4
"""Words of the longest phrase."""

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

_AIMED = frozenset("you you're you've your u ur bot chatbot robot machine assistant ai".split())
_COPULAS = frozenset("are you're is was were be been being sound seem look such".split())
_OF_OTHERS = frozenset("i me my he him his she her it it's its that that's this they them".split())
_NEGATORS = frozenset(
    "not no never none nothing nobody neither nor without hardly barely cannot can't don't doesn't "
    "didn't isn't aren't wasn't weren't won't wouldn't couldn't shouldn't haven't hasn't hadn't "
    "ain't".split()
)
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
_BREAKS = frozenset(".,;:!?\n\u2026\u2014()")
_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[.,;:!?\n\u2026\u2014()]")
_SENTENCE = re.compile(r"[^.!?\n\u2026]+[.!?\n\u2026]*|[.!?\n\u2026]+")


class _Hit(NamedTuple):
    """A phrase of the lexicon in a sentence, and where its tokens are."""

    group: Group
    start: int
    end: int


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
        estimate = _of_sentence(sentence, side) if known else _of_valence(_faces(sentence))
        asked_later = estimate == QUESTION and best.strength <= QUESTION.strength
        if estimate.strength and (estimate.strength >= best.strength or asked_later):
            best = estimate
    return best


def _of_sentence(sentence: str, side: Side) -> EmotionEstimate:
    tokens = _TOKEN.findall(sentence.lower())
    insults = list(_find(tokens, "name", "curse"))
    if side == "heard" and any(_hurts(tokens, hit) for hit in insults):
        return EmotionEstimate("hurt", 1.0)
    asked = _is_question(sentence, tokens)
    valence = sum(
        _weight(tokens, hit)
        for hit in _find(tokens, "valence", "courtesy", "apology")
        if not (asked and hit.group.name == "apology")
    )
    if side == "spoken" and any(hit.group.name == "curse" for hit in insults):
        valence -= 1.0
    valence *= EXCLAIMED if "!" in tokens else 1.0
    valence *= IN_QUESTION if asked else 1.0
    shown = _of_valence(valence + _faces(sentence))
    return QUESTION if asked and shown == NEUTRAL else shown


def _of_valence(valence: float) -> EmotionEstimate:
    if abs(valence) < SHOWN_FROM:
        return NEUTRAL
    strength = min(1.0, max(LEAST_STRENGTH, abs(valence)))
    return EmotionEstimate("warm" if valence > 0 else "concern", strength)


def _faces(text: str) -> float:
    """The weight of emoji and emoticons; where there are several kinds, of the first listed."""
    return next((group.weight for face, group in _phrases("face").items() if face in text), 0.0)


@lru_cache
def _phrases(*topics: str) -> dict[str, Group]:
    """The phrases of some topics of the lexicon, each with its group."""
    groups = [group for group in word_groups("lexicon") if group.name in topics]
    return {phrase: group for group in groups for phrase in group.words}


def _find(tokens: Sequence[str], *topics: str) -> Iterator[_Hit]:
    """The phrases of some topics in a sentence, the longest at each place."""
    phrases = _phrases(*topics)
    at = 0
    while at < len(tokens):
        phrase = next((each for each in _possible(tokens, at) if each in phrases), None)
        end = at + (len(phrase.split()) if phrase else 1)
        if phrase:
            yield _Hit(phrases[phrase], at, end)
        at = end


def _possible(tokens: Sequence[str], at: int) -> Iterator[str]:
    """Each phrase that the lexicon may have for the tokens from a place on, the longest first."""
    for length in range(PHRASE_WORDS, 0, -1):
        yield " ".join(tokens[at : at + length])
    for length in range(len(tokens[at]), 0, -1):
        yield tokens[at][:length] + "*"


def _weight(tokens: Sequence[str], hit: _Hit) -> float:
    """The weight of a phrase in its sentence."""
    weight = hit.group.weight
    before = _clause_before(tokens, hit)
    for word in before[-INTENSIFIED_WORDS:]:
        if word in _phrases("intensifier"):
            weight *= _phrases("intensifier")[word].weight
    if hit.group.name == "valence" and _negated(before):
        weight *= NEGATED_GOOD if weight > 0 else NEGATED_BAD
    buts = [at for at, token in enumerate(tokens) if token in ("but", "however")]
    if buts:
        weight *= AFTER_BUT if hit.start > buts[-1] else BEFORE_BUT
    return weight


def _clause_before(tokens: Sequence[str], hit: _Hit) -> list[str]:
    """The words before a phrase in its clause, `AIMED_WORDS` at most."""
    backwards = reversed(tokens[max(0, hit.start - AIMED_WORDS) : hit.start])
    clause = takewhile(lambda token: token not in _BREAKS and token != "but", backwards)
    return [*clause][::-1]


def _negated(before: Sequence[str]) -> bool:
    near = before[-NEGATED_WORDS:]
    return not _NEGATORS.isdisjoint(near) and "only" not in near


def _hurts(tokens: Sequence[str], hit: _Hit) -> bool:
    """Whether an insult is aimed at the listener, and not said of others."""
    if hit.group.name == "curse":
        return True
    before, after = _clause_before(tokens, hit), tokens[hit.end :][:1]
    words = [token for token in tokens if token not in _BREAKS]
    return not _negated(before) and (
        (len(words) <= SHORT_WORDS and not {*words} & (_COPULAS | _OF_OTHERS))
        or bool(_AIMED & {*before[-1:], *after})
        or bool(_AIMED & {*before} and _COPULAS & {*before})
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
