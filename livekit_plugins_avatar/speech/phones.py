"""Maps phones to visemes: a table with reasons.

Phones have the names of ARPAbet, as pronouncing dictionaries use it, and of TIMIT, as hand-labelled
speech does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """What some phones show: visemes in order, each for its share of the phone's length; none where
    they show what is around them."""

    phones: str
    visemes: tuple[str, ...]
    reason: str
    shares: tuple[float, ...] = (1.0,)


GLIDE = (0.6, 0.4)
"""A diphthong dwells on its first vowel and glides to the second (Gay 1968)."""

PHONES = (
    PhoneRow(
        "SIL PAU EPI H# # SP SPN BRTH SSIL <S> </S> <SIL> +NSN+ +SPN+ +BREATH+",
        ("sil",),
        "No speech: pauses, breath and noise that labels mark.",
    ),
    PhoneRow("P B M EM", ("PP",), "Lips shut."),
    PhoneRow("PCL BCL", ("PP",), "The closure is what is seen; the burst comes as it ends."),
    PhoneRow("F V", ("FF",), "The lower lip meets the upper teeth."),
    PhoneRow("TH DH", ("TH",), "The tongue's tip shows between the teeth."),
    PhoneRow("T D DX TCL DCL", ("DD",), "The tongue's tip behind the upper teeth, jaw high."),
    PhoneRow("K G NG ENG KCL GCL", ("kk",), "The back of the tongue; lips as they were."),
    PhoneRow("CH JH SH ZH", ("CH",), "Lips pushed forward, teeth together."),
    PhoneRow("S Z", ("SS",), "Teeth together, lips apart."),
    PhoneRow("N EN NX L EL", ("nn",), "The tongue's tip up, the lips loose."),
    PhoneRow("R ER AXR", ("RR",), "Lips a little round, in English."),
    PhoneRow("AA AE AH", ("aa",), "The jaw is low."),
    PhoneRow("EH EY AX AX-H", ("E",), "The jaw half way, lips at rest or a little wide."),
    PhoneRow("IH IX IY Y", ("I",), "The jaw high, lips wide."),
    PhoneRow("AO OW", ("O",), "Lips round, jaw half way."),
    PhoneRow("UH UW UX W", ("U",), "Lips round and forward, jaw high."),
    PhoneRow("AY", ("aa", "I"), "From the low jaw to wide lips.", GLIDE),
    PhoneRow("AW", ("aa", "U"), "From the low jaw to round lips.", GLIDE),
    PhoneRow("OY", ("O", "I"), "From round lips to wide ones.", GLIDE),
    PhoneRow("HH HV H Q", (), "Made in the throat: the mouth is where the next vowel wants it."),
)
"""Names of phones come without a stress mark."""

_ROWS = {name: row for row in PHONES for name in row.phones.split()}


def phone_row(phone: str) -> PhoneRow:
    """The row of a phone, in any case, with or without a stress digit; `ValueError` if none."""
    name = phone.upper()
    row = _ROWS.get(name) or _ROWS.get(name.rstrip("012"))
    if row is None:
        raise ValueError(
            f"{phone!r} is no phone of ARPAbet or TIMIT; rename it in the labels"
            " (speech/phones.py lists the names)"
        )
    return row
