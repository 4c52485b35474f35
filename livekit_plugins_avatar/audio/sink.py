"""Takes the agent's speech from the framework and reports what was played.

Frames of any rate and channel count become mono PCM at `SAMPLE_RATE`. Every segment that is opened
gets exactly one `playback_finished`.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence

import numpy as np
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString

# Private: the event of a segment that is cancelled; see the pin in pyproject.toml.
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities, _CaptureCancelledEvent
from numpy.typing import NDArray

from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .pcm_buffer import NO_PCM, Pcm
from .playback_events import Finished, PlaybackEvent, Progressed, Started
from .relay import Relay
from .speech import Speech, TimedText

AHEAD_MAX_SAMPLES = samples(60.0)
"""While more speech than this waits to be played, `capture_frame` waits: agents hardly ever speak
for longer, and it is 6 MB."""

LIMIT_POLL_S = 0.1
"""How often a waiting `capture_frame` looks whether there is room again."""

MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 768_000
"""From half of the lowest rate in telephony to twice the highest in studios."""


def report_cancelled(output: AudioOutput) -> None:
    """Finish a segment whose first frame was cancelled before `output` counted it: outputs above
    may have counted it already, and would wait for its end."""
    event = _CaptureCancelledEvent(playback_position=0, interrupted=True)
    output._dispatch_playback_finished(event)


class AudioSink(AudioOutput):
    """A LiveKit audio output that plays through a `Speech`, and waits for `wait_for_subscriber`."""

    def __init__(
        self,
        speech: Speech,
        *,
        clock: Clock,
        wait_for_subscriber: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(label="Avatar", capabilities=AudioOutputCapabilities(pause=True))
        self._speech = speech
        self._clock = clock
        self._wait_for_subscriber: Callable[[], Awaitable[None]] | None = wait_for_subscriber
        self._loop = asyncio.get_running_loop()
        self._waits: set[asyncio.Future[None]] = set()
        """What `capture_frame` waits for now."""
        self._resampler: rtc.AudioResampler | None = None
        self._rate = SAMPLE_RATE
        self._malformed = False
        """Whether the open segment had a malformed frame."""
        self._closed = False
        self._former: Speech | None = None
        """What was spoken through before `hand_over`."""
        self._relay: Relay | None = None
        self._ends_before = 0
        """How many segments of the former speech end as ever."""
        self._handed: deque[int] = deque()
        """The numbers, in the relay, of those that go on there."""

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take speech, once there is a subscriber; an interruption or `close` ends each wait."""
        try:
            interrupted = not await self._first_subscriber()
            await super().capture_frame(frame)
            # Opens the segment, whatever the frame is worth: it is owed a `playback_finished`.
            self._speech.open_segment(cut=interrupted)
            await self._take(frame)
        finally:
            self._report_if_closed()

    async def _first_subscriber(self) -> bool:
        """Wait for the first subscriber; returns False where an interruption ended the wait."""
        if self._wait_for_subscriber is None or self._speech.dropping:
            return True
        try:
            subscribed = await self._until(self._wait_for_subscriber())
        except asyncio.CancelledError:
            report_cancelled(self)
            raise
        if subscribed:
            self._wait_for_subscriber = None
        return subscribed

    async def _take(self, frame: rtc.AudioFrame) -> None:
        pieces = _timed_text(frame)
        for pcm in self._parts(frame):
            self._speech.push_audio(pcm)
            if pieces and self._speech.started:
                self._speech.timed_text(pieces)
                pieces = []
            if self._speech.dropping:
                return
            while self._speech.buffered > AHEAD_MAX_SAMPLES:
                if not await self._until(self._clock.sleep(LIMIT_POLL_S)):
                    return

    async def _until(self, event: Awaitable[None]) -> bool:
        """Wait for an event; returns False where an interruption or the end came first."""
        wait = asyncio.ensure_future(event)
        self._waits.add(wait)
        try:
            await asyncio.wait([wait])
        finally:
            self._waits.discard(wait)
            wait.cancel()
        return not wait.cancelled()

    def flush(self) -> None:
        """End the segment."""
        super().flush()
        if len(rest := self._end_conversion()):
            self._speech.push_audio(rest)
        self._malformed = False
        self._speech.end_segment()
        self._report_if_closed()

    def clear_buffer(self) -> None:
        """Interrupt the speech: what is heard fades out, the rest is dropped."""
        self._resampler = None
        self._speech.clear()
        for wait in self._waits:
            wait.cancel()

    def pause(self) -> None:
        super().pause()
        self._speech.pause()

    def resume(self) -> None:
        super().resume()
        self._speech.resume()

    def hand_over(self, relay: Relay, numbers: Sequence[int]) -> None:
        """Speak through a relay, which has adopted the last segments of the present speech under
        these numbers; that speech is to be cut, and `close` then looks where."""
        self._ends_before = self._pending_playback_count - len(numbers)
        self._handed.extend(numbers)
        self._former, self._relay, self._speech = self._speech, relay, relay

    def close(self) -> None:
        """Finish open segments, and drop what still comes, unless a relay has them; no pull may
        follow."""
        if self._former is not None:
            self._former.close()
            self._loop.call_soon(self._report_left, self._former)
            return
        self._closed = True
        self._speech.close()
        for wait in self._waits:
            wait.cancel()
        self._report_if_closed()

    def _report_if_closed(self) -> None:
        """Once closed, report here: there is no conductor left to do it."""
        if self._closed and not self._waits:
            # After `capture_frame` has returned: outputs above may count the segment only then.
            self._loop.call_soon(self._report_left, self._speech)

    def _report_left(self, closed: Speech) -> None:
        """Report what a speech that is closed has left to tell."""
        wall_s = self._clock.wall_s()
        self._emit([(event, wall_s) for event in closed.advance(0)])

    def deliver(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """Report playback events, each with its wall-clock time; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._emit, events)
        except RuntimeError:
            logger.debug("audio sink: playback is not reported: the agent's event loop is closed")

    def _emit(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        for event, wall_s in events:
            if isinstance(event, Finished) and self._handed and self._relay is not None:
                if self._ends_before <= 0:
                    self._relay.resume_at(self._handed.popleft(), event.position)
                    continue
                self._ends_before -= 1
            self.report([(event, wall_s)])

    def report(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        """Report playback events, each with its wall-clock time; on the event loop."""
        for event, wall_s in events:
            if isinstance(event, Started):
                self.on_playback_started(created_at=wall_s)
            elif isinstance(event, Progressed):
                offset, duration = seconds(event.offset), seconds(event.length)
                self.on_playback_progressed(started_at=wall_s, offset=offset, duration=duration)
            else:
                position = seconds(event.position)
                self.on_playback_finished(playback_position=position, interrupted=event.interrupted)

    def _parts(self, frame: rtc.AudioFrame) -> Iterator[Pcm]:
        """A frame as mono PCM at `SAMPLE_RATE`, in parts of a second; none if it is malformed."""
        try:
            _check(frame)
            # A view: the frame may be longer than memory has room for again.
            pcm = np.asarray(frame.data)[: frame.num_channels * frame.samples_per_channel]
            pcm = pcm.reshape(-1, frame.num_channels)
            for first in range(0, len(pcm), frame.sample_rate):
                channels = pcm[first : first + frame.sample_rate]
                yield self._convert(_mono(channels), frame.sample_rate)
        except Exception as error:
            if not self._malformed:
                self._malformed = True
                logger.warning("audio sink: a frame of the TTS is left out: %s", error)

    def _convert(self, mono: Pcm, rate: int) -> Pcm:
        """PCM at `SAMPLE_RATE`; the resampler keeps some back for the next."""
        rest = self._end_conversion() if rate != self._rate else NO_PCM
        self._rate = rate
        if rate == SAMPLE_RATE:
            return np.concatenate((rest, mono))
        if self._resampler is None:
            quality = rtc.AudioResamplerQuality.HIGH
            self._resampler = rtc.AudioResampler(rate, SAMPLE_RATE, quality=quality)
        resampled = self._resampler.push(bytearray(mono.tobytes()))
        return np.concatenate((rest, _joined(resampled)))

    def _end_conversion(self) -> Pcm:
        """What the resampler kept back."""
        resampler, self._resampler = self._resampler, None
        return _joined(resampler.flush()) if resampler is not None else NO_PCM


def _mono(channels: NDArray[np.int16]) -> Pcm:
    """The mean of the channels of int16 [N, channels]."""
    mono: Pcm = channels[:, 0]
    if channels.shape[1] > 1:
        mono = np.rint(channels.mean(axis=1)).astype(np.int16)
    return mono


def _check(frame: rtc.AudioFrame) -> None:
    if frame.samples_per_channel < 1:
        raise ValueError("it has no samples; a TTS should send none instead")
    if frame.num_channels < 1:
        raise ValueError(f"it has {frame.num_channels} channels; a TTS must send one or more")
    if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        raise ValueError(
            f"its sample rate is {frame.sample_rate} Hz; a TTS must send "
            f"{MIN_RATE_HZ:,} to {MAX_RATE_HZ:,} Hz"
        )


def _timed_text(frame: rtc.AudioFrame) -> list[TimedText]:
    """The text that came with a frame; entries that are no text are left out."""
    said = frame.userdata.get(USERDATA_TIMED_TRANSCRIPT)
    texts = said if isinstance(said, (list, tuple)) else ()
    return [TimedText(str(text), _begin_s(text)) for text in texts if isinstance(text, str)]


def _begin_s(text: str) -> float | None:
    at_s = text.start_time if isinstance(text, TimedString) else None
    return at_s if isinstance(at_s, (int, float)) and math.isfinite(at_s) else None


def _joined(frames: Sequence[rtc.AudioFrame]) -> Pcm:
    return np.concatenate([NO_PCM, *(np.frombuffer(each.data, np.int16) for each in frames)])
