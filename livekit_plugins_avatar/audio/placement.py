"""Maps speech time to published time.

The speech timeline counts the samples that a text-to-speech voice delivered; the published timeline
counts the samples of the audio track, silence included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Run:
    """Speech published without a gap: `length` samples, the first at sample `published` of the
    published timeline and at sample `speech` of the speech timeline."""

    published: int
    speech: int
    length: int

    @property
    def published_end(self) -> int:
        """The first published sample after the run."""
        return self.published + self.length

    @property
    def speech_end(self) -> int:
        """The first speech sample after the run."""
        return self.speech + self.length


class Placement(Protocol):
    """Tells where speech lies on the published timeline: a `Playout`, or a `FixedPlacement`."""

    def runs(self, start: int, end: int) -> list[Run]:
        """The runs that overlap [start, end) of the published timeline, in order."""

    def published_at(self, speech: int) -> int | None:
        """The published sample of a speech sample, or None where it has none yet."""


class FixedPlacement:
    """A placement of runs that are known, in order and without overlap."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs

    def runs(self, start: int, end: int) -> list[Run]:
        return [run for run in self._runs if run.published < end and run.published_end > start]

    def published_at(self, speech: int) -> int | None:
        for run in self._runs:
            if run.speech <= speech < run.speech_end:
                return run.published + speech - run.speech
        return None
