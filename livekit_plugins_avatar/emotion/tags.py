"""Interprets markup: the emotions that tags and cues in brackets ask for.

An expressive agent's language model writes `<expr type="expression" label="warm, curious"/>`; TTS
have tags of their own, such as `<emotion value="happy"/>`, `<mstts:express-as style="sad">` and
`[laughs]`. Labels are free text, and an unknown one changes nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..face.emotions import EMOTIONS
from ..speech.text.markup import Tag
from .estimate import EmotionEstimate
from .word_groups import Group, word_groups

CUE_WORDS = 3
"""A cue in brackets is short; more words are prose."""

_NAMES = frozenset(
    ("emotion", "expression", "mood", "feeling", "express-as", "mstts:express-as", "sound")
)
_VALUES = ("value", "label", "name", "style", "type")


def estimate_of(tag: Tag) -> EmotionEstimate | None:
    """The emotion that a tag asks for; None if it asks for none."""
    if tag.cue is not None:
        return estimate_of_label(tag.cue) if len(tag.cue.split()) <= CUE_WORDS else None
    attributes = tag.attributes
    if tag.name == "expr":
        wanted = attributes.get("type") in ("expression", "emotion", "sound")
        return estimate_of_label(attributes.get("label", "")) if wanted else None
    if tag.name in _NAMES:
        values = (attributes[key] for key in _VALUES if key in attributes)
        return estimate_of_label(next(values, ""))
    return estimate_of_label(tag.name) if not attributes and tag.name[:1].isalpha() else None


@lru_cache(maxsize=256)
def estimate_of_label(label: str) -> EmotionEstimate | None:
    """The emotion of a label such as "soft, with genuine care"; None if no group has its words."""
    words = re.findall(r"[a-z]+", label.lower())

    def count(group: Group) -> int:
        return sum(word.startswith(group.words) for word in words)

    best = max(word_groups("labels"), key=count)
    return EmotionEstimate(best.name, best.weight) if count(best) else None


def emotion_named(name: str) -> str:
    """One of `EMOTIONS` for a name that other avatars have; unknown names stay as they are."""
    estimate = None if name in EMOTIONS else estimate_of_label(str(name))
    return name if estimate is None else estimate.emotion
