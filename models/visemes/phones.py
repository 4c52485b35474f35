"""Phones, and the visemes one sees when they are spoken.

In flows nothing; out flow tables. The phones are those of CMU's dictionary (ARPABET without
stress), which the aligner knows.
"""

from __future__ import annotations

from collections.abc import Mapping

UNKNOWN = None
"""No viseme: the mouth already has the shape of what comes next, so nothing is learnt there."""

PHONE_VISEMES: Mapping[str, tuple[tuple[str | None, float], ...]] = {
    "SIL": (("sil", 1.0),),
    # Lips.
    "P": (("PP", 1.0),),
    "B": (("PP", 1.0),),
    "M": (("PP", 1.0),),
    "F": (("FF", 1.0),),
    "V": (("FF", 1.0),),
    # Tongue and teeth.
    "TH": (("TH", 1.0),),
    "DH": (("TH", 1.0),),
    "T": (("DD", 1.0),),
    "D": (("DD", 1.0),),
    "S": (("SS", 1.0),),
    "Z": (("SS", 1.0),),
    "CH": (("CH", 1.0),),
    "JH": (("CH", 1.0),),
    "SH": (("CH", 1.0),),
    "ZH": (("CH", 1.0),),
    "N": (("nn", 1.0),),
    "L": (("nn", 1.0),),
    "R": (("RR", 1.0),),
    "ER": (("RR", 1.0),),
    # The back of the mouth.
    "K": (("kk", 1.0),),
    "G": (("kk", 1.0),),
    "NG": (("kk", 1.0),),
    "HH": ((UNKNOWN, 1.0),),
    # Vowels; a diphthong is longer in its first half.
    "AA": (("aa", 1.0),),
    "AE": (("aa", 1.0),),
    "AH": (("aa", 1.0),),
    "EH": (("E", 1.0),),
    "EY": (("E", 1.0),),
    "IH": (("I", 1.0),),
    "IY": (("I", 1.0),),
    "Y": (("I", 1.0),),
    "AO": (("O", 1.0),),
    "OW": (("O", 1.0),),
    "UH": (("U", 1.0),),
    "UW": (("U", 1.0),),
    "W": (("U", 1.0),),
    "AY": (("aa", 0.6), ("I", 0.4)),
    "AW": (("aa", 0.6), ("U", 0.4)),
    "OY": (("O", 0.6), ("I", 0.4)),
}
"""Visemes of a phone in order, each with its share of the phone's time."""

PHONES = tuple(PHONE_VISEMES)

NOISES = frozenset(("SIL", "+NSN+", "+SPN+", "<sil>"))
"""What the aligner calls a stretch in which nobody speaks."""
