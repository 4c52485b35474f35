"""Maps speech time to published time.

The speech timeline counts the samples that a text-to-speech voice delivered; the published timeline
counts the samples of the audio track, silence included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of speech that is published without a gap.

    Args:
        published: Its first sample on the published timeline.
        speech: Its first sample on the speech timeline.
        length: Number of samples.
    """

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
    """Tells where speech lies on the published timeline; `Playout` fits it."""

    @property
    def published(self) -> int:
        """The next sample to be published."""
        ...

    @property
    def speech_position(self) -> int:
        """The speech sample after the last one published; 0 before any."""
        ...

    def runs(self, start: int, end: int) -> list[Run]:
        """The runs that overlap [start, end) of the published timeline, in order."""
        ...

    def published_at(self, speech: int) -> int | None:
        """The published sample of a speech sample, or None where it has none yet."""
        ...


class FixedPlacement:
    """A placement that is known beforehand, for films, measurements and tests.

    Args:
        runs: In order, without overlap.
        published: The next sample to be published; it may be set later.
    """

    def __init__(self, runs: Sequence[Run], *, published: int = 0) -> None:
        self._runs = runs
        self.published = published

    @property
    def speech_position(self) -> int:
        begun = [run for run in self._runs if run.published < self.published]
        if not begun:
            return 0
        last = begun[-1]
        return last.speech + min(last.length, self.published - last.published)

    def runs(self, start: int, end: int) -> list[Run]:
        return overlapping(self._runs, start, end)

    def published_at(self, speech: int) -> int | None:
        return published_at(self._runs, speech)


def overlapping(runs: Iterable[Run], start: int, end: int) -> list[Run]:
    """The runs that overlap [start, end) of the published timeline."""
    return [run for run in runs if run.published < end and run.published_end > start]


def published_at(runs: Iterable[Run], speech: int) -> int | None:
    """The published sample of a speech sample that lies in one of `runs`, or None."""
    for run in runs:
        if run.speech <= speech < run.speech_end:
            return run.published + speech - run.speech
    return None
