"""The phones that the aligner knows, and when each of their visemes is seen.

Takes a phone with its moments; gives its visemes with theirs, by the package's own table. The
phones are those of CMU's dictionary: ARPABET without stress.
"""

from __future__ import annotations

from collections.abc import Iterator

from livekit_plugins_avatar.speech.phones import phone_row
from livekit_plugins_avatar.speech.visemes import VISEME_INDEX

UNKNOWN = -1
"""No viseme: the mouth already has the shape of what comes next, so nothing is learnt there."""

PHONES = tuple(
    "SIL P B M F V TH DH T D S Z CH JH SH ZH N L R ER K G NG HH AA AE AH EH EY IH IY Y AO OW UH "
    "UW W AY AW OY".split()
)

NOISES = frozenset(("SIL", "+NSN+", "+SPN+", "<sil>"))
"""What the aligner calls a stretch without speech."""


def seen_in(phone: str, start_s: float, end_s: float) -> Iterator[tuple[int, float, float]]:
    """The visemes of a phone, as classes or `UNKNOWN`, with their first and last moments."""
    row = phone_row(phone)
    at_s = start_s
    for number, share in enumerate(row.shares):
        next_s = at_s + share * (end_s - start_s)
        yield VISEME_INDEX[row.visemes[number]] if row.visemes else UNKNOWN, at_s, next_s
        at_s = next_s
