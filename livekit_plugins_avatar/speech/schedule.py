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
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

from ..audio.placement import Run
from .visemes import VisemeEvent

_KEPT_EVENTS = 1024
"""Of all schedules: the last seconds of some sixty avatars."""


class VisemeSchedule:
    """Events on the speech timeline; one thread writes, any thread reads.

    Where no event is known yet, the mouth rests. `forget` and playout bound what is kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[VisemeEvent] = []
        self._played = 0

    def settle(self, sample: int) -> None:
        """Let no revision change what lies before `sample`: it has been played."""
        with self._lock:
            self._played = max(sample, self._played)

    def revise(self, events: Sequence[VisemeEvent]) -> int:
        """Replace what is known from the start of `events` on, as far as it has not been played.

        Events are in order and without gaps, or there is a `ValueError`. One with the viseme of the
        event before it prolongs that event, which is as strong as the stronger of them. Returns the
        first sample that may have another event now.
        """
        for event in events:
            if event.duration <= 0:
                raise ValueError(f"a viseme event lasts at least one sample, got {event}")
        if not events or any(one.end != after.start for one, after in pairwise(events)):
            raise ValueError(f"a revision has events without gaps between them, got {events}")
        with self._lock:
            start = events[0].start
            if self._events:
                # Only of what is known: the rest is late, but better than nothing.
                start = max(start, min(self._played, self._events[-1].end))
            self._cut(start)
            for event in events:
                if event.end > start:
                    first = max(event.start, start)
                    self._add(replace(event, start=first, duration=event.end - first))
            return start

    def _add(self, event: VisemeEvent) -> None:
        """Add what follows the last event, or prolong it; what was played keeps its strength."""
        last = self._events[-1] if self._events else None
        if last is None or event.start > last.end or event.viseme != last.viseme:
            self._events.append(event)
            return
        played = last.start < self._played
        intensity = last.intensity if played else max(last.intensity, event.intensity)
        self._events[-1] = replace(last, duration=event.end - last.start, intensity=intensity)

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
            del self._events[: bisect_right(self._events, sample, key=attrgetter("end"))]

    def between(self, start: int, end: int) -> list[VisemeEvent]:
        """The events that touch [start, end), whole, in speech time."""
        with self._lock:
            first = bisect_right(self._events, start, key=attrgetter("end"))
            last = bisect_right(self._events, end - 1, key=attrgetter("start"))
            return self._events[first:last]

    def placed(self, runs: Sequence[Run], start: int, end: int) -> list[VisemeEvent]:
        """What the mouth does on the published timeline in [start, end), where these runs of speech
        are published: events without gaps or overlaps; between runs, and where nothing is
        recognised yet, the mouth rests (`sil`)."""
        placed: list[VisemeEvent] = []
        cursor = start
        for run in runs:
            shift = run.published - run.speech
            begins, ends = max(run.published, cursor), min(run.published_end, end)
            for event in self.between(begins - shift, ends - shift):
                first, last = max(event.start + shift, begins), min(event.end + shift, ends)
                if first < last:
                    if cursor < first:
                        placed.append(_event("sil", cursor, first - cursor, 0.0))
                    placed.append(_event(event.viseme, first, last - first, event.intensity))
                    cursor = last
        if cursor < end:
            placed.append(_event("sil", cursor, end - cursor, 0.0))
        return placed


@lru_cache(maxsize=_KEPT_EVENTS)
def _event(viseme: str, start: int, duration: int, intensity: float) -> VisemeEvent:
    """An event, made once: the same is placed for some twenty pictures in a row."""
    return VisemeEvent(viseme, start, duration, intensity)
