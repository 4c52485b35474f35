"""The 15 visemes of Oculus lip sync, and events of them."""

from __future__ import annotations

from dataclasses import dataclass

VISEMES = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U",
)  # fmt: skip
"""In the order of a recogniser's classes; `sil` is silence, the mouth at rest."""

VISEME_INDEX = {name: index for index, name in enumerate(VISEMES)}


@dataclass(frozen=True, slots=True)
class VisemeEvent:
    """One mouth target.

    Args:
        viseme: One of `VISEMES`.
        start: First sample, on the timeline of its source.
        duration: Length in samples, more than 0.
        intensity: How strongly it is spoken, in [0, 1]; 0 for `sil`.
    """

    viseme: str
    start: int
    duration: int
    intensity: float

    @property
    def end(self) -> int:
        """The first sample after the event."""
        return self.start + self.duration
