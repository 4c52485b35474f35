"""One segment of speech: its samples, where they were published, and what was reported of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..timeline import samples
from .pcm_buffer import Pcm, PcmBuffer
from .placement import Run
from .playback_events import PlaybackEvent, Progressed, Started
from .resume_point import pause_before

START_SAMPLES = samples(0.02)
"""A run begins once this much is there or the segment has ended: a shorter first piece would be
played and leave a gap behind it."""

REMEMBERED_SAMPLES = samples(20.0)
"""How much of a segment stays in memory after it was published, for replay: a link that is down is
noticed within that, as a rule within five seconds. 2 MB."""


class Unfinished(NamedTuple):
    """What is left to say of a segment.

    Args:
        pcm: Its samples, without what is forgotten of it.
        ended: Whether no more come.
    """

    pcm: PcmBuffer
    ended: bool


@dataclass(slots=True)
class Segment:
    """The speech between two flushes; `base` is its first sample on the speech timeline.

    A segment goes one way::

        push_audio       end_segment           last sample played
        ---------> open -----------> ended ------------------------> finished
                     |  clear, close   |                                ^
                     +-----------------+------> cut --------------------+
                                                     faded out
    """

    base: int
    cut: bool = False
    ended: bool = False
    pcm: PcmBuffer = field(default_factory=PcmBuffer)
    """Its samples, counted from its first."""
    next: int = 0
    """Its sample that is published next."""
    runs: list[Run] = field(default_factory=list)
    """Where its samples were published."""
    runs_reported: int = 0
    samples_reported: int = 0
    started: bool = False

    @property
    def available(self) -> int:
        """Samples that wait to be published."""
        return self.pcm.end - self.next

    @property
    def published_whole(self) -> bool:
        """Whether nothing of it is left to publish."""
        return (self.ended or self.cut) and not self.available

    @property
    def can_start(self) -> bool:
        """Whether a run may begin with what is available."""
        return self.available >= START_SAMPLES or (self.ended and self.available > 0)

    def played(self, playhead: int) -> int:
        """How many of its samples were played before the published sample `playhead`; replayed ones
        count once."""
        return max(
            (
                run.speech - self.base + min(run.length, playhead - run.published)
                for run in self.runs
                if run.published < playhead
            ),
            default=0,
        )

    def publish(self, sample: int, count: int) -> Pcm:
        """Take its next `count` samples and note that they are published at `sample`."""
        last = self.runs[-1] if self.runs else None
        speech = self.base + self.next
        if last is not None and (last.published_end, last.speech_end) == (sample, speech):
            self.runs[-1] = replace(last, length=last.length + count)
        else:
            self.runs.append(Run(sample, speech, count))
        taken = self.pcm.read(self.next, self.next + count)
        self.next += count
        self.pcm.drop_before(self.next - REMEMBERED_SAMPLES)
        return taken

    def retract(self, sample: int) -> None:
        """Undo what was published at and after `sample`."""
        undone = [run for run in self.runs if run.published_end > sample]
        if not undone:
            return
        first = undone[0]
        kept = max(0, sample - first.published)
        del self.runs[-len(undone) :]
        self.next = first.speech - self.base + kept
        if kept:
            self.runs.append(replace(first, length=kept))

    def rewind(self) -> None:
        """Go back to a pause before the sample that is published next."""
        start = self.pcm.start
        self.next = start + pause_before(self.pcm.read(start, self.next), from_start=not start)

    def truncate(self, count: int) -> None:
        """Keep only the first `count` of the samples available."""
        self.pcm.drop_from(self.next + count)

    def report(self, playhead: int, *, growing: bool, closed: bool) -> list[PlaybackEvent]:
        """What was played before the published sample `playhead` and is not reported yet.

        A run is reported once it is played and is not `growing`; partly, if all is `closed`.
        """
        events: list[PlaybackEvent] = []
        if not self.started and self.played(playhead):
            self.started = True
            events.append(Started(self.runs[0].published))
        for run in self.runs[self.runs_reported :]:
            length = min(run.length, max(0, playhead - run.published))
            if (growing and run is self.runs[-1]) or (length < run.length and not closed):
                break
            replayed = max(0, self.samples_reported - (run.speech - self.base))
            if length > replayed:
                new = length - replayed
                events.append(Progressed(run.published + replayed, self.samples_reported, new))
                self.samples_reported += new
            self.runs_reported += 1
        return events
