"""Schedules speech on the published audio track and reports what was played.

Nothing here waits or reads a clock. What was pulled and has not left the audio source can be
retracted: speech starts, stops and resumes within 20 ms.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from ..timeline import samples
from .fades import FADE_SAMPLES, Fader
from .pcm_buffer import NO_PCM, Pcm
from .placement import FixedPlacement, Run
from .playback_events import Finished, PlaybackEvent
from .segment import Segment, Unfinished

TICK_SAMPLES = samples(0.01)
"""What leaves an audio source at a time, and what is retracted: WebRTC's own unit."""

RETRACT_SAMPLES = samples(0.3)
"""The most that can be retracted: more than any audio source is given ahead."""

RESUME_SAMPLES = samples(0.1)
"""Once the link is up, speech resumes so much later: frames of a mouth at rest go first."""

MEMORY_SAMPLES = samples(5.0)
"""Runs that ended longer ago than this are forgotten: every frame that could show them is out."""


class Playout:
    """Keeps account of the speech that comes in and the track that goes out; a `Placement`.

    Safe to call from any thread; a call takes microseconds. Speech that left while the link was
    down is not reported as played: once the link is up, speech resumes at a pause before the loss.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segments: deque[Segment] = deque()
        """Those that are not finished; the last one may be open."""
        self._past: deque[Run] = deque()
        """Runs of finished segments that may still be asked for."""
        self._open: Segment | None = None
        self.accepted = 0
        """The speech sample that `push_audio` accepts next."""
        self.published = 0
        """The published sample that `pull` returns next."""
        self.wants_retraction = False
        """Whether what was pulled and has not left is out of date."""
        self.on_wanted: Callable[[], None] = lambda: None
        """Called whenever it becomes so, from any thread; it may not call this object."""
        self._playhead = 0
        self._paused = False
        self._down_from: int | None = None
        """The published sample from which on the link is down."""
        self.not_before = 0
        """No speech begins before this published sample; may be set from any thread."""
        self._closed = False
        self._fader = Fader()
        self._history: deque[tuple[int, Fader]] = deque(maxlen=RETRACT_SAMPLES // TICK_SAMPLES + 1)
        """The state before each tick that was pulled, with its published sample."""
        self._changed: int | None = None

    # Called with speech.

    def push_audio(self, pcm: Pcm) -> int:
        """Accept speech, opening a segment where none is open; returns the speech sample at which
        it begins, or -1 where it was dropped because the open segment was cut."""
        with self._lock:
            if self._open is None:
                self._open = Segment(base=self.accepted, cut=self._closed)
                self._segments.append(self._open)
            if self._open.cut:
                return -1
            self._open.pcm.append(pcm)
            self.accepted += len(pcm)
            self._want_start()
            return self.accepted - len(pcm)

    def end_segment(self) -> None:
        """End the open segment, if there is one."""
        with self._lock:
            if self._open is not None:
                self._open.ended = True
                self._open = None
                self._want_start()

    def clear(self) -> None:
        """Cut all speech that has not left yet; what is heard then fades out."""
        with self._lock:
            self._cut(FADE_SAMPLES)
            self._want_retraction()

    def pause(self) -> None:
        """Hold the speech; what is heard then fades out. The track goes on, silent."""
        self._pause(True)

    def resume(self) -> None:
        """Continue with the sample after the last one that left."""
        self._pause(False)

    def _pause(self, paused: bool) -> None:
        with self._lock:
            if paused != self._paused:
                self._paused = paused
                self._want_retraction()

    def link_down(self, sample: int) -> None:
        """Hold the speech from a published sample on, which may have left long ago; what is
        reported as played stays so."""
        with self._lock:
            reported = [run for each in self._segments for run in each.runs[: each.runs_reported]]
            sample = max([sample, *(run.published_end for run in reported)])
            self._down_from = sample if self._down_from is None else min(sample, self._down_from)
            self._want_retraction()

    def link_up(self) -> int:
        """Resume from a pause before the sample at which the link went down; returns how many
        samples that had left are published again."""
        with self._lock:
            if self._down_from is None:
                return 0
            down_from, self._down_from = self._down_from, None
            replayed = 0
            for segment in self._segments:
                left = segment.next
                segment.retract(down_from)
                if not segment.cut and not segment.published_whole:
                    spoken = segment.runs and segment.runs[-1].published_end == down_from
                    if segment.next < left or spoken:
                        segment.rewind()
                    replayed += left - segment.next
            self._fader.mute()
            self.not_before = self.published + RESUME_SAMPLES
            self._note_change()
            return replayed

    def close(self) -> None:
        """Cut everything without a fade, speech still to come included: no pull follows."""
        with self._lock:
            self._closed = True
            self._cut(0)

    def _cut(self, fade: int) -> None:
        for segment in self._segments:
            segment.cut = True
            if self._down_from is not None:
                segment.retract(self._down_from)
            segment.truncate(fade if segment.runs and self._down_from is None else 0)

    def _want_start(self) -> None:
        """Speech that arrives need not wait behind the silence that was pulled ahead of it."""
        if not self._fader.speaking and not self._held and self._expected():
            self._want_retraction()

    def _want_retraction(self) -> None:
        self.wants_retraction = True
        self.on_wanted()

    # Called to publish the track.

    def pull(self, count: int) -> Pcm:
        """The next `count` samples of the published track, int16 [count]."""
        with self._lock:
            parts, end = [NO_PCM], self.published + count
            while self.published < end:
                self._history.append((self.published, self._fader.copy()))
                tick_end = min(self.published + TICK_SAMPLES, end)
                while self.published < tick_end:
                    parts.append(self._next_part(tick_end - self.published))
                    self.published += len(parts[-1])
            return np.concatenate(parts)

    def retract(self, count: int) -> int:
        """Take back the last `count` samples pulled, at most `RETRACT_SAMPLES`: they never leave.
        Returns how many were taken back: `count`, less what does not fill a pull's tick."""
        with self._lock:
            self.wants_retraction = False
            end = self.published
            while self._history and self._history[-1][0] >= end - count:
                self.published, self._fader = self._history.pop()
            if self.published < end:
                for segment in self._segments:
                    segment.retract(self.published)
                self._note_change()
            return end - self.published

    def _next_part(self, count: int) -> Pcm:
        """Up to `count` samples of speech that are due now, or `count` of silence."""
        fader = self._fader
        head = self._head()
        while head is not None and head.cut and not fader.speaking:
            head.truncate(0)
            head = self._head()
        stopping = self._held or (head is not None and head.cut)
        if self.published < self.not_before:
            return fader.silence(min(count, self.not_before - self.published))
        due = 0
        if head is not None and (fader.speaking or (head.can_start and not stopping)):
            due = min(count, head.available, fader.remaining if stopping else count)
        if head is None or not due:
            if fader.speaking and head is not None and head.runs:
                self._note_change()
            return fader.silence(count)
        if not fader.speaking:
            fader.begin(resumed=bool(head.runs))
        return fader.shape(head.publish(self.published, due), stopping=stopping)

    def advance(self, playhead: int) -> list[PlaybackEvent]:
        """What was played before the published sample `playhead` and is not reported yet."""
        events: list[PlaybackEvent] = []
        with self._lock:
            if self._down_from is not None:
                playhead = min(playhead, self._down_from)
            playhead = self._playhead = max(self._playhead, playhead)
            while self._segments:
                segment = self._segments[0]
                growing = self._fader.speaking and segment is self._head()
                events += segment.report(playhead, growing=growing, closed=self._closed)
                played = segment.played(playhead)
                whole = self._closed or played == segment.played(self.published)
                if not (segment.published_whole and whole):
                    break
                events.append(Finished(played, segment.cut))
                self._past.extend(self._segments.popleft().runs)
            # The last run stays: it holds the speech position.
            while len(self._past) > 1 and self._past[0].published_end < playhead - MEMORY_SAMPLES:
                self._past.popleft()
        return events

    # Called to ask.

    @property
    def speech_position(self) -> int:
        """The speech sample after the last one published; 0 before any."""
        with self._lock:
            runs = [*self._past, *self._runs()]
            return runs[-1].speech_end if runs else 0

    def ahead_of(self, speech: int) -> int:
        """How many samples of speech are published before a speech sample, if nothing stops it."""
        with self._lock:
            return sum(
                max(0, min(segment.available, speech - segment.base - segment.next))
                for segment in self._segments
                if not segment.cut
            )

    @property
    def heard(self) -> int:
        """How many samples were played of the oldest segment that is not finished."""
        with self._lock:
            return self._segments[0].played(self._playhead) if self._segments else 0

    @property
    def paused(self) -> bool:
        """Whether speech is held."""
        with self._lock:
            return self._paused

    def unfinished(self) -> list[Unfinished]:
        """The segments that are not finished or cut, in order."""
        with self._lock:
            whole = [each for each in self._segments if not each.cut]
            return [Unfinished(each.pcm.copy(), each.ended) for each in whole]

    @property
    def dropping(self) -> bool:
        """Whether `push_audio` drops speech until the segment ends."""
        with self._lock:
            return self._closed if self._open is None else self._open.cut

    @property
    def buffered(self) -> int:
        """How many samples of speech wait to be published."""
        with self._lock:
            return sum(segment.available for segment in self._segments)

    @property
    def playing(self) -> bool:
        """Whether there is speech that has not been reported as finished."""
        with self._lock:
            return bool(self._segments)

    def runs(self, start: int, end: int) -> list[Run]:
        """The runs that overlap [start, end) of the published timeline, in order, with speech that
        is not published yet where it will be if nothing stops it."""
        with self._lock:
            runs = [*self._past, *self._runs(), *self._expected()]
            return FixedPlacement(runs).runs(start, end)

    def published_at(self, speech: int) -> int | None:
        """Where a speech sample is or will be published, or None where that is unknown."""
        with self._lock:
            return FixedPlacement([*self._runs(), *self._expected()]).published_at(speech)

    @property
    def turn_end(self) -> int | None:
        """The published sample after all speech; None without any, if held, or if more may come."""
        with self._lock:
            if self._open is not None or self._held:
                return None
            runs = [*self._runs(), *self._expected()]
            return runs[-1].published_end if runs else None

    def take_change(self) -> int | None:
        """The first published sample whose speech changed since the last call, or None."""
        with self._lock:
            changed, self._changed = self._changed, None
            return changed

    def _note_change(self) -> None:
        if self._changed is None or self.published < self._changed:
            self._changed = self.published

    @property
    def _held(self) -> bool:
        return self._paused or self._down_from is not None

    def _head(self) -> Segment | None:
        """The segment to publish from."""
        return next((each for each in self._segments if not each.published_whole), None)

    def _runs(self) -> list[Run]:
        """What was published of the segments that are not finished."""
        return [run for segment in self._segments for run in segment.runs]

    def _expected(self) -> list[Run]:
        """Where the speech that waits will be published if nothing stops it."""
        expected: list[Run] = []
        sample = max(self.published, self.not_before)
        for segment in self._segments:
            count = segment.available
            if self._held:
                count = min(count, self._fader.remaining)
            elif segment.cut:
                count = 0 if expected else min(count, self._fader.remaining)
            elif not (self._fader.speaking or expected or segment.can_start):
                count = 0
            if count:
                expected.append(Run(sample, segment.base + segment.next, count))
                sample += count
            if self._paused and segment.available:
                break
        return expected
