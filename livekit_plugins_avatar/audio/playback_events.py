"""What playout reports: a segment started, progressed, finished."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a segment was played, at the published sample `at`."""

    at: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """`length` samples of a segment were played from the published sample `at` on; they begin
    `offset` samples into the segment."""

    at: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment is over: `position` of its samples were played, and it was `interrupted` or played
    to its end. Each segment gets exactly one of these."""

    position: int
    interrupted: bool


PlaybackEvent = Started | Progressed | Finished
