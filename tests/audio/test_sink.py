"""The audio sink keeps the framework's contract: every segment that opens finishes once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
from livekit.agents.voice.io import (
    AudioOutput,
    AudioOutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import FADE_SAMPLES
from livekit_plugins_avatar.audio.pcm_buffer import Pcm
from livekit_plugins_avatar.audio.playback_events import Finished
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.audio.sink import AHEAD_MAX_SAMPLES, AudioSink
from livekit_plugins_avatar.audio.speech import SpeechInput, TimedText
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples, seconds

from ..manual_clock import ManualClock

TICK = samples(0.01)
QUEUE = samples(0.03)


def frame(pcm: NDArray[np.int16], rate: int = SAMPLE_RATE, channels: int = 1) -> rtc.AudioFrame:
    return rtc.AudioFrame(pcm.tobytes(), rate, channels, len(pcm) // channels)


def tone(duration_s: float, rate: int = SAMPLE_RATE) -> NDArray[np.int16]:
    t = np.arange(round(duration_s * rate)) / rate
    return (10_000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


class Notes:
    """A consumer and listener that notes what it gets."""

    def __init__(self) -> None:
        self.notes: list[tuple[object, ...]] = []
        self.pushed = 0

    def push_audio(self, start: int, pcm: Pcm) -> None:
        assert start == self.pushed, "speech has no holes"
        self.pushed += len(pcm)

    def end_segment(self) -> None:
        self.notes.append(("consumer", "end"))

    def clear(self) -> None:
        self.notes.append(("consumer", "clear"))

    def segment_started(self, start: int) -> None:
        self.notes.append(("started", start))

    def segment_ended(self, end: int) -> None:
        self.notes.append(("ended", end))

    def segment_cleared(self) -> None:
        self.notes.append(("cleared",))

    def timed_text(self, pieces: Sequence[TimedText]) -> None:
        self.notes.append(("text", *pieces))

    def of_segments(self) -> list[tuple[object, ...]]:
        return [note for note in self.notes if note[0] != "consumer"]


class Play:
    """A sink, and what the conductor does, on a clock that the test moves."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.playout = Playout()
        self.notes = Notes()
        self.planned: list[tuple[bool, int | None]] = []
        speech = SpeechInput(
            self.playout,
            self.notes,
            segments=(self.notes,),
            on_planned_speech=lambda begins: self.planned.append((begins, self.playout.turn_end)),
        )
        self.sink = AudioSink(speech, clock=self.clock, wait_for_subscriber=self.heard)
        self.audible = asyncio.Event()
        self.audible.set()
        self.track: list[NDArray[np.int16]] = []
        self.started: list[PlaybackStartedEvent] = []
        self.progressed: list[PlaybackProgressedEvent] = []
        self.finished: list[PlaybackFinishedEvent] = []
        self.sink.on("playback_started", self.started.append)
        self.sink.on("playback_progressed", self.progressed.append)
        self.sink.on("playback_finished", self.finished.append)

    async def heard(self) -> None:
        await self.audible.wait()

    async def pass_time(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.01)):
            self.track.append(self.playout.pull(TICK))
            self.clock.advance(0.01)
            events = self.playout.advance(max(0, self.playout.published - QUEUE))
            if events:
                self.sink.deliver([(event, self.clock.wall_s()) for event in events])
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    @property
    def sound(self) -> NDArray[np.int16]:
        return np.concatenate(self.track)


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    yield Play()


async def test_speech_is_played_and_reported(play: Play) -> None:
    """Speech is played whole and reported once."""
    await play.sink.capture_frame(frame(tone(0.5)))
    play.sink.flush()
    await play.pass_time(0.7)
    assert (play.sound[: samples(0.5)] == tone(0.5)).all()
    assert len(play.started) == 1
    assert [(event.offset, event.duration) for event in play.progressed] == [(0.0, 0.5)]
    assert [(event.playback_position, event.interrupted) for event in play.finished] == [
        (0.5, False)
    ]
    await asyncio.wait_for(play.sink.wait_for_playout(), 1)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
async def test_any_rate_is_resampled(play: Play, rate: int) -> None:
    """Audio of any rate keeps its length and pitch."""
    pcm = tone(1.0, rate)
    for first in range(0, len(pcm), 777):
        await play.sink.capture_frame(frame(pcm[first : first + 777], rate))
    play.sink.flush()
    await play.pass_time(1.3)
    [finished] = play.finished
    assert abs(finished.playback_position - 1.0) <= 0.005
    spectrum = np.abs(np.fft.rfft(play.sound[samples(0.2) : samples(0.8)]))
    assert abs(np.argmax(spectrum) / 0.6 - 440) <= 2


async def test_channels_are_mixed(play: Play) -> None:
    """Channels are mixed to one."""
    left, right = np.full(TICK * 4, 1000, np.int16), np.full(TICK * 4, 3000, np.int16)
    await play.sink.capture_frame(frame(np.stack([left, right], axis=1).ravel(), channels=2))
    play.sink.flush()
    await play.pass_time(0.03)
    assert (play.sound == 2000).all()


async def test_a_rate_may_change(play: Play) -> None:
    """A sample rate that changes within a segment loses nothing."""
    await play.sink.capture_frame(frame(tone(0.5, 24_000), 24_000))
    await play.sink.capture_frame(frame(tone(0.5, 16_000), 16_000))
    await play.sink.capture_frame(frame(tone(0.5)))
    play.sink.flush()
    await play.pass_time(2.0)
    assert abs(play.finished[0].playback_position - 1.5) <= 0.01


async def test_an_interruption_reports_what_was_heard(play: Play) -> None:
    """An interruption, which is a flush and a clear, reports what was heard."""
    await play.sink.capture_frame(frame(tone(5.0)))
    await play.pass_time(0.5)
    play.sink.flush()
    play.sink.clear_buffer()
    await play.pass_time(0.2)
    [finished] = play.finished
    assert finished.interrupted
    assert finished.playback_position == seconds(samples(0.5) + FADE_SAMPLES)
    assert not play.sound[samples(0.5) + FADE_SAMPLES :].any()


async def test_planned_speech_is_told(play: Play) -> None:
    """Each change of the planned speech is told at once."""
    for _ in range(3):
        await play.sink.capture_frame(frame(tone(0.2)))
    assert play.planned == [(True, None)]
    play.sink.flush()
    assert play.planned[1:] == [(False, samples(0.6))]
    await play.pass_time(0.2)
    play.sink.pause()
    play.sink.resume()
    play.sink.clear_buffer()
    assert [end for _, end in play.planned[2:4]] == [None, samples(0.6)]
    assert play.planned[4][1] is not None and play.planned[4][1] <= samples(0.3)
    await play.sink.capture_frame(frame(tone(0.2)))
    assert play.planned[5:] == [(True, None)]


async def test_a_clear_without_speech_reports_nothing(play: Play) -> None:
    """A clear or flush without speech reports nothing."""
    play.sink.clear_buffer()
    play.sink.flush()
    await play.pass_time(0.1)
    assert not play.finished


async def test_a_pause_holds_the_speech(play: Play) -> None:
    """Paused speech waits, and resume continues it."""
    assert play.sink.can_pause
    await play.sink.capture_frame(frame(tone(1.0)))
    play.sink.flush()
    await play.pass_time(0.3)
    play.sink.pause()
    await play.pass_time(3.0)
    assert not play.finished
    play.sink.resume()
    await play.pass_time(1.0)
    assert [event.playback_position for event in play.finished] == [1.0]
    assert sum(event.duration for event in play.progressed) == pytest.approx(1.0)


async def test_speech_waits_for_a_subscriber(play: Play) -> None:
    """Speech waits for the first subscriber."""
    play.audible.clear()
    capture = asyncio.ensure_future(play.sink.capture_frame(frame(tone(0.1))))
    await play.pass_time(0.2)
    assert not capture.done() and not play.sound.any()
    play.audible.set()
    await asyncio.wait_for(capture, 1)
    await play.pass_time(0.2)
    assert play.sound.any()


class CountsLater(AudioOutput):
    """An output above the sink that counts a segment once its first frame was taken.

    The framework's transcript synchroniser and recorder do so; a proxy, which the framework puts
    between them and the sink, counts before.
    """

    def __init__(self, sink: AudioSink) -> None:
        super().__init__(
            label="Above", capabilities=AudioOutputCapabilities(pause=True), next_in_chain=sink
        )
        assert self.next_in_chain is not None
        self.proxy = self.next_in_chain

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await self.proxy.capture_frame(frame)
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        self.proxy.flush()

    def clear_buffer(self) -> None:
        self.proxy.clear_buffer()


async def end(play: Play, above: CountsLater, how: str, capture: asyncio.Future[None]) -> None:
    """End a capture that waits, as the framework or the avatar does."""
    if how == "close":
        play.sink.close()
    elif how == "clear":
        above.clear_buffer()
    else:
        capture.cancel()
    await asyncio.wait([capture], timeout=1)
    assert capture.done(), "it waits no longer"
    above.flush()
    if how != "close":
        above.clear_buffer()
        await play.pass_time(0.2)
    for output in (above, above.proxy, play.sink):
        await asyncio.wait_for(output.wait_for_playout(), 1)


ENDINGS = pytest.mark.parametrize("how", ["close", "clear", "cancel"])


@ENDINGS
async def test_speech_into_an_empty_room_can_be_ended(
    play: Play, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While speech waits for a subscriber, whatever ends it ends it for all who wait for it."""
    play.audible.clear()
    above = CountsLater(play.sink)
    capture = asyncio.ensure_future(above.capture_frame(frame(tone(0.1))))
    await play.pass_time(0.2)
    await end(play, above, how, capture)
    assert not play.sound.any()
    assert not caplog.records, "and every report is of a segment"
    if how != "close":
        play.audible.set()
        await above.capture_frame(frame(tone(0.1)))
        above.flush()
        await play.pass_time(0.3)
        assert play.finished[-1].playback_position == 0.1


@ENDINGS
async def test_speech_that_waits_for_room_can_be_ended(play: Play, how: str) -> None:
    """While a minute of speech waits, whatever ends it ends the wait at once."""
    play.audible.set()
    above = CountsLater(play.sink)
    play.sink.pause()
    capture = asyncio.ensure_future(above.capture_frame(frame(tone(600.0, 8_000), 8_000)))
    await asyncio.sleep(0.05)
    assert not capture.done()
    assert play.playout.buffered <= AHEAD_MAX_SAMPLES + samples(1.1), (
        "a long frame is taken in parts"
    )
    await end(play, above, how, capture)
    assert [event.interrupted for event in play.finished] == [True]


async def test_an_interrupted_segment_waits_no_more(play: Play) -> None:
    """Frames of an interrupted segment are dropped without a wait for a subscriber."""
    play.audible.clear()
    capture = asyncio.ensure_future(play.sink.capture_frame(frame(tone(0.1))))
    await asyncio.sleep(0)
    play.sink.clear_buffer()
    await asyncio.wait_for(capture, 1)
    await asyncio.wait_for(play.sink.capture_frame(frame(tone(0.1))), 1)
    play.sink.flush()
    await play.pass_time(0.2)
    assert [event.playback_position for event in play.finished] == [0.0]


async def test_a_minute_of_speech_makes_the_tts_wait(play: Play) -> None:
    """The TTS waits while a minute of speech is to be played."""
    await play.sink.capture_frame(frame(tone(seconds(AHEAD_MAX_SAMPLES))))
    capture = asyncio.ensure_future(play.sink.capture_frame(frame(tone(0.5))))
    await play.pass_time(0.2)
    assert not capture.done()
    await play.pass_time(0.5)
    assert capture.done()
    assert not play.finished, "room came while the segment was playing"


MALFORMED = {
    "no samples": rtc.AudioFrame(b"", SAMPLE_RATE, 1, 0),
    "-1 channels": rtc.AudioFrame(bytes(960), SAMPLE_RATE, -1, 480),
    "0 channels": rtc.AudioFrame(bytes(960), SAMPLE_RATE, 0, 480),
    "1 Hz": rtc.AudioFrame(bytes(960), 1, 1, 480),
    "768001 Hz": rtc.AudioFrame(bytes(960), 768_001, 1, 480),
}


@pytest.mark.parametrize("fault", MALFORMED)
async def test_a_malformed_frame_is_left_out(
    play: Play, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A malformed frame is logged once a segment, and its segment finishes all the same."""
    for _ in range(2):
        await play.sink.capture_frame(MALFORMED[fault])
        await play.sink.capture_frame(MALFORMED[fault])
        play.sink.flush()
    await play.pass_time(0.1)
    assert len(caplog.records) == 2
    assert f"{fault}; a TTS" in caplog.text
    assert [(event.playback_position, event.interrupted) for event in play.finished] == [
        (0.0, False)
    ] * 2


FRAMES = st.builds(
    lambda rate, channels, count, more: rtc.AudioFrame(
        bytes(2 * (max(0, channels * count) + more)), rate, channels, count
    ),
    st.one_of(st.sampled_from([1, 3_999, 4_000, 48_000, 768_000]), st.integers(-1, 800_000)),
    st.integers(-1, 9),
    st.one_of(st.integers(-1, 1_000), st.just(5_000)),
    st.integers(0, 9),
)


@settings(max_examples=500)
@given(st.lists(FRAMES, min_size=1, max_size=3))
def test_any_frames_are_played_or_left_out(frames: Sequence[rtc.AudioFrame]) -> None:
    """Of a segment of any frames, those that make sense are played and the others left out."""

    async def act() -> None:
        play = Play()
        for each in frames:
            await play.sink.capture_frame(each)
        play.sink.flush()
        play.playout.pull(TICK)
        length_s = sum(
            each.samples_per_channel / each.sample_rate
            for each in frames
            if each.num_channels > 0 < each.samples_per_channel
            and 4_000 <= each.sample_rate <= 768_000
        )
        while play.playout.buffered:
            play.playout.pull(samples(1.0))
        [*_, finished] = play.playout.advance(play.playout.published)
        assert isinstance(finished, Finished)
        assert seconds(finished.position) == pytest.approx(length_s, abs=0.002 * len(frames))

    asyncio.run(act())


async def test_closing_finishes_every_segment(play: Play) -> None:
    """Closing finishes the open segment and those that still come."""
    await play.sink.capture_frame(frame(tone(1.0)))
    await play.pass_time(0.5)
    play.sink.close()
    await play.sink.capture_frame(frame(tone(1.0)))
    play.sink.flush()
    await play.sink.capture_frame(frame(tone(1.0)))
    play.sink.flush()
    await asyncio.wait_for(play.sink.wait_for_playout(), 1)
    assert [event.interrupted for event in play.finished] == [True, True]
    assert play.finished[0].playback_position == pytest.approx(0.5 - seconds(QUEUE))


def timed(pcm: NDArray[np.int16], *texts: object) -> rtc.AudioFrame:
    """A frame with text of the TTS."""
    said = frame(pcm)
    said.userdata[USERDATA_TIMED_TRANSCRIPT] = list(texts)
    return said


async def test_text_of_the_tts_goes_to_the_listener(play: Play) -> None:
    """The text of a TTS is passed on with its times; what is no text is left out."""
    hello = TimedString("Hello ", start_time=0.1)
    await play.sink.capture_frame(timed(tone(0.2), hello, "there", 7, None))
    assert play.notes.of_segments() == [
        ("started", 0),
        ("text", TimedText("Hello ", 0.1), TimedText("there")),
    ]


async def test_a_listener_knows_where_segments_lie(play: Play) -> None:
    """Each segment with speech starts and ends once."""
    for _ in range(2):
        await play.sink.capture_frame(frame(tone(0.25)))
        await play.sink.capture_frame(frame(tone(0.25)))
        play.sink.flush()
    play.sink.flush()
    half = samples(0.5)
    assert play.notes.of_segments() == [
        ("started", 0),
        ("ended", half),
        ("started", half),
        ("ended", 2 * half),
    ]
    assert play.notes.pushed == 2 * half


async def test_a_listener_hears_nothing_of_dropped_speech(play: Play) -> None:
    """After an interruption the rest of the segment, text included, is dropped."""
    await play.sink.capture_frame(frame(tone(0.25)))
    play.sink.clear_buffer()
    await play.sink.capture_frame(timed(tone(0.25), "never"))
    play.sink.flush()
    assert play.notes.of_segments() == [("started", 0), ("cleared",)]
    assert play.notes.pushed == samples(0.25)


OPERATIONS = st.one_of(
    st.tuples(st.just("capture"), st.integers(1, 4000)),
    st.tuples(st.just("time"), st.integers(1, 12)),
    st.tuples(st.sampled_from(["flush", "clear", "pause", "resume", "interrupt"]), st.just(0)),
)


@settings(max_examples=200)
@given(st.lists(OPERATIONS, max_size=25), st.booleans(), st.sampled_from([48_000, 24_000]))
def test_any_sequence_finishes_every_segment(
    operations: Sequence[tuple[str, int]], close: bool, rate: int
) -> None:
    """In any order of calls every segment that is opened finishes once."""

    async def act() -> None:
        play = Play()
        for name, count in operations:
            if name == "capture":
                await play.sink.capture_frame(frame(np.full(count, 5000, np.int16), rate))
            elif name == "time":
                await play.pass_time(count * 0.01)
            elif name == "interrupt":
                play.sink.flush()
                play.sink.clear_buffer()
            else:
                {
                    "flush": play.sink.flush,
                    "clear": play.sink.clear_buffer,
                    "pause": play.sink.pause,
                    "resume": play.sink.resume,
                }[name]()
        play.sink.flush()
        if close:
            play.sink.close()
            await asyncio.sleep(0)
        else:
            play.sink.resume()
            await play.pass_time(seconds(play.playout.buffered) + 0.2)
        assert len(play.finished) == play.sink.captured_playout_segments
        assert len(play.started) <= len(play.finished)
        await asyncio.wait_for(play.sink.wait_for_playout(), 1)
        reported = sum(event.duration for event in play.progressed)
        assert reported == pytest.approx(sum(event.playback_position for event in play.finished))
        if not close:
            # Ringing out after an abrupt end is sound too, but not speech.
            assert np.count_nonzero(play.sound) >= 0.97 * samples(reported) - FADE_SAMPLES * 30

    asyncio.run(act())
