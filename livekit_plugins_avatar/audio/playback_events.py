"""What playout reports: a segment started, progressed, finished."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a segment was played, at the published sample `at`."""

    at: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """A run of a segment was played.

    Args:
        at: The published sample at which the run began.
        offset: Samples of the segment before the run.
        length: Samples in the run.
    """

    at: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment is over; each segment gets exactly one of these.

    Args:
        position: Samples of the segment that were played.
        interrupted: Whether it was cut rather than played to its end.
    """

    position: int
    interrupted: bool


PlaybackEvent = Started | Progressed | Finished
