"""The viseme schedule: what the mouth does, and when.

Events lie on the *speech* timeline: samples of synthesised speech since the session began, without
gaps between segments, so that a pause or a late TTS moves nothing. `placed` moves them to the
*published* timeline, where silence lies between runs of speech.

What has been played stands. The rest may be revised as more of the sound, or of its text, becomes
known::

    played | to come                   played | to come
    a  PP  | aa     U       revise     a  PP  | aa  O     kk
    =======|=======------   ------>    =======|=====----====
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from ..audio.placement import Run
from .visemes import VisemeEvent


class VisemeSchedule:
    """Events on the speech timeline; one thread writes, any thread reads.

    Events are dropped once they are played (`forget`), and playout bounds the speech that is still
    to be played. Where no event is known yet, the mouth rests.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[VisemeEvent] = []
        self._played: int | None = None

    def append(self, event: VisemeEvent) -> None:
        """Add what follows the last event, or prolong it when the viseme is the same.

        A prolonged event keeps its start; its intensity is the strongest that was given for it.

        Raises:
            ValueError: The event starts before the end of the last one, or is empty.
        """
        _check(event)
        with self._lock:
            last = self._events[-1] if self._events else None
            if last is not None and event.start < last.end:
                raise ValueError(f"events come in order: {event} begins before {last} has ended")
            self._join(event)

    def settle(self, sample: int) -> None:
        """Let no revision change what lies before `sample`: it has been played."""
        with self._lock:
            self._played = sample if self._played is None else max(sample, self._played)

    def revise(self, events: Sequence[VisemeEvent]) -> int:
        """Replace what is known from the start of `events` on, as far as it has not been played.

        Args:
            events: In order and without gaps; the part that was played is left out.

        Returns:
            The first sample that may have another event now.

        Raises:
            ValueError: There are no events, one of them is empty, or they leave a gap.
        """
        for event in events:
            _check(event)
        if not events or any(one.end != after.start for one, after in pairwise(events)):
            raise ValueError(f"a revision has events without gaps between them, got {events}")
        with self._lock:
            start = events[0].start
            if self._played is not None:
                # Only of what is known: the rest is late, but better than nothing.
                known = self._events[-1].end if self._events else start
                start = max(start, min(self._played, known))
            self._cut(start)
            for event in events:
                if event.end > start:
                    self._join(_from(event, start))
            return start

    def _join(self, event: VisemeEvent) -> None:
        """Add what follows the last event, or prolong it."""
        last = self._events[-1] if self._events else None
        if last is None or event.start > last.end or event.viseme != last.viseme:
            self._events.append(event)
            return
        played = self._played is not None and last.start < self._played
        self._events[-1] = VisemeEvent(
            last.viseme,
            last.start,
            event.end - last.start,
            last.intensity if played else max(last.intensity, event.intensity),
        )

    def _cut(self, sample: int) -> None:
        """Drop what lies at or after `sample`, and shorten the event that spans it."""
        while self._events and self._events[-1].start >= sample:
            self._events.pop()
        if self._events and self._events[-1].end > sample:
            last = self._events[-1]
            self._events[-1] = replace(last, duration=sample - last.start)

    def forget(self, sample: int) -> None:
        """Drop the events that end at or before `sample`: no frame shows them any more."""
        with self._lock:
            keep = bisect_right(self._events, sample, key=attrgetter("end"))
            del self._events[:keep]

    def between(self, start: int, end: int) -> list[VisemeEvent]:
        """The events that touch [start, end), whole, in speech time."""
        with self._lock:
            first = bisect_right(self._events, start, key=attrgetter("end"))
            last = bisect_right(self._events, end - 1, key=attrgetter("start"))
            return self._events[first:last]

    def placed(self, runs: Sequence[Run], start: int, end: int) -> list[VisemeEvent]:
        """What the mouth does on the published timeline in [start, end).

        Args:
            runs: The stretches of speech published there, in order (`Playout.runs`).
            start: First published sample.
            end: The sample after the last.

        Returns:
            Events without gaps or overlaps from `start` to `end`; between runs, and where nothing
            is recognised yet, the mouth rests (`sil`).
        """
        placed: list[VisemeEvent] = []
        cursor = start

        def rest_until(sample: int) -> None:
            nonlocal cursor
            if sample > cursor:
                placed.append(VisemeEvent("sil", cursor, sample - cursor, 0.0))
                cursor = sample

        for run in runs:
            shift = run.published - run.speech
            for event in self.between(run.speech, run.speech + run.length):
                first = max(event.start + shift, run.published, cursor)
                last = min(event.end + shift, run.published + run.length, end)
                if first >= last:
                    continue
                rest_until(first)
                placed.append(VisemeEvent(event.viseme, first, last - first, event.intensity))
                cursor = last
        rest_until(end)
        return placed


def _check(event: VisemeEvent) -> None:
    if event.duration <= 0:
        raise ValueError(f"a viseme event lasts at least one sample, got {event}")


def _from(event: VisemeEvent, sample: int) -> VisemeEvent:
    """What is left of an event that ends after `sample`."""
    start = max(event.start, sample)
    return replace(event, start=start, duration=event.end - start)
