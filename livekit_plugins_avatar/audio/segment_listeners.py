"""Passes what the sink tells of segments on to several listeners."""

from __future__ import annotations

from collections.abc import Sequence

from .sink import SegmentListener, TimedText


class SegmentListeners:
    """Several `SegmentListener`s as one, told in order."""

    def __init__(self, *listeners: SegmentListener) -> None:
        self._listeners = listeners

    def segment_started(self, start: int) -> None:
        for listener in self._listeners:
            listener.segment_started(start)

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        for listener in self._listeners:
            listener.timed_text(pieces)

    def segment_ended(self, end: int) -> None:
        for listener in self._listeners:
            listener.segment_ended(end)

    def segment_cleared(self) -> None:
        for listener in self._listeners:
            listener.segment_cleared()
