"""How lively a face is, from still to lively.

The tables of gaze, blinks, sway and expression say what people do; a style scales them to what
suits an agent: what is charming in a tutor is restless in a bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

StyleName = Literal["off", "calm", "natural", "lively"]


class Factor(NamedTuple):
    """One factor that a style sets: its range, its values in the styles that are not natural, and
    where they come from."""

    name: str
    unit: str
    least: float
    most: float
    off: float
    calm: float
    lively: float
    source: str


FACTORS = (
    Factor(
        "away", "times the share of looking away in talk", 0.0, 1.5, 0.0, 0.6, 1.15,
        "1 is `glances.GLANCES`. Needless glances are rated as distracted; none at all is a stare, "
        "which is polite only on a face that is otherwise still.",
    ),
    Factor(
        "aversion", "times the share of looking away in thought", 0.0, 1.2, 0.0, 0.9, 1.05,
        "1 is `glances.GLANCES`. Separate from `away`, because a pause without a sign of thought "
        "looks like a fault (a visible thinking state helps, CUI 2025): a calm face keeps it.",
    ),
    Factor(
        "glance_size", "times the angle of a look away", 0.0, 1.3, 0.8, 0.85, 1.15,
        "1 is `glances.GLANCES`; 1.3 takes a thought 22 degrees away, what eyes and head can draw.",
    ),
    Factor(
        "fixation", "times the size of the small saccades within a look", 0.0, 2.0, 0.6, 0.8, 1.1,
        "1 is `eye_motion.CAMERA_SCATTER_DEG`. Eyes without any look painted on. Chosen by eye.",
    ),
    Factor(
        "head", "times the head's share in a look", 0.0, 1.3, 0.5, 0.8, 1.2,
        "1 is `eye_motion.HEAD_SHARE`. People move more the head or the eyes (Fuller 1992).",
    ),
    Factor(
        "blink", "times the rate of blinks", 0.6, 1.3, 0.9, 0.9, 1.05,
        "1 is `blinks.BLINKS_PER_MIN`. The 95 % interval of people in conversation is 10.5 to 32.5 "
        "a minute (Doughty 2001): 0.6 and 1.3 of 26 stay in it.",
    ),
    Factor(
        "sway", "times the movement of head and body", 0.0, 2.0, 0.0, 0.6, 1.35,
        "1 is `idle.SWAY_RMS`. Users of avatars complain of idling that is frozen or that fidgets.",
    ),
    Factor(
        "breath", "times the height of a breath", 0.5, 1.5, 0.8, 0.9, 1.1,
        "1 is `idle.BREATH`. Never 0: a face that does not breathe looks like a picture.",
    ),
    Factor(
        "expression", "times the strength of emotions, nods and accents", 0.0, 1.5, 0.0, 0.6, 1.35,
        "1 is the tables of `expression`, which are chosen to be visible and not noticed.",
    ),
)  # fmt: skip
"""Every factor; 1 is natural."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The factors of `FACTORS`, which has their units, ranges and sources.

    Raises:
        ValueError: A factor is out of its range; the message names it and the range.
    """

    away: float = 1.0
    aversion: float = 1.0
    glance_size: float = 1.0
    fixation: float = 1.0
    head: float = 1.0
    blink: float = 1.0
    sway: float = 1.0
    breath: float = 1.0
    expression: float = 1.0

    def __post_init__(self) -> None:
        for factor in FACTORS:
            value = getattr(self, factor.name)
            if not isinstance(value, int | float) or not factor.least <= value <= factor.most:
                raise ValueError(
                    f"style: {factor.name} ({factor.unit}) lies between {factor.least} and "
                    f"{factor.most}, got {value!r}"
                )


NATURAL = Style()

STYLES: dict[StyleName, Style] = {
    "off": Style(**{factor.name: factor.off for factor in FACTORS}),
    "calm": Style(**{factor.name: factor.calm for factor in FACTORS}),
    "natural": NATURAL,
    "lively": Style(**{factor.name: factor.lively for factor in FACTORS}),
}
"""The styles by name; "off" is quiet and polite, and blinks and breathes nevertheless."""
