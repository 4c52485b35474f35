"""Interprets markup: the emotions that tags and cues in brackets ask for.

An expressive agent's language model writes `<expr type="expression" label="warm, curious"/>`; TTS
have tags of their own, such as `<emotion value="happy"/>`, `<expression value="..."/>`,
`<mstts:express-as style="sad">` and `[laughs]`. Labels are free text: they are matched by the
beginnings of their words, and an unknown label changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ..speech.text.markup import Tag
from .estimate import NEUTRAL, EmotionEstimate


@dataclass(frozen=True, slots=True)
class Label:
    """The emotion of some labels.

    Args:
        emotion: One of `face.emotions.EMOTIONS`.
        strength: How much of it, in [0, 1].
        stems: Beginnings of words, separated by blanks.
        reason: Why this emotion.
    """

    emotion: str
    strength: float
    stems: str
    reason: str


LABELS = (
    Label(
        "concern", 0.9,
        "sad sorrow griev grief sorry apolog regret sympath empath compassion concern caring care "
        "condol disappoint deject melanchol mournful solemn subdued cry sob",
        "Sorrow, the speaker's own or shared.",
    ),
    Label(
        "concern", 0.6,
        "anxious worr nervous scared afraid fear panick hesita sigh groan tired bored hurt guilt",
        "Unease: the same brow, less of it.",
    ),
    Label(
        "focus", 0.8,
        "angry anger annoyed mad furious frustrat irritat stern serious determin contemptuous "
        "outraged disgust threat",
        "The face of an agent keeps its countenance where the voice is angry.",
    ),
    Label("focus", 0.6, "focus thoughtful contemplat think ponder concentrat", "Effort."),
    Label(
        "interest", 0.9,
        "curious interest intrigu question wonder confus surpris amaze astonish shock gasp mysteri",
        "Brows up.",
    ),
    Label(
        "warm", 1.0,
        "happy happi joy joyful excit elat enthus delight laugh giggle thrill triumph celebrat "
        "cheer ecstatic overjoyed proud playful",
        "As much as it can.",
    ),
    Label(
        "warm", 0.7,
        "warm friendly kind gentle welcom grateful thank affection love content pleased glad "
        "bright upbeat hopeful confident amused chuckl joking comed humor humour smil flirt tender "
        "encourag reassur eager buoyant easygoing amiable energetic",
        "A friendly face.",
    ),
    Label(
        "neutral", 0.0,
        "neutral calm serene peaceful flat plain measured professional monoton steady composed "
        "soothing grounded clear sarcas ironic",
        "Nothing is to be shown, whatever the words say.",
    ),
)  # fmt: skip
"""From the labels that livekit-agents 1.8 teaches language models for Cartesia, Inworld, xAI, Fish
Audio and Gemini, and the styles of Azure and ElevenLabs. The row that most words of a label belong
to counts, and of equals the first: "warm and concerned" is concern, because a smile there would be
the worse mistake."""

_ROWS = [(label, label.stems.split()) for label in LABELS]

CUE_WORDS = 3
"""A cue in brackets is short; more words are prose."""

_NAMES = frozenset(("emotion", "expression", "mood", "feeling", "express-as", "mstts:express-as"))
_VALUES = ("value", "label", "name", "style", "type")


def estimate_of(tag: Tag) -> EmotionEstimate | None:
    """The emotion that a tag asks for; None if it asks for none."""
    if tag.cue is not None:
        return estimate_of_label(tag.cue) if len(tag.cue.split()) <= CUE_WORDS else None
    attributes = tag.attributes
    if tag.name == "expr":
        wanted = attributes.get("type") in ("expression", "emotion", "sound")
        return estimate_of_label(attributes.get("label", "")) if wanted else None
    if tag.name in _NAMES or tag.name == "sound":
        values = (attributes[key] for key in _VALUES if key in attributes)
        return estimate_of_label(next(values, ""))
    return estimate_of_label(tag.name) if not attributes and tag.name[:1].isalpha() else None


@lru_cache(maxsize=256)
def estimate_of_label(label: str) -> EmotionEstimate | None:
    """The emotion of a label such as "soft, with genuine care"; None if no row has its words."""
    words = re.findall(r"[a-z]+", label.lower())
    best: EmotionEstimate | None = None
    most = 0
    for row, stems in _ROWS:
        count = sum(any(word.startswith(stem) for stem in stems) for word in words)
        if count > most:
            most = count
            best = EmotionEstimate(row.emotion, row.strength) if row.strength else NEUTRAL
    return best
