"""Takes the agent's speech from the framework and reports what was played.

Input: `AudioFrame`s of any rate and channel count, flushes, clears and pauses, on the agent's event
loop. Output: mono PCM at `SAMPLE_RATE` for playout and for recognition, and the TTS's timed text.
Every segment that is opened gets exactly one `playback_finished`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .pcm_buffer import NO_PCM, Pcm
from .playback_events import PlaybackEvent, Progressed, Started
from .playout import Playout

LIMIT_SAMPLES = samples(60.0)
"""Speech that waits to be played beyond this makes `capture_frame` wait: a minute is more than
anybody lets an agent talk, and 6 MB."""

LIMIT_POLL_S = 0.1
"""How often `capture_frame` looks whether there is room again."""


@dataclass(frozen=True, slots=True)
class TimedText:
    """Text that the TTS sent with its audio.

    Args:
        text: A letter, a word or more.
        at_s: Where it begins in its segment; None if the TTS did not tell.
    """

    text: str
    at_s: float | None = None


class SpeechConsumer(Protocol):
    """Takes the speech beside playout, to recognise it."""

    def push_audio(self, start: int, pcm: Pcm) -> None:
        """Take int16 [N] that begins at the speech sample `start`."""
        ...

    def end_segment(self) -> None:
        """End the segment."""
        ...

    def clear(self) -> None:
        """Drop speech that was not looked at yet."""
        ...


class SegmentListener(Protocol):
    """Is told where segments lie on the speech timeline, and their timed text."""

    def segment_started(self, start: int) -> None:
        """A segment begins at this speech sample."""
        ...

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        """The TTS sent text with the open segment."""
        ...

    def segment_ended(self, end: int) -> None:
        """The open segment is complete and ends before this speech sample."""
        ...

    def segment_cleared(self) -> None:
        """An interruption dropped the open segment, if one was open."""
        ...


class AudioSink(AudioOutput):
    """A LiveKit audio output that plays through a `Playout`.

    Args:
        playout: Schedules the speech.
        consumer: Recognises the speech.
        clock: Real time.
        wait_for_subscriber: Returns once a participant receives the track; speech waits for it.
        segments: Is told of segments and their text.
        on_planned_speech: Called when speech starts (with True), and when it ends, is cleared,
            paused or resumed (with False).
    """

    def __init__(
        self,
        playout: Playout,
        consumer: SpeechConsumer,
        *,
        clock: Clock,
        wait_for_subscriber: Callable[[], Awaitable[None]],
        segments: SegmentListener,
        on_planned_speech: Callable[[bool], None],
    ) -> None:
        super().__init__(label="Avatar", capabilities=AudioOutputCapabilities(pause=True))
        self._playout = playout
        self._consumer = consumer
        self._clock = clock
        self._wait_for_subscriber: Callable[[], Awaitable[None]] | None = wait_for_subscriber
        self._segments = segments
        self._on_planned_speech = on_planned_speech
        self._loop = asyncio.get_running_loop()
        self._resampler: rtc.AudioResampler | None = None
        self._rate = 0
        self._said_empty = False
        self._closed = False
        self._started = False
        """Whether the open segment has started, and was not cleared."""

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take speech in; waits for the first listener, and while a minute of it is waiting."""
        if not frame.samples_per_channel:
            if not self._said_empty:
                self._said_empty = True
                logger.warning("the TTS sent an audio frame without samples: it is left out")
            return
        if self._wait_for_subscriber is not None and not self._closed:
            await self._wait_for_subscriber()
            self._wait_for_subscriber = None
        pcm = self._convert(frame)
        await super().capture_frame(frame)
        self._accept(pcm)
        if self._started and (pieces := _timed_text(frame)):
            self._segments.timed_text(pieces)
        while self._playout.buffered > LIMIT_SAMPLES:
            await self._clock.sleep(LIMIT_POLL_S)

    def flush(self) -> None:
        """End the segment."""
        super().flush()
        rest = self._end_conversion()
        if len(rest):
            self._accept(rest)
        if self._started:
            self._segments.segment_ended(self._playout.accepted)
            self._started = False
        self._playout.end_segment()
        self._consumer.end_segment()
        self._on_planned_speech(False)
        self._settle()

    def clear_buffer(self) -> None:
        """Interrupt the speech: what is heard fades out, the rest is dropped."""
        self._resampler = None
        self._started = False
        self._segments.segment_cleared()
        self._playout.clear()
        self._consumer.clear()
        self._on_planned_speech(False)
        self._settle()

    def pause(self) -> None:
        """Hold the speech; the face lives on."""
        super().pause()
        self._playout.pause()
        self._on_planned_speech(False)

    def resume(self) -> None:
        """Go on at the sample where `pause` held."""
        super().resume()
        self._playout.resume()
        self._on_planned_speech(False)

    def close(self) -> None:
        """Finish what is open; what still comes is taken in silence. Call it once nobody pulls."""
        self._closed = True
        self._playout.close()
        self._settle()

    def deliver(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """Pass on what was played, each with its wall-clock time; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._emit, events)
        except RuntimeError:
            logger.debug("the agent's event loop is gone, nobody waits for playback reports")

    def _emit(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        for event, wall_s in events:
            if isinstance(event, Started):
                self.on_playback_started(created_at=wall_s)
            elif isinstance(event, Progressed):
                self.on_playback_progressed(
                    started_at=wall_s,
                    offset=seconds(event.offset),
                    duration=seconds(event.length),
                )
            else:
                self.on_playback_finished(
                    playback_position=seconds(event.position), interrupted=event.interrupted
                )

    def _settle(self) -> None:
        """Once closed, report here and now: there is no conductor left to do it."""
        if self._closed:
            wall_s = self._clock.wall_s()
            self._emit([(event, wall_s) for event in self._playout.advance(0)])

    def _accept(self, pcm: Pcm) -> None:
        start = self._playout.push_audio(pcm)
        if start < 0:
            return
        starts, self._started = not self._started, True
        if starts:
            self._segments.segment_started(start)
        if len(pcm):
            self._consumer.push_audio(start, pcm)
        if starts:
            self._on_planned_speech(True)

    def _convert(self, frame: rtc.AudioFrame) -> Pcm:
        """A frame as mono PCM at `SAMPLE_RATE`; the resampler keeps some back for the next."""
        mono = _mono(frame)
        rest = self._end_conversion() if frame.sample_rate != self._rate else NO_PCM
        self._rate = frame.sample_rate
        if self._rate == SAMPLE_RATE:
            return np.concatenate((rest, mono))
        if self._resampler is None:
            self._resampler = rtc.AudioResampler(
                self._rate, SAMPLE_RATE, quality=rtc.AudioResamplerQuality.HIGH
            )
        resampled = self._resampler.push(bytearray(mono.tobytes()))
        return np.concatenate((rest, _joined(resampled)))

    def _end_conversion(self) -> Pcm:
        """What the resampler kept back."""
        resampler, self._resampler = self._resampler, None
        return _joined(resampler.flush()) if resampler is not None else NO_PCM


def _timed_text(frame: rtc.AudioFrame) -> list[TimedText]:
    """The text that came with a frame; entries that are no text are left out."""
    pieces = []
    for text in frame.userdata.get(USERDATA_TIMED_TRANSCRIPT) or ():
        at_s = text.start_time if isinstance(text, TimedString) else None
        if isinstance(text, str):
            pieces.append(TimedText(str(text), at_s if isinstance(at_s, (int, float)) else None))
    return pieces


def _mono(frame: rtc.AudioFrame) -> Pcm:
    # The frame's memory is the caller's, who may use it again.
    pcm: Pcm = np.array(frame.data, np.int16)
    if frame.num_channels > 1:
        pcm = np.rint(pcm.reshape(-1, frame.num_channels).mean(axis=1)).astype(np.int16)
    return pcm


def _joined(frames: Sequence[rtc.AudioFrame]) -> Pcm:
    parts: list[Pcm] = [np.frombuffer(frame.data, np.int16) for frame in frames]
    return np.concatenate([NO_PCM, *parts])
