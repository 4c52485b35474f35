"""What the mouth does for each viseme: the tables that articulation reads.

Shapes compete, as in Cohen and Massaro (1993, "Modeling coarticulation in synthetic visual
speech"), and are drawn by eye for ARKit's axes. The mouth moves 60-120 ms before the sound
(Bell-Berti and Harris 1982 on rounding, Löfqvist and Gracco 1997 on closure).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

MOUTH_AXES: Mapping[str, tuple[str, ...]] = {
    "jaw": ("jawOpen",),
    "lower": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "upper": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "funnel": ("mouthFunnel",),
    "pucker": ("mouthPucker",),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "roll_lower": ("mouthRollLower",),
    "roll_upper": ("mouthRollUpper",),
    "tongue": ("tongueOut",),
}
"""The axes of speech and the ARKit blendshapes that each moves. `mouthClose` is not a target: it
follows from the jaw, because lips meet when it equals `jawOpen`."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "jaw": ("jaw",),
    "opening": ("lower", "upper"),
    "width": ("funnel", "pucker", "stretch", "smile"),
    "contact": ("press", "roll_lower", "roll_upper"),
    "tongue": ("tongue",),
}
"""Parts of the mouth that are held together, and the axes of each."""

QUIET = {"jaw": 0.45, "opening": 0.45, "width": 0.75, "contact": 0.75, "tongue": 0.75}
"""Share of each part's target that is left at intensity 0: whispers are articulated too, and
rounding and spreading, which carry the identity of a sound, vary little with effort."""


class MouthShape(NamedTuple):
    """How one viseme is articulated, and why so.

    Args:
        shape: Target in [0, 1] per axis of `MOUTH_AXES`; axes left out have target 0.
        holds: Dominance per part of `PARTS`, more than 0; 1, as of a plain vowel, if left out.
        lead_s: How long before its sound the shape begins to show.
        decay_s: How long after its sound the shape is gone, at most 0.1, so that an interrupted
            mouth has closed within 100 ms.
    """

    reason: str
    shape: Mapping[str, float]
    holds: Mapping[str, float]
    lead_s: float = 0.07
    decay_s: float = 0.06


MOUTH_SHAPES: Mapping[str, MouthShape] = {
    "sil": MouthShape(
        "The mouth at rest: it yields early to speech, and closes 80-100 ms after it.",
        {}, {}, 0.03, 0.06,
    ),
    "PP": MouthShape(
        "p b m: the lips meet (`CONTACTS`) and stay round (pool, peel); the jaw need not close.",
        {"jaw": 0.06},
        {"jaw": 2.5, "opening": 0.3, "width": 0.2, "contact": 0.2, "tongue": 2.0},
    ),
    "FF": MouthShape(
        "f v: the lower lip rises to the upper teeth (`CONTACTS`), the upper lip clears them.",
        {"jaw": 0.08, "upper": 0.2},
        {"jaw": 1.5, "opening": 0.8, "width": 0.4, "contact": 0.2, "tongue": 2.0},
    ),
    "TH": MouthShape(
        "th: the tip of the tongue shows between the teeth, so the jaw must make room for it.",
        {"jaw": 0.18, "lower": 0.22, "upper": 0.1, "tongue": 0.35},
        {"opening": 0.7, "width": 0.3, "contact": 0.5, "tongue": 3.0},
    ),
    "DD": MouthShape(
        "t d: the tongue behind the teeth, which come near each other; the lips follow the vowels.",
        {"jaw": 0.12, "lower": 0.18, "upper": 0.08, "stretch": 0.08},
        {"jaw": 0.7, "opening": 0.25, "width": 0.1, "contact": 0.5},
    ),
    "kk": MouthShape(
        "k g ng: made far back, nearly invisible; even the jaw follows the vowels.",
        {"jaw": 0.18, "lower": 0.14, "upper": 0.06},
        {"jaw": 0.35, "opening": 0.2, "width": 0.1, "contact": 0.5},
    ),
    "CH": MouthShape(
        "ch j sh zh: teeth together, and lips pushed forward more than in any other consonant.",
        {"jaw": 0.08, "lower": 0.15, "upper": 0.15, "funnel": 0.5, "pucker": 0.3},
        {"jaw": 1.5, "opening": 0.8, "width": 2.5, "contact": 0.5}, 0.11, 0.07,
    ),
    "SS": MouthShape(
        "s z: the teeth nearly meet; the lips draw apart, but give way to rounding (soon, seen).",
        {"jaw": 0.05, "lower": 0.24, "upper": 0.11, "stretch": 0.22, "smile": 0.1},
        {"jaw": 1.8, "opening": 0.5, "width": 0.3, "contact": 0.5},
    ),
    "nn": MouthShape(
        "n l: the tongue at the ridge behind the teeth; the lips follow their neighbours.",
        {"jaw": 0.14, "lower": 0.16, "upper": 0.08},
        {"jaw": 0.5, "opening": 0.25, "width": 0.1, "contact": 0.5},
    ),
    "RR": MouthShape(
        "r: in English the lips round with it, most of all at the start of a word.",
        {"jaw": 0.14, "lower": 0.1, "upper": 0.05, "funnel": 0.25, "pucker": 0.35},
        {"jaw": 0.7, "opening": 0.6, "width": 1.2, "contact": 0.5}, 0.10, 0.07,
    ),
    "aa": MouthShape(
        "father, cat, cut: the widest jaw, lips a good centimetre apart; they hang loose.",
        {"jaw": 0.32, "lower": 0.22, "upper": 0.12, "stretch": 0.06},
        {"jaw": 1.4, "width": 0.8}, 0.07, 0.08,
    ),
    "E": MouthShape(
        "bed, day: half open, slightly spread.",
        {"jaw": 0.23, "lower": 0.25, "upper": 0.14, "stretch": 0.22, "smile": 0.13},
        {}, 0.07, 0.08,
    ),
    "I": MouthShape(
        "see, sit: nearly closed jaw, lips spread wide.",
        {"jaw": 0.16, "lower": 0.27, "upper": 0.15, "stretch": 0.3, "smile": 0.24},
        {"width": 1.3}, 0.07, 0.08,
    ),
    "O": MouthShape(
        "law, go: open and round; rounding spreads over the consonants around it.",
        {"jaw": 0.26, "lower": 0.1, "upper": 0.05, "funnel": 0.5, "pucker": 0.35},
        {"jaw": 1.2, "width": 2.5}, 0.12, 0.08,
    ),
    "U": MouthShape(
        "too, put, we: lips pushed forward to a small hole, seen up to 120 ms early.",
        {"jaw": 0.16, "lower": 0.05, "funnel": 0.2, "pucker": 0.75},
        {"width": 3.0}, 0.12, 0.08,
    ),
}  # fmt: skip
"""How every viseme of `VISEMES` is articulated."""


class Contact(NamedTuple):
    """A contact that is reached whatever the neighbours are, laid over the blended shape; and why.

    Args:
        meet: How far the lips meet, in [0, 1]: `mouthClose` as a share of `jawOpen`.
        shape: Target in [0, 1] per axis during contact; axes left out are not changed.
        lead_s: How long before its sound the approach begins.
        decay_s: How long after its sound the release ends.
    """

    reason: str
    meet: float
    shape: Mapping[str, float]
    lead_s: float = 0.085
    decay_s: float = 0.045


CONTACT_REACHED_S = 0.03
"""A contact at least this long is reached in full at its centre: one frame at 30 fps, and about the
shortest closure of a stop in fluent speech."""

CONTACTS: Mapping[str, Contact] = {
    "FF": Contact(
        "Lower lip against upper teeth: lips near but not shut, the lower one turned in.",
        0.6, {"lower": 0.0, "upper": 0.2, "funnel": 0.0, "roll_lower": 0.55},
    ),
    "PP": Contact(
        "Lips shut with some pressure: viewers miss a closure first (McGurk and MacDonald 1976)."
        " Rounding stays, a funnel cannot.",
        1.0, {"lower": 0.0, "upper": 0.0, "funnel": 0.0,
              "press": 0.25, "roll_lower": 0.15, "roll_upper": 0.12},
    ),
}  # fmt: skip
"""The contacts, weakest first: a later one is laid over an earlier one."""
