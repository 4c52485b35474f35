"""How lively a face is, from still to lively.

The tables of gaze, blinks, sway and expression say what people do; a style scales them to what
suits an agent: what is charming in a tutor is restless in a bank.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

StyleName = Literal["off", "calm", "natural", "lively"]


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor that a style sets.

    Args:
        name: The field of `Style`.
        unit: What is multiplied.
        least: Smallest value allowed.
        most: Largest value allowed.
        off: The value in the style "off"; the others likewise.
        source: Where the values come from.
    """

    name: str
    unit: str
    least: float
    most: float
    off: float
    calm: float
    natural: float
    lively: float
    source: str


FACTORS = (
    Factor(
        "away", "times the share of time that the eyes look away in talk",
        0.0, 1.5, 0.0, 0.6, 1.0, 1.15,
        "1 is `glances.GLANCES`, between people (Argyle and Cook) and what suits a camera. "
        "Needless glances are rated as distracted; none at all is a stare, which is polite only "
        "on a face that is otherwise still.",
    ),
    Factor(
        "aversion", "times the share of time that the eyes look away in thought",
        0.0, 1.2, 0.0, 0.9, 1.0, 1.05,
        "1 is `glances.GLANCES`. Separate from `away`, because a pause without a sign of thought "
        "looks like a fault (a visible thinking state helps, CUI 2025): a calm face keeps it.",
    ),
    Factor(
        "glance_size", "times the angle of a look away",
        0.0, 1.3, 0.8, 0.85, 1.0, 1.15,
        "1 is `glances.GLANCES`; 1.3 takes a thought 22 degrees away, what eyes and head can draw.",
    ),
    Factor(
        "fixation", "times the size of the small saccades within a look",
        0.0, 2.0, 0.6, 0.8, 1.0, 1.1,
        "1 is `glances.CAMERA_SCATTER_DEG`. Eyes without any look painted on. Chosen by eye.",
    ),
    Factor(
        "head", "times the head's share in a look",
        0.0, 1.3, 0.5, 0.8, 1.0, 1.2,
        "1 is `eye_motion.HEAD_SHARE`. People differ by far more: there are head movers and eye "
        "movers (Fuller 1992).",
    ),
    Factor(
        "blink", "times the rate of blinks",
        0.6, 1.3, 0.9, 0.9, 1.0, 1.05,
        "1 is `blinks.BLINKS_PER_MIN`. The 95 % interval of people in conversation is 10.5 to 32.5 "
        "a minute (Doughty 2001): 0.6 and 1.3 of 26 stay in it.",
    ),
    Factor(
        "sway", "times the movement of head and body",
        0.0, 2.0, 0.0, 0.6, 1.0, 1.35,
        "1 is `idle.SWAY_RMS`. Users of avatars complain of idling that is frozen or that fidgets.",
    ),
    Factor(
        "breath", "times the height of a breath",
        0.5, 1.5, 0.8, 0.9, 1.0, 1.1,
        "1 is `idle.BREATH`. Never 0: a face that does not breathe looks like a picture.",
    ),
    Factor(
        "expression", "times the strength of emotions, nods and accents",
        0.0, 1.5, 0.0, 0.6, 1.0, 1.35,
        "1 is the tables of `expression`, which are chosen to be visible and not noticed.",
    ),
)  # fmt: skip
"""Every factor, its range, and its value in each style."""

_FACTORS = {factor.name: factor for factor in FACTORS}


def _natural(name: str) -> float:
    value: float = field(default=_FACTORS[name].natural)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The factors of `FACTORS`, which has their units, ranges and sources.

    Raises:
        ValueError: A factor is out of its range; the message names it and the range.
    """

    away: float = _natural("away")
    aversion: float = _natural("aversion")
    glance_size: float = _natural("glance_size")
    fixation: float = _natural("fixation")
    head: float = _natural("head")
    blink: float = _natural("blink")
    sway: float = _natural("sway")
    breath: float = _natural("breath")
    expression: float = _natural("expression")

    def __post_init__(self) -> None:
        for each in fields(self):
            factor, value = _FACTORS[each.name], getattr(self, each.name)
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
