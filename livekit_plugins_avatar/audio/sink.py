"""The sink: where the agents framework hands over the speech.

In flow `AudioFrame`s of any rate and channel count, with the words that a TTS may put beside them,
flushes, clears and pauses, on the agent's event loop; out flows mono PCM at the published rate, to
playout and to the listener, and to the listener the words. Back flow the reports of what was
played, from the conductor's thread. For every segment that is opened exactly one
`playback_finished` comes back, whatever happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import numpy as np
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

from ..log import logger
from ..speech.text.transcript import Piece, Transcript
from ..speech.worker import RecognitionWorker, Spoken
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .playout import NOTHING, Pcm, Playout, PlayoutEvent, Progressed, Started

LIMIT_SAMPLES = samples(60.0)
"""Speech that waits to be played beyond this makes `capture_frame` wait: a minute is more than
anybody lets an agent talk, and 6 MB."""

LIMIT_POLL_S = 0.1
"""How often `capture_frame` looks whether there is room again."""


class SpeechFollower(Protocol):
    """Somebody who follows what is said: `emotion.EmotionController`."""

    def expect_text(self, text: str) -> None: ...

    def end_text(self) -> None: ...

    def begin_speech(self, start: int) -> None: ...

    def end_speech(self, end: int) -> None: ...


class AudioSink(AudioOutput):
    """A LiveKit audio output that plays through a `Playout`.

    Args:
        playout: Takes the speech.
        listener: Hears the speech too.
        clock: Real time.
        wait_for_listener: Returns once somebody in the room can hear; speech waits for it.
        on_planned_speech: Called when what will be heard has become another: speech has come, with
            True for the first of a segment, or is complete, cut, held or let go on.
    """

    def __init__(
        self,
        playout: Playout,
        listener: RecognitionWorker,
        *,
        clock: Clock,
        wait_for_listener: Callable[[], Awaitable[None]],
        on_planned_speech: Callable[[bool], None] = lambda begins: None,
    ) -> None:
        super().__init__(label="Avatar", capabilities=AudioOutputCapabilities(pause=True))
        self._playout = playout
        self._worker = listener
        self._clock = clock
        self._wait_for_listener: Callable[[], Awaitable[None]] | None = wait_for_listener
        self._on_planned_speech = on_planned_speech
        self._loop = asyncio.get_running_loop()
        self._resampler: rtc.AudioResampler | None = None
        self._rate = 0
        self._said_empty = False
        self._closed = False
        self._transcript = Transcript()
        """What the TTS says that it says."""
        self._text = Transcript(exact=True)
        """What the language model wants said."""
        self._text_begins = True
        self._text_known = False
        """Whether the language model has told what the open segment, or the next one, says."""
        self._base: int | None = None
        """The speech sample at which the open segment begins."""
        self._accepted = 0
        """The speech sample after the last one accepted."""
        self._follower: SpeechFollower | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take speech in; waits for the first listener, and while a minute of it is waiting."""
        if not frame.samples_per_channel:
            if not self._said_empty:
                self._said_empty = True
                logger.warning("the TTS sent an audio frame without samples: it is left out")
            return
        if self._wait_for_listener is not None and not self._closed:
            await self._wait_for_listener()
            self._wait_for_listener = None
        pcm = self._convert(frame)
        await super().capture_frame(frame)
        self._accept(pcm)
        self._expect(self._transcript.push(_pieces(frame)))
        while self._playout.buffered > LIMIT_SAMPLES:
            await self._clock.sleep(LIMIT_POLL_S)

    def flush(self) -> None:
        """The segment is complete."""
        super().flush()
        rest = self._end_conversion()
        if len(rest):
            self._accept(rest)
        self._expect(self._transcript.flush())
        if self._follower is not None and self._base is not None:
            self._follower.end_speech(self._accepted)
        self._end_text_of_segment()
        self._playout.end_segment()
        self._worker.end_segment()
        self._on_planned_speech(False)
        self._settle()

    def clear_buffer(self) -> None:
        """The user interrupted: what sounds fades out, and nothing more of it is heard."""
        self._resampler = None
        self._end_text_of_segment()
        self._playout.clear()
        self._worker.clear()
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

    def expect_text(self, text: str) -> None:
        """Read along with what is to be said next, piece by piece."""
        if self._follower is not None:
            self._follower.expect_text(text)
        words = self._text.push([Piece(text)])
        self._text_known = True
        self._worker.expect([Spoken(word.text) for word in words], fresh=self._text_begins)
        self._text_begins = False

    def end_text(self) -> None:
        """What is to be said is complete."""
        if self._follower is not None:
            self._follower.end_text()
        self._worker.expect([Spoken(word.text) for word in self._text.flush()])
        self._text_begins = True

    def follow(self, follower: SpeechFollower) -> None:
        """Let somebody know of the text, and of where in the speech its segments lie."""
        self._follower = follower

    def close(self) -> None:
        """Finish what is open; what still comes is taken in silence. Call it once nobody pulls."""
        self._closed = True
        self._playout.close()
        self._settle()

    def deliver(self, events: Sequence[tuple[PlayoutEvent, float]]) -> None:
        """Pass on what was played, each with its wall-clock time; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._emit, events)
        except RuntimeError:
            logger.debug("the agent's event loop is gone, nobody waits for playback reports")

    def _emit(self, events: Sequence[tuple[PlayoutEvent, float]]) -> None:
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
        self._note(start, len(pcm))
        if start < 0:
            return
        begins = self._base is None
        if begins:
            self._base = start
        if len(pcm):
            self._worker.push_audio(start, pcm)
        if begins:
            self._on_planned_speech(True)

    def _note(self, start: int, count: int) -> None:
        """Tell the follower of a segment that opens, and note how far it goes."""
        if start < 0:
            return
        self._accepted = start + count
        if self._follower is not None and self._base is None:
            self._follower.begin_speech(start)

    def _expect(self, words: Sequence[Piece]) -> None:
        """Tell the listener what the TTS says that it says, unless it knows the text already."""
        if self._base is not None and not self._text_known:
            self._worker.expect([_spoken(word, self._base) for word in words])

    def _end_text_of_segment(self) -> None:
        self._transcript = Transcript()
        self._text_known = False
        self._base = None

    def _convert(self, frame: rtc.AudioFrame) -> Pcm:
        """A frame as mono PCM at `SAMPLE_RATE`; the resampler keeps some back for the next."""
        mono = _mono(frame)
        rest = self._end_conversion() if frame.sample_rate != self._rate else NOTHING
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
        return _joined(resampler.flush()) if resampler is not None else NOTHING


def _pieces(frame: rtc.AudioFrame) -> list[Piece]:
    """The text that came with a frame; what is no text is left out."""
    said = frame.userdata.get(USERDATA_TIMED_TRANSCRIPT) or ()
    pieces = []
    for text in said:
        at_s = text.start_time if isinstance(text, TimedString) else None
        if isinstance(text, str):
            pieces.append(Piece(str(text), at_s if isinstance(at_s, (int, float)) else None))
    return pieces


def _spoken(word: Piece, base: int) -> Spoken:
    return Spoken(word.text, None if word.at_s is None else base + samples(word.at_s))


def _mono(frame: rtc.AudioFrame) -> Pcm:
    # The frame's memory is the caller's, who may use it again.
    pcm: Pcm = np.array(frame.data, np.int16)
    if frame.num_channels > 1:
        pcm = np.rint(pcm.reshape(-1, frame.num_channels).mean(axis=1)).astype(np.int16)
    return pcm


def _joined(frames: Sequence[rtc.AudioFrame]) -> Pcm:
    parts: list[Pcm] = [np.frombuffer(frame.data, np.int16) for frame in frames]
    return np.concatenate([NOTHING, *parts])
