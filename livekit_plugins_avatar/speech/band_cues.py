"""What visemes sound like: the table that the band recogniser reads.

In flows nothing; out flow rows of phonetics: which cues are read from a short stretch of speech,
and where each viseme is expected among them. They are what a phonetician would look for in a
spectrogram: formants (Peterson & Barney 1952, Hillenbrand et al. 1995), the shape of hiss
(Jongman, Wayland & Wong 2000), bursts (Stevens & Blumstein 1978). Centres are set by hand and
rounded; nothing is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

BAND_EDGES_HZ = (80, 320, 640, 1120, 1800, 2800, 4400, 8000)
"""Voice bar; first formants low and high; second formants back and front; sh; s."""

FIRST_FORMANT_HZ = (200, 1120)
SECOND_FORMANT_HZ = (800, 3000)
"""Where the formants of men, women and children lie (Hillenbrand et al. 1995)."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something to be read from a hop.

    Args:
        reason: What it tells.
        spread: By how much it varies within one viseme: one unit of distance.
    """

    reason: str
    spread: float


CUES: Mapping[str, Cue] = {
    "level_db": Cue("Loudness against the voice's own: vowels are loud, closures are not.", 9.0),
    "f1_hz": Cue("Centre of energy around the first formant: it rises as the jaw opens.", 110.0),
    "f2_hz": Cue("The same for the second formant: tongue to the front, or lips round.", 320.0),
    "hiss_db": Cue("Above 2.8 kHz against 0.3-2.8 kHz: noise made at the teeth, or voice.", 10.0),
    "sharp_db": Cue("Above 4.4 kHz against 2.8-4.4 kHz: s hisses higher than sh.", 8.0),
    "murmur_db": Cue("Below 320 Hz against 0.3-2.8 kHz: a voice behind a shut mouth.", 9.0),
    "front_db": Cue("1.8-2.8 kHz against 1.1-1.8 kHz: a front vowel, or a back one.", 9.0),
    "burst_db": Cue(
        "Strongest hiss in the surroundings: t ends in a sharp burst, p does not.", 10.0
    ),
    "locus_hz": Cue("Second formant of the surroundings: lips that close pull it down.", 350.0),
}
"""What is read from each hop. The last two look around, and speak even in a closure's silence."""

SPECTRAL = ("f1_hz", "f2_hz", "hiss_db", "sharp_db", "murmur_db", "front_db")
"""Cues that mean nothing where there is no sound: they count less the quieter a hop is."""


@dataclass(frozen=True, slots=True)
class CueRow:
    """What a viseme sounds like.

    Args:
        reason: Why the row is as it is.
        cues: Where each cue of `CUES` is expected, in their order.
        bias: Added to its likeness: how common it is, and how welcome a mistake.
        shortest_s: How long it lasts at least: lips cannot take back a shape any sooner.
    """

    reason: str
    cues: tuple[float, float, float, float, float, float, float, float, float]
    bias: float = 0.0
    shortest_s: float = 0.03


VISEME_CUES: Mapping[str, CueRow] = {
    #      level   f1    f2  hiss sharp murmur front burst locus
    "PP": CueRow(
        "A voice bar or nothing, formants pulled down, no hiss to follow; favoured a little,"
        " because a missing closure is what viewers notice first.",
        (-20, 320, 1700, -20, -7, 6, -3, -8, 1700),
        bias=0.2,
    ),
    "FF": CueRow(
        "Weak flat noise, no sharper at s than at sh.",
        (-22, 450, 2000, -3, 0, -2, 0, 0, 1900),
        bias=-0.4,
        shortest_s=0.04,
    ),
    "TH": CueRow(
        "Weak noise too, often with voice; rare but for small words, and easily mistaken.",
        (-20, 430, 2100, -8, 2, 0, 0, -2, 2050),
        bias=-1.0,
        shortest_s=0.04,
    ),
    "DD": CueRow(
        "A gap with a sharp burst after it, formants pulled to 1.8 kHz.",
        (-20, 430, 2150, -6, -2, -1, 1, 8, 2100),
    ),
    "kk": CueRow(
        "A gap with a dull burst.",
        (-18, 430, 2000, -12, -6, -2, 0, -3, 1950),
        bias=-0.3,
    ),
    "CH": CueRow(
        "Strong noise whose weight lies below 4.4 kHz.",
        (-10, 430, 2500, 2, -8, -6, 13, 10, 2300),
        bias=-0.5,
        shortest_s=0.04,
    ),
    "SS": CueRow(
        "Strong noise above 4.4 kHz and little below.",
        (-10, 480, 2200, 14, 10, -4, 2, 20, 2150),
        shortest_s=0.04,
    ),
    "nn": CueRow(
        "A murmur with weak formants: the sound leaves by the nose.",
        (-9, 330, 1850, -22, -7, 2, -2, -12, 1850),
        bias=0.2,
    ),
    "RR": CueRow(
        "The third formant falls onto the second: all below 1.8 kHz, nothing above.",
        (-4, 450, 1550, -28, -5, -5, -7, -14, 1600),
        bias=0.2,
    ),
    "aa": CueRow(
        "High first formant: 600 Hz and more.",
        (-2, 600, 1650, -16, -7, -8, -5, -8, 1700),
        bias=0.6,
    ),
    "E": CueRow(
        "Middle first formant, second above 1.8 kHz.",
        (-2, 470, 2100, -17, -9, -4, 6, -10, 2050),
    ),
    "I": CueRow(
        "Low first formant, second above 2 kHz.",
        (-5, 370, 2400, -15, -9, -3, 14, -6, 2300),
        bias=0.2,
    ),
    "O": CueRow(
        "Middle first formant, second near 1 kHz.",
        (-1, 500, 1150, -26, -8, -6, -8, -16, 1200),
        bias=-0.4,
    ),
    "U": CueRow(
        "Low first formant, second low: rounded lips lengthen the tube.",
        (-5, 360, 1350, -26, -6, 0, -5, -14, 1400),
    ),
}
"""What each viseme but silence sounds like; silence is told by level alone."""
