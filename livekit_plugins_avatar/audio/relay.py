"""Keeps the speech of an agent until it was heard, from one of several voices.

An avatar's voice speaks as a rule, and a plain one while there is none. What one of them does not
finish another takes up, at the sample that was heard last. Segments finish once, in order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..timeline import seconds
from .pcm_buffer import Pcm, PcmBuffer
from .playback_events import Finished, PlaybackEvent, Progressed, Started
from .segment import Unfinished
from .speech import TimedText

Report = Callable[[Sequence[tuple[PlaybackEvent, float]]], None]


@dataclass(slots=True)
class Outgoing:
    """One segment of speech, and how much of it was heard."""

    number: int
    pcm: PcmBuffer = field(default_factory=PcmBuffer)
    texts: list[tuple[int, Sequence[TimedText]]] = field(default_factory=list)
    """Timed text, with the offset of the audio that it came with."""
    ended: bool = False
    cut: bool = False
    heard: int = 0
    """Samples of it that were heard; they are kept no longer."""
    started: bool = False
    reported: int = 0
    """Samples that were reported as progress."""
    result: Finished | None = None

    @property
    def left(self) -> int:
        """Samples that were not heard yet."""
        return self.pcm.end - self.heard


class Voice(Protocol):
    """Says the segments of a `Relay`, from what was heard of each."""

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        """Say these, which were not finished, and those that come."""

    def more(self, segment: Outgoing) -> None:
        """A segment is new, has grown or has ended."""

    def holds(self, number: int) -> bool:
        """Whether it will report the end of a segment."""

    def clear(self) -> None:
        """Cut all that was not heard yet; report the end of what is held."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class NoVoice:
    """A `Voice` that says nothing, and keeps all segments for the next one."""

    def begin(self, segments: Sequence[Outgoing], *, paused: bool) -> None:
        pass

    def more(self, segment: Outgoing) -> None:
        pass

    def holds(self, number: int) -> bool:
        return True

    def clear(self) -> None:
        pass

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass


class Relay:
    """A `Speech` that outlives its voice; on the agent's event loop.

    `on_events` takes what was played, and when by the wall clock; `wall_s` reads that clock.
    """

    def __init__(self, voice: Voice, *, on_events: Report, wall_s: Callable[[], float]) -> None:
        self._voice = voice
        self._on_events = on_events
        self._wall_s = wall_s
        self._segments: deque[Outgoing] = deque()
        self._open: Outgoing | None = None
        self._next = 0
        self._paused = False
        self._closed = False
        self.on_idle: Callable[[], None] = lambda: None
        """Called once no segment is left."""
        self._events: list[tuple[PlaybackEvent, float]] = []

    # Called with speech.

    @property
    def dropping(self) -> bool:
        return self._closed if self._open is None else self._open.cut

    @property
    def buffered(self) -> int:
        return sum(each.left for each in self._segments if not each.cut)

    @property
    def started(self) -> bool:
        return self._open is not None and not self._open.cut

    def open_segment(self, *, cut: bool = False) -> None:
        if self._open is None:
            segment = self._open = Outgoing(self._next, cut=self._closed)
            self._next += 1
            self._segments.append(segment)
            if not segment.cut:
                self._voice.more(segment)
        if cut:
            self.clear()
        self._settle()

    def push_audio(self, pcm: Pcm) -> None:
        if self._open is None:
            self.open_segment()
        segment = self._open
        assert segment is not None
        if segment.cut or not len(pcm):
            return
        segment.pcm.append(pcm)
        self._voice.more(segment)

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        if self._open is not None and not self._open.cut:
            self._open.texts.append((self._open.pcm.end, pieces))
            self._voice.more(self._open)

    def end_segment(self) -> None:
        segment, self._open = self._open, None
        if segment is not None:
            segment.ended = True
            if not segment.cut:
                self._voice.more(segment)
            self._settle()

    def clear(self) -> None:
        for each in self._segments:
            each.cut = True
        self._voice.clear()
        self._settle()

    def pause(self) -> None:
        self._paused = True
        self._voice.pause()

    def resume(self) -> None:
        self._paused = False
        self._voice.resume()

    def close(self) -> None:
        self._closed = True
        for each in self._segments:
            each.cut = True
            each.result = each.result or Finished(each.heard, True)

    def advance(self, playhead: int) -> list[PlaybackEvent]:
        """What is left to report once this is closed."""
        self._settle(report=False)
        events, self._events = self._events, []
        return [event for event, _ in events]

    # Called by a voice.

    @property
    def speaking(self) -> bool:
        """Whether there is speech to be heard now."""
        return not self._paused and any(
            each.left or each.ended or each.cut for each in self._segments if not each.result
        )

    @property
    def heard_to(self) -> tuple[int, int] | None:
        """The segment that is to be heard now, and how much of it was; None where none is."""
        first = self._segments[0] if self._segments and self.speaking else None
        return None if first is None else (first.number, first.heard)

    @property
    def paused(self) -> bool:
        """Whether the speech is held."""
        return self._paused

    @property
    def unfinished(self) -> Sequence[Outgoing]:
        """The segments that are still to be said, in order."""
        return [each for each in self._segments if not each.cut and each.result is None]

    @property
    def idle(self) -> bool:
        """Whether every segment has finished."""
        return not self._segments

    def adopt(self, rest: Sequence[Unfinished], *, paused: bool) -> Sequence[int]:
        """Take over the segments of another speech, before there are others; returns their numbers.
        That speech may still say of them what `resume_at` then tells."""
        for number, (pcm, ended) in enumerate(rest):
            self._segments.append(Outgoing(number, pcm, ended=ended, heard=pcm.start))
        self._next, self._paused = len(rest), paused
        self._open = None if rest[-1].ended else self._segments[-1]
        return range(self._next)

    def resume_at(self, number: int, position: int) -> None:
        """The former speech of a segment has said, and reported, so many samples of it."""
        segment = self._find(number)
        if segment is not None:
            self.heard(number, position)
            segment.started |= segment.heard > 0
            segment.reported = segment.heard

    def use(self, voice: Voice) -> None:
        """Let another voice go on, from what was heard."""
        self._voice = voice
        self._settle()
        voice.begin(self.unfinished, paused=self._paused)

    def heard(self, number: int, position: int) -> None:
        """So many samples of a segment were heard."""
        segment = self._find(number)
        if segment is not None and segment.result is None:
            segment.heard = max(segment.heard, min(position, segment.pcm.end))
            segment.pcm.drop_before(segment.heard)

    def on_started(self, number: int, ago_s: float) -> None:
        """A segment was heard first, so long ago."""
        segment = self._find(number)
        if segment is not None and not segment.started and segment.result is None:
            segment.started = True
            self._report(Started(0), ago_s)

    def on_progressed(self, number: int, offset: int, length: int, ago_s: float) -> None:
        """A run of a segment was heard, which began so long ago."""
        segment = self._find(number)
        if segment is None or segment.result is not None:
            return
        self.heard(number, offset + length)
        known = max(0, segment.reported - offset)
        length = min(length, segment.pcm.end - offset)
        if length > known:
            ago_s = max(0.0, ago_s - seconds(known))
            self._report(Progressed(0, offset + known, length - known), ago_s)
            segment.reported = offset + length

    def on_finished(self, number: int, position: int, *, interrupted: bool) -> None:
        """A segment was heard to its end, or cut after so many samples; counts once."""
        segment = self._find(number)
        if segment is not None and segment.result is None:
            self.heard(number, position)
            if segment.heard and not segment.started:
                self.on_started(number, 0.0)
            segment.result = Finished(segment.heard, interrupted or segment.cut)
            self._settle()

    def _find(self, number: int) -> Outgoing | None:
        return next((each for each in self._segments if each.number == number), None)

    def _report(self, event: PlaybackEvent, ago_s: float) -> None:
        self._events.append((event, self._wall_s() - ago_s))
        self._flush()

    def _flush(self) -> None:
        events, self._events = self._events, []
        if events:
            self._on_events(events)

    def _settle(self, *, report: bool = True) -> None:
        """Finish, in order, what has a result, and what was cut before a voice held it."""
        while self._segments:
            first = self._segments[0]
            if first.result is None and first.cut and not self._voice.holds(first.number):
                first.result = Finished(first.heard, True)
            if first.result is None:
                break
            self._events.append((first.result, self._wall_s()))
            self._segments.popleft()
        if report:
            self._flush()
        if not self._segments:
            self.on_idle()
