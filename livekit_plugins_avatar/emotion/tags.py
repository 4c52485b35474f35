"""Markup: how the writer of a text wants it said.

In flow text and tags; out flow estimates. What an expressive agent's language model writes is
`<expr type="expression" label="warm, curious"/>`; TTS have their own, such as
`<emotion value="happy"/>`, `<expression value="..."/>`, `<mstts:express-as style="sad">` and
`[laughs]`. Labels are free: they are matched by the beginnings of their words. A label that nobody
knows says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .estimate import NEUTRAL, EmotionEstimate


@dataclass(frozen=True, slots=True)
class Label:
    """What some labels look like.

    Args:
        emotion: One of `face.emotions.EMOTIONS`.
        strength: How much of it, in [0, 1].
        stems: Beginnings of words, with blanks between.
        reason: Why so.
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
        "A face that represents somebody keeps its countenance where the voice is angry.",
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
"""Read off the labels that livekit-agents 1.8 teaches language models for Cartesia, Inworld, xAI,
Fish Audio and Gemini, and off Azure's and ElevenLabs' styles. Where words of a label point to
several rows, the one more of them point to counts, and of equals the first: "warm and concerned" is
concern, because a smile there would be the worse mistake."""

_ROWS = [(label, label.stems.split()) for label in LABELS]

TAG = re.compile(
    r"<(?P<name>/?[a-zA-Z][\w:-]*)(?P<attributes>[^<>]*)>|\[(?P<cue>[^\[\]<>]*)\](?!\()"
)
"""A tag, or a cue in brackets; not the link of a text in Markdown."""

UNCLOSED = re.compile(r"<[/a-zA-Z][^<>]*$|<$|\[[^\[\]]*\]?$")
"""The beginning of markup, whose end is in a piece to come."""

CUE_WORDS = 3
"""A cue in brackets is short; more words are prose."""

_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*[\"']([^\"']*)[\"']")
_NAMES = frozenset(("emotion", "expression", "mood", "feeling", "express-as", "mstts:express-as"))
_VALUES = ("value", "label", "name", "style", "type")


def estimate_of(tag: re.Match[str]) -> EmotionEstimate | None:
    """What a match of `TAG` asks for; None where it asks for nothing that shows."""
    cue = tag["cue"]
    if cue is not None:
        return estimate_of_label(cue) if len(cue.split()) <= CUE_WORDS else None
    name, attributes = tag["name"].lower(), dict(_ATTRIBUTE.findall(tag["attributes"]))
    if name == "expr":
        wanted = attributes.get("type") in ("expression", "emotion", "sound")
        return estimate_of_label(attributes.get("label", "")) if wanted else None
    if name in _NAMES or name == "sound":
        values = (attributes[key] for key in _VALUES if key in attributes)
        return estimate_of_label(next(values, ""))
    return estimate_of_label(name) if not attributes and not name.startswith("/") else None


def estimate_of_label(label: str) -> EmotionEstimate | None:
    """What a label asks for, as "soft, with genuine care"; None where nobody knows."""
    words = re.findall(r"[a-z]+", label.lower())
    best: EmotionEstimate | None = None
    most = 0
    for row, stems in _ROWS:
        count = sum(any(word.startswith(stem) for stem in stems) for word in words)
        if count > most:
            most = count
            best = EmotionEstimate(row.emotion, row.strength) if row.strength else NEUTRAL
    return best
