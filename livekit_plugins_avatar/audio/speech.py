"""Takes speech on its way to playout and recognition, segment by segment.

Nothing here waits or knows where speech comes from: the sink of an agent session calls it, or a
stream from another process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .pcm_buffer import NO_PCM, Pcm
from .playback_events import PlaybackEvent
from .playout import Playout


@dataclass(frozen=True, slots=True)
class TimedText:
    """Text that the TTS sent with its audio: a letter, a word or more, which begins `at_s` into its
    segment, if the TTS told where."""

    text: str
    at_s: float | None = None


class SpeechConsumer(Protocol):
    """Takes the speech beside playout, to recognise it: int16 [N] from speech sample `start` on."""

    def push_audio(self, start: int, pcm: Pcm) -> None: ...

    def end_segment(self) -> None: ...

    def clear(self) -> None: ...


class SegmentListener(Protocol):
    """Is told where segments start and end on the speech timeline, and their text; an interruption
    clears a segment instead of ending it, or comes when none is open."""

    def segment_started(self, start: int) -> None: ...

    def timed_text(self, pieces: Sequence[TimedText]) -> None: ...

    def segment_ended(self, end: int) -> None: ...

    def segment_cleared(self) -> None: ...


class Speech(Protocol):
    """Where the speech of a session goes: `SpeechInput`, or a relay to another process.

    Each segment that is opened gets one `Finished` event.
    """

    @property
    def dropping(self) -> bool:
        """Whether speech is dropped until the segment ends."""

    @property
    def buffered(self) -> int:
        """How many samples wait to be published."""

    @property
    def started(self) -> bool:
        """Whether the open segment has started, and was not cleared."""

    def open_segment(self, *, cut: bool = False) -> None:
        """Open a segment where none is open; a `cut` one drops its speech."""

    def push_audio(self, pcm: Pcm) -> None:
        """Take the next samples of the open segment, int16 [N] at `SAMPLE_RATE`."""

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        """Take text that came with the speech of the open segment."""

    def end_segment(self) -> None:
        """The open segment is complete."""

    def clear(self) -> None:
        """Cut all speech that was not heard yet."""

    def pause(self) -> None:
        """Hold the speech until `resume`."""

    def resume(self) -> None:
        """Go on with the speech."""

    def close(self) -> None:
        """Cut everything, speech still to come included."""

    def advance(self, playhead: int) -> list[PlaybackEvent]:
        """What was played before the published sample `playhead` and is not reported yet."""


class SpeechInput:
    """The `Speech` of this process: plays it through a `Playout`, and passes it on.

    `on_planned_speech` is called when speech starts (with True), and when it ends, is cleared,
    paused or resumed (with False).
    """

    def __init__(
        self,
        playout: Playout,
        consumer: SpeechConsumer,
        *,
        segments: Sequence[SegmentListener],
        on_planned_speech: Callable[[bool], None],
    ) -> None:
        self._playout = playout
        self._consumer = consumer
        self._segments = segments
        self._on_planned_speech = on_planned_speech
        self.started = False

    @property
    def dropping(self) -> bool:
        return self._playout.dropping

    @property
    def buffered(self) -> int:
        return self._playout.buffered

    def open_segment(self, *, cut: bool = False) -> None:
        self._playout.push_audio(NO_PCM)
        if cut:
            self._playout.clear()

    def push_audio(self, pcm: Pcm) -> None:
        start = self._playout.push_audio(pcm)
        if start < 0:
            return
        starts, self.started = not self.started, True
        if starts:
            for each in self._segments:
                each.segment_started(start)
        if len(pcm):
            self._consumer.push_audio(start, pcm)
        if starts:
            self._on_planned_speech(True)

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        for each in self._segments:
            each.timed_text(pieces)

    def end_segment(self) -> None:
        if self.started:
            for each in self._segments:
                each.segment_ended(self._playout.accepted)
            self.started = False
        self._playout.end_segment()
        self._consumer.end_segment()
        self._on_planned_speech(False)

    def clear(self) -> None:
        self.started = False
        for each in self._segments:
            each.segment_cleared()
        self._playout.clear()
        self._consumer.clear()
        self._on_planned_speech(False)

    def pause(self) -> None:
        self._playout.pause()
        self._on_planned_speech(False)

    def resume(self) -> None:
        self._playout.resume()
        self._on_planned_speech(False)

    def close(self) -> None:
        self._playout.close()

    def advance(self, playhead: int) -> list[PlaybackEvent]:
        return self._playout.advance(playhead)
