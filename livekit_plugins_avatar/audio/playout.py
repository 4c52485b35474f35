"""Playout: what of the speech has been published, played, held and cut.

In flow the agent's speech as PCM, in segments, from one thread, and requests for the next samples
of the never-ending published track from another. Out flow those samples (speech where there is
some to play, silence elsewhere), the runs that say which speech sample lies at which published
sample, and for every segment exactly one `Finished`. Nothing here waits, sleeps or reads a clock:
how far the sound has got is an argument.

What was pulled and has not left the audio source yet can be taken back (`retract`). So the source
may be kept well filled, and still speech begins, stops and goes on within 20 ms of being asked to,
and speech that arrives before the last of it has left leaves no gap.

Speech that left while nobody could hear it (`lose`) is not reported as played, and once somebody
can (`regain`) it is taken up again: from a pause before the loss, so that no word begins in its
middle. What is said twice counts once.

A segment goes one way::

    push_audio       end_segment           last sample played
    ---------> open -----------> ended ------------------------> finished
                 |  clear, close   |                                ^
                 +-----------------+------> cut --------------------+
                                                   faded out
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..timeline import samples
from .placement import Run, overlapping, published_at
from .resume_point import pause_before

Pcm = NDArray[np.int16]
"""Mono audio, int16 [N], at `timeline.SAMPLE_RATE`."""

NOTHING: Pcm = np.zeros(0, np.int16)

FADE_SAMPLES = samples(0.015)
"""Speech that is cut or paused fades over this much more of itself: a cut without a fade clicks,
and 10-20 ms is too short to be taken for speech going on."""

RAMP_SAMPLES = samples(0.005)
"""Where speech stops short it rings out for this long, and where it comes back in the middle of a
segment it rises over it: enough to remove the click, too short to blunt a consonant."""

START_SAMPLES = samples(0.02)
"""A run begins once this much is there, or the segment has ended: a shorter first piece would be
played and leave a gap behind it."""

TICK_SAMPLES = samples(0.01)
"""What leaves an audio source at a time: WebRTC's own unit. Samples are taken back in wholes of
it."""

RETRACT_SAMPLES = samples(0.2)
"""The most that can be taken back: more than any audio source is given ahead."""

REMEMBERED_SAMPLES = samples(20.0)
"""How much of a segment that has left is kept in case nobody heard it: a link that is down is found
out within that, as a rule within five seconds, and a pause before it lies near. 2 MB."""

MEMORY_SAMPLES = samples(5.0)
"""Runs that ended longer ago than this are forgotten: every frame that could show them is out."""


@dataclass(frozen=True, slots=True)
class Started:
    """The first sample of a segment was played, at the published sample `at`."""

    at: int


@dataclass(frozen=True, slots=True)
class Progressed:
    """A run of a segment has been played.

    Args:
        at: The published sample where the run began.
        offset: Samples of the segment before the run.
        length: Samples in the run.
    """

    at: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A segment is over; there is exactly one of these for each segment.

    Args:
        position: Samples of the segment that were played.
        interrupted: Whether it was cut rather than played to its end.
    """

    position: int
    interrupted: bool


PlayoutEvent = Started | Progressed | Finished


class _Tape:
    """Samples from `start` to `end`: added at the end, forgotten at the start, read anywhere."""

    def __init__(self) -> None:
        self.start = self.end = 0
        self._room: Pcm = NOTHING
        self._first = 0
        """Where in `_room` the sample `start` lies."""

    def add(self, pcm: Pcm) -> None:
        used = self.end - self.start
        if self._first + used + len(pcm) > len(self._room):
            kept = self.read(self.start, self.end)
            self._room = np.empty(2 * (used + len(pcm)), np.int16)
            self._room[:used], self._first = kept, 0
        at = self._first + used
        self._room[at : at + len(pcm)] = pcm
        self.end += len(pcm)

    def read(self, start: int, end: int) -> Pcm:
        """A view of the samples [start, end), as far as they are there."""
        start, end = max(start, self.start), min(end, self.end)
        return self._room[self._first + start - self.start : self._first + end - self.start]

    def cut(self, end: int) -> None:
        """Drop what lies at or after `end`."""
        self.end = max(self.start, min(self.end, end))

    def forget(self, start: int) -> None:
        """Drop what lies before `start`."""
        count = max(0, min(start, self.end) - self.start)
        self.start += count
        self._first += count


@dataclass(slots=True)
class _Segment:
    """The speech between two flushes; `base` is its first sample on the speech timeline."""

    base: int
    cut: bool = False
    ended: bool = False
    tape: _Tape = field(default_factory=_Tape)
    """Its samples, counted from its first: those to come, and some of those that have left."""
    next: int = 0
    """The sample to publish next."""
    runs: list[Run] = field(default_factory=list)
    """What has been published of it."""
    reported: int = 0
    """How many of the runs have been reported as played."""
    told: int = 0
    """How many of its samples have been reported as played."""
    started: bool = False

    @property
    def available(self) -> int:
        """Samples accepted, and not published yet."""
        return self.tape.end - self.next

    @property
    def consumed(self) -> int:
        """How many of its samples have been published; what was said twice counts once."""
        return max((run.speech_end - self.base for run in self.runs), default=0)

    @property
    def published_whole(self) -> bool:
        return (self.ended or self.cut) and not self.available

    def played(self, playhead: int) -> int:
        """How many of its samples had been played when `playhead` was."""
        return max((self.reached(run, playhead) for run in self.runs), default=0)

    def reached(self, run: Run, playhead: int) -> int:
        """The sample after the last of a run that had been played when `playhead` was; 0 where
        none had."""
        count = min(run.length, playhead - run.published)
        return run.speech - self.base + count if count > 0 else 0

    def take(self, count: int) -> Pcm:
        """Return the next `count` of the samples available."""
        taken = self.tape.read(self.next, self.next + count)
        self.next += count
        self.tape.forget(self.next - REMEMBERED_SAMPLES)
        return taken

    def take_back(self, sample: int) -> None:
        """Undo what was published from published sample `sample` on."""
        undone = [run for run in self.runs if run.published_end > sample]
        if not undone:
            return
        first = undone[0]
        kept = max(0, sample - first.published)
        self.runs = self.runs[: len(self.runs) - len(undone)]
        self.next = first.speech - self.base + kept
        if kept:
            self.runs.append(Run(first.published, first.speech, kept))

    def repeat(self) -> None:
        """Go back to a pause before the sample to publish next."""
        if self.next:
            start = self.tape.start
            self.next = start + pause_before(self.tape.read(start, self.next), from_start=not start)

    def truncate(self, count: int) -> None:
        """Keep only the first `count` of the samples available."""
        self.tape.cut(self.next + count)

    def publish(self, sample: int, count: int) -> None:
        """Note that the next `count` samples are published at `sample`."""
        last = self.runs[-1] if self.runs else None
        speech = self.base + self.next
        if last is not None and (last.published_end, last.speech_end) == (sample, speech):
            self.runs[-1] = Run(last.published, last.speech, last.length + count)
        else:
            self.runs.append(Run(sample, speech, count))


@dataclass(frozen=True, slots=True)
class _Sounding:
    """How the published track sounds at one sample, so that it can be gone back to."""

    sample: int
    speaking: bool
    """Whether the sample before was speech."""
    gain: float
    recent: Pcm
    """The last `RAMP_SAMPLES` of speech, as published."""
    ringing: Pcm
    """What is left of ringing out."""


class Playout:
    """The ledger between the speech that comes in and the track that goes out.

    Safe to call from any thread; a call takes microseconds. The speech timeline counts every
    sample that `push_audio` accepted, without gaps; the published timeline counts every sample
    that `pull` returned.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._segments: deque[_Segment] = deque()
        """Those that are not finished; the last one may be open."""
        self._past: deque[Run] = deque()
        """Runs of finished segments that may still be looked at."""
        self._open: _Segment | None = None
        self._accepted = 0
        self._published = 0
        self._playhead = 0
        self._paused = False
        self._lost: int | None = None
        """The published sample from which on nobody hears."""
        self._closed = False
        self._speaking = False
        self._gain = 0.0
        self._recent: Pcm = np.zeros(RAMP_SAMPLES, np.int16)
        self._ringing = NOTHING
        self._history: deque[_Sounding] = deque(maxlen=RETRACT_SAMPLES // TICK_SAMPLES + 1)
        self._wants_retraction = False
        self._changed: int | None = None

    # Called with speech.

    def push_audio(self, pcm: Pcm) -> int:
        """Accept speech, opening a segment where none is open.

        What comes after a cut, until the segment ends, is dropped: it belongs to words that were
        interrupted.

        Args:
            pcm: int16 [N], N >= 0.

        Returns:
            The speech sample at which `pcm` begins, or -1 where it was dropped.
        """
        with self._lock:
            if self._open is None:
                self._open = _Segment(base=self._accepted, cut=self._closed)
                self._segments.append(self._open)
            if self._open.cut:
                return -1
            start = self._accepted
            if len(pcm):
                self._open.tape.add(pcm)
                self._accepted += len(pcm)
            self._want_start()
            return start

    def end_segment(self) -> None:
        """No more speech comes for the open segment; without one, nothing happens."""
        with self._lock:
            if self._open is not None:
                self._open.ended = True
                self._open = None
                self._want_start()

    def clear(self) -> None:
        """Cut all speech that has not left yet; what sounds then fades out."""
        with self._lock:
            for segment in self._segments:
                segment.cut = True
                if self._lost is not None:
                    segment.take_back(self._lost)
                segment.truncate(FADE_SAMPLES if segment.runs and self._lost is None else 0)
            self._wants_retraction = True

    def pause(self) -> None:
        """Hold the speech; what sounds then fades out. The track goes on, silent."""
        with self._lock:
            if not self._paused:
                self._paused = self._wants_retraction = True

    def resume(self) -> None:
        """Go on with the sample after the last one that left."""
        with self._lock:
            if self._paused:
                self._paused = False
                self._wants_retraction = True

    def lose(self, sample: int) -> None:
        """From a published sample on nobody hears the track: hold the speech until `regain`.

        Args:
            sample: It may have left long ago. What has been reported as played by now stays so.
        """
        with self._lock:
            for segment in self._segments:
                ends = [run.published_end for run in segment.runs[: segment.reported]]
                sample = max([sample, *ends])
            self._lost = sample if self._lost is None else min(sample, self._lost)
            self._wants_retraction = True

    def regain(self) -> int:
        """Somebody hears again: take up what was lost, from a pause before it.

        Returns:
            How many samples are said again, or for the first time, of those that had left.
        """
        with self._lock:
            if self._lost is None:
                return 0
            lost, self._lost = self._lost, None
            again = 0
            for segment in self._segments:
                left = segment.next
                segment.take_back(lost)
                if not segment.cut and not segment.published_whole:
                    if segment.next < left or self._was_sounding(segment, lost):
                        segment.repeat()
                    again += left - segment.next
            self._speaking, self._gain = False, 0.0
            self._wants_retraction = True
            self._note_change()
            return again

    def _was_sounding(self, segment: _Segment, sample: int) -> bool:
        """Whether speech of a segment ran up to a published sample."""
        return bool(segment.runs) and segment.runs[-1].published_end == sample

    def close(self) -> None:
        """Cut everything without a fade, and whatever may still come: nobody will pull again."""
        with self._lock:
            self._closed = True
            for segment in self._segments:
                segment.cut = True
                segment.truncate(0)

    def _want_start(self) -> None:
        """Speech has come: it need not wait behind the silence that was handed out ahead of it."""
        if not self._speaking and not self._held and self._expected():
            self._wants_retraction = True

    # Called by whoever publishes the track.

    def pull(self, count: int) -> Pcm:
        """The next `count` samples of the published track, int16 [count]."""
        with self._lock:
            ticks = [
                self._pull_tick(min(TICK_SAMPLES, count - first))
                for first in range(0, count, TICK_SAMPLES)
            ]
            return np.concatenate([NOTHING, *ticks])

    def _pull_tick(self, count: int) -> Pcm:
        self._history.append(
            _Sounding(self._published, self._speaking, self._gain, self._recent, self._ringing)
        )
        out = np.zeros(count, np.int16)
        filled = 0
        while filled < count:
            speech = self._next_speech(count - filled)
            if speech is None:
                self._fall_silent(out[filled:])
                break
            out[filled : filled + len(speech)] = speech
            filled += len(speech)
            self._published += len(speech)
        self._published += count - filled
        return out

    @property
    def wants_retraction(self) -> bool:
        """Whether what was pulled and has not left is out of date."""
        return self._wants_retraction

    def retract(self, count: int) -> int:
        """Take back the last samples pulled: they will never leave.

        Args:
            count: How many, at most `RETRACT_SAMPLES`.

        Returns:
            How many were taken back: `count`, less what does not fill a pull's tick.
        """
        with self._lock:
            self._wants_retraction = False
            end = self._published
            back = [each for each in self._history if each.sample >= end - count]
            if not back:
                return 0
            for _ in back:
                self._history.pop()
            at = back[0]
            self._published, self._speaking, self._gain = at.sample, at.speaking, at.gain
            self._recent, self._ringing = at.recent, at.ringing
            for segment in self._segments:
                segment.take_back(at.sample)
            self._note_change()
            return end - at.sample

    def _next_speech(self, count: int) -> Pcm | None:
        """Up to `count` samples of speech due now, or None where silence is."""
        head = self._head()
        while head is not None and head.cut and not self._speaking:
            head.truncate(0)
            head = self._head()
        if head is None:
            return None
        stopping = self._held or head.cut
        if not self._speaking and (stopping or not _can_start(head)):
            return None
        count = min(count, head.available, self._fading() if stopping else count)
        if not count:
            return None
        if not self._speaking:
            self._begin_run(resumed=bool(head.runs))
        head.publish(self._published, count)
        speech = self._shape(head.take(count), stopping)
        self._recent = np.concatenate((self._recent, speech))[-RAMP_SAMPLES:]
        if stopping and not self._gain:
            self._speaking = False
        return speech

    def _begin_run(self, *, resumed: bool) -> None:
        self._speaking = True
        self._ringing = self._ringing[:0]
        self._gain = 0.0 if resumed else 1.0

    def _shape(self, speech: Pcm, stopping: bool) -> Pcm:
        """Apply the gain on its way down (stopping) or up to 1."""
        if self._gain == 1.0 and not stopping:
            return speech
        slope = -1 / FADE_SAMPLES if stopping else 1 / RAMP_SAMPLES
        gain = np.clip(self._gain + slope * np.arange(1, len(speech) + 1), 0.0, 1.0)
        self._gain = float(gain[-1]) if gain[-1] > 1e-9 else 0.0
        return _int16(speech * gain)

    def _fading(self) -> int:
        """How many samples a fade from the present gain takes."""
        return int(np.ceil(self._gain * FADE_SAMPLES - 1e-9))

    def _fall_silent(self, out: Pcm) -> None:
        """Fill `out` with silence; speech that stopped short rings out in it first."""
        if self._speaking:
            self._speaking = False
            self._ringing = _int16(self._recent[::-1] * np.linspace(1, 0, RAMP_SAMPLES + 1)[1:])
            head = self._head()
            if head is not None and head.runs:
                self._note_change()
        count = min(len(out), len(self._ringing))
        out[:count] = self._ringing[:count]
        self._ringing = self._ringing[count:]

    def advance(self, playhead: int) -> list[PlayoutEvent]:
        """What has happened by the time the sample before `playhead` was played.

        Args:
            playhead: The published sample that leaves the audio source now; one that lies before
                an earlier one counts as that.
        """
        events: list[PlayoutEvent] = []
        with self._lock:
            if self._lost is not None:
                playhead = min(playhead, self._lost)
            playhead = self._playhead = max(self._playhead, playhead)
            for segment in self._segments:
                played = segment.played(playhead)
                if played and not segment.started:
                    segment.started = True
                    events.append(Started(segment.runs[0].published))
                events += self._progress(segment, playhead)
                whole = played == segment.consumed
                if not (segment.published_whole and (whole or self._closed)):
                    break
                events.append(Finished(played, segment.cut))
            for _ in range(sum(isinstance(event, Finished) for event in events)):
                self._past.extend(self._segments.popleft().runs)
            # The last one stays: it holds the position.
            while len(self._past) > 1 and self._past[0].published_end < playhead - MEMORY_SAMPLES:
                self._past.popleft()
        return events

    def _progress(self, segment: _Segment, playhead: int) -> list[PlayoutEvent]:
        """The runs of a segment that have ended since the last time, or were cut off."""
        events: list[PlayoutEvent] = []
        head = self._head()
        for run in segment.runs[segment.reported :]:
            going_on = run.published_end == self._published and segment is head and self._speaking
            length = min(run.length, max(0, playhead - run.published))
            if going_on or (length < run.length and not self._closed):
                break
            # What is said again has been told of before.
            again = max(0, segment.told - (run.speech - segment.base))
            if length > again:
                events.append(Progressed(run.published + again, segment.told, length - again))
                segment.told += length - again
            segment.reported += 1
        return events

    # Read by anybody.

    @property
    def published(self) -> int:
        """The published sample that `pull` returns next."""
        return self._published

    @property
    def speech_position(self) -> int:
        """The speech sample after the last one published; 0 before any."""
        with self._lock:
            known = [*self._past, *(run for segment in self._segments for run in segment.runs)]
            return known[-1].speech_end if known else 0

    @property
    def accepted(self) -> int:
        """The speech sample that `push_audio` accepts next."""
        return self._accepted

    @property
    def buffered(self) -> int:
        """How many samples of speech wait to be published."""
        with self._lock:
            return sum(segment.available for segment in self._segments)

    def runs(self, start: int, end: int) -> list[Run]:
        """The stretches of speech that lie in [start, end) of the published timeline, in order.

        What is not published yet is placed where it will be if nothing stops it.
        """
        with self._lock:
            known = [*self._past, *(run for segment in self._segments for run in segment.runs)]
            known += self._expected()
            return overlapping(known, start, end)

    @property
    def turn_end(self) -> int | None:
        """The published sample at which all speech that is known will have been heard.

        None where more may come, where it is held, and where there is none.
        """
        with self._lock:
            if self._open is not None or self._paused:
                return None
            known = [run for segment in self._segments for run in segment.runs]
            known += self._expected()
            return known[-1].published_end if known else None

    def published_at(self, speech: int) -> int | None:
        """Where a speech sample is or will be published, or None where that is unknown."""
        with self._lock:
            known = [run for segment in self._segments for run in segment.runs]
            return published_at(known + self._expected(), speech)

    def take_change(self) -> int | None:
        """The first published sample that holds other speech than was expected at the last call."""
        with self._lock:
            changed, self._changed = self._changed, None
            return changed

    def _note_change(self) -> None:
        if self._changed is None or self._published < self._changed:
            self._changed = self._published

    @property
    def _held(self) -> bool:
        return self._paused or self._lost is not None

    def _head(self) -> _Segment | None:
        """The segment to publish from."""
        return next((each for each in self._segments if not each.published_whole), None)

    def _expected(self) -> list[Run]:
        """Where the speech that waits will be published if nothing stops it."""
        expected: list[Run] = []
        sample = self._published
        for segment in self._segments:
            count = segment.available
            if self._held:
                count = min(count, self._fading()) if self._speaking else 0
            elif segment.cut:
                count = min(count, self._fading()) if self._speaking and not expected else 0
            elif not (self._speaking or expected or _can_start(segment)):
                count = 0
            if count:
                expected.append(Run(sample, segment.base + segment.next, count))
                sample += count
            if self._paused and segment.available:
                break
        return expected


def _can_start(segment: _Segment) -> bool:
    return segment.available >= START_SAMPLES or (segment.ended and segment.available > 0)


def _int16(signal: NDArray[np.float64]) -> Pcm:
    rounded: Pcm = np.rint(signal).astype(np.int16)
    return rounded
