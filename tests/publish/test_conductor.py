"""Audio flows without a gap and each frame follows its sample, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import FADE_SAMPLES, RAMP_SAMPLES
from livekit_plugins_avatar.audio.playback_events import Finished, PlaybackEvent, Started
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.publish.conductor import Conductor
from livekit_plugins_avatar.timeline import samples, seconds

from ..manual_clock import ManualClock

TICK = samples(0.01)
QUEUE = samples(0.25)
PERIOD = 1600
DELAY = samples(0.045)


class Output:
    """An audio source that sends 10 ms every 10 ms of the manual clock."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.buffered = 0
        self.sent: list[NDArray[np.int16]] = []
        self.queue: list[NDArray[np.int16]] = []
        self.captured: list[tuple[int, int, float]] = []
        self.refuse = 0
        self.closed = False
        self._next_s = 0.01

    async def push_audio(self, pcm: NDArray[np.int16]) -> None:
        if self.refuse:
            self.refuse -= 1
            raise RuntimeError("refused")
        self.send_due()
        self.queue.append(pcm)
        self.buffered += len(pcm)
        while self.buffered > QUEUE:
            await self.clock.sleep(self._next_s - self.clock.now_s())
            self.send_due()

    def send_due(self) -> None:
        while self._next_s <= self.clock.now_s() + 1e-9:
            self._next_s += 0.01
            waiting = np.concatenate([np.zeros(0, np.int16), *self.queue])
            if len(waiting) >= TICK:
                self.sent.append(waiting[:TICK])
                self.queue = [waiting[TICK:]]
                self.buffered -= TICK
            else:
                self.sent.append(np.zeros(TICK, np.int16))

    def clear(self) -> None:
        self.send_due()
        self.queue, self.buffered = [], 0

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        self.captured.append((sample, timestamp_us, self.clock.now_s()))

    async def aclose(self) -> None:
        self.closed = True


class Frames:
    """Has every frame, unless `missing` says otherwise."""

    def __init__(self) -> None:
        self.missing: Callable[[int], bool] = lambda sample: False
        self.invalidated: list[int] = []
        self.rested: list[int] = []

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        return None if self.missing(sample) else np.zeros((3, 2), np.uint8)

    def rest(self, sample: int) -> None:
        self.rested.append(sample)

    def invalidate(self, sample: int) -> None:
        self.invalidated.append(sample)


class Stage:
    """A conductor on the test's own event loop and clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.playout = Playout()
        self.frames = Frames()
        self.output = Output(self.clock)
        self.events: list[tuple[PlaybackEvent, float]] = []

        def on_events(events: Sequence[tuple[PlaybackEvent, float]]) -> None:
            self.events.extend(events)

        self.viewers = 1
        self.late: list[float] = []
        self.conductor = Conductor(
            self.playout,
            clock=self.clock,
            queue_samples=QUEUE,
            on_events=on_events,
            on_late=lambda: self.late.append(self.clock.now_s()),
            has_viewer=lambda: self.viewers > 0,
        )
        self.conductor.attach_frames(self.frames, period=PERIOD, delay=DELAY, reach=100)
        self.tasks = [
            asyncio.ensure_future(self.conductor.publish_audio(self.output)),
            asyncio.ensure_future(self.conductor.publish_due_frames(self.output, self.frames)),
        ]

    async def run(self, duration_s: float, step_s: float = 0.001) -> None:
        for _ in range(round(duration_s / step_s)):
            for _ in range(6):
                await asyncio.sleep(0)
            self.clock.advance(step_s)

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_speech_arrives_whole_and_without_a_gap() -> None:
    """Silence flows before and after it, and the source never runs dry."""
    stage = Stage()
    speech = (np.arange(samples(0.5)) % 20_000 + 1).astype(np.int16)
    await stage.run(0.2)
    stage.playout.push_audio(speech)
    stage.playout.end_segment()
    await stage.run(1.0)
    await stage.stop()
    sent = np.concatenate(stage.output.sent)
    first = int(np.flatnonzero(sent)[0])
    assert (sent[first : first + len(speech)] == speech).all()
    assert not sent[first + len(speech) + RAMP_SAMPLES :].any()
    assert stage.conductor.stats.underrun_samples == 0
    assert isinstance(stage.events[-1][0], Finished)


async def test_each_frame_follows_its_sample_by_a_constant_delay() -> None:
    """Capture times are evenly spaced."""
    stage = Stage()
    await stage.run(2.0)
    await stage.stop()
    shown = stage.output.captured
    assert [sample for sample, _, _ in shown] == [PERIOD * k for k in range(len(shown))]
    lateness = [at_s - seconds(sample + DELAY) for sample, _, at_s in shown[5:]]
    assert max(lateness) - min(lateness) <= 0.0025
    stamps = np.diff([stamp for _, stamp, _ in shown])
    assert set(stamps) <= {33_333, 33_334}


async def test_a_start_is_dated_to_its_sample() -> None:
    """The event carries the time at which the sample left."""
    stage = Stage()
    await stage.run(0.2)
    stage.playout.push_audio(np.ones(samples(0.3), np.int16))
    await stage.run(0.3)
    await stage.stop()
    [(event, wall_s)] = [pair for pair in stage.events if isinstance(pair[0], Started)]
    assert isinstance(event, Started)
    assert abs(wall_s - seconds(event.at)) <= 0.011


async def test_a_thread_that_did_not_run_skips_late_frames() -> None:
    """They are counted, and so is the silence that the source inserted in speech."""
    stage = Stage()
    stage.playout.push_audio(np.ones(samples(3.0), np.int16))
    await stage.run(0.5)
    stage.clock.advance(0.3 + seconds(QUEUE))
    await stage.run(0.5)
    await stage.stop()
    assert stage.conductor.stats.frames_skipped <= 8, "the sound stopped, and with it the picture"
    assert abs(seconds(stage.conductor.stats.underrun_samples) - 0.3) <= 0.011
    gaps = np.diff([at_s for _, _, at_s in stage.output.captured])
    assert (gaps > 0.3).sum() == 1


async def test_a_missing_frame_repeats_the_last_one() -> None:
    """Six times a second, and the audio is not affected."""
    stage = Stage()
    await stage.run(0.5)
    stage.frames.missing = lambda sample: True
    shown = len(stage.output.captured)
    await stage.run(1.3)
    assert len(stage.output.captured) - shown == pytest.approx(8, abs=1)
    stage.frames.missing = lambda sample: False
    await stage.run(0.2)
    await stage.stop()
    assert stage.conductor.stats.frames_missed >= 35
    assert stage.conductor.stats.underrun_samples == 0


async def test_a_picture_that_stays_is_not_captured_each_time() -> None:
    """Only as often as a receiver needs one."""
    stage = Stage()
    same = np.zeros((3, 2), np.uint8)
    stage.frames.take = lambda sample: same  # type: ignore[method-assign]
    await stage.run(1.0)
    await stage.stop()
    assert len(stage.output.captured) == pytest.approx(6, abs=1)
    assert stage.conductor.stats.frames_shown >= 28


async def test_without_a_viewer_nothing_is_taken_and_captured() -> None:
    """From the first frame on: a source without one sends black. A viewer gets the next frame, and
    none from before."""
    stage = Stage()
    stage.viewers = 0
    await stage.run(1.0)
    assert len(stage.output.captured) == 1
    rested = len(stage.frames.rested)
    assert rested == stage.conductor.stats.frames_unwatched >= 27
    stage.viewers = 1
    begins_s = stage.clock.now_s()
    await stage.run(0.3)
    await stage.stop()
    sample, _, at_s = stage.output.captured[1]
    assert sample == stage.frames.rested[-1] + PERIOD and at_s - begins_s <= 0.04
    assert len(stage.frames.rested) == rested
    assert stage.conductor.stats.underrun_samples == 0


async def test_a_thread_that_comes_late_reports_it() -> None:
    """Before the sound is missing, and not where it runs in time."""
    stage = Stage()
    stage.playout.push_audio(np.ones(samples(3.0), np.int16))
    await stage.run(1.0)
    assert not stage.late
    stage.clock.advance(seconds(QUEUE) - 0.03)
    await stage.run(0.2)
    await stage.stop()
    assert stage.late
    assert stage.conductor.stats.underrun_samples == 0


async def test_an_audio_source_that_refuses_does_not_stop_time() -> None:
    """Refused samples are lost, later ones are on time."""
    stage = Stage()
    stage.playout.push_audio(np.ones(samples(3.0), np.int16))
    await stage.run(0.2)
    stage.output.refuse = 3
    await stage.run(0.5)
    await stage.stop()
    assert stage.conductor.stats.push_failures == 3
    assert stage.playout.published >= samples(0.6)


async def test_a_change_of_plan_invalidates_the_frames_that_show_it() -> None:
    """They begin before the change by as much as the face anticipates."""
    stage = Stage()
    stage.playout.push_audio(np.ones(samples(1.0), np.int16))
    await stage.run(0.3)
    stage.frames.invalidated.clear()
    left = stage.conductor.playhead
    stage.playout.clear()
    await stage.run(0.1)
    await stage.stop()
    [changed] = stage.frames.invalidated
    assert left <= changed + 100 <= left + 2 * TICK


async def test_nothing_happens_between_emptying_and_refilling_the_source() -> None:
    """A listener or a lock that takes its time there would be heard as a gap."""
    stage = Stage()
    held: list[int] = []
    stage.frames.invalidate = lambda sample: held.append(stage.output.buffered)  # type: ignore[method-assign]
    await stage.run(0.2)
    stage.playout.push_audio(np.full(samples(2.0), 9000, np.int16))
    await stage.run(0.3)
    stage.playout.clear()
    await stage.run(0.3)
    await stage.stop()
    assert len(held) >= 2
    assert min(held) == QUEUE


async def test_speech_begins_within_two_ticks() -> None:
    """Silence that the source holds is taken back."""
    stage = Stage()
    await stage.run(0.5)
    came_s = stage.clock.now_s()
    stage.playout.push_audio(np.ones(samples(0.3), np.int16))
    await stage.run(0.3)
    await stage.stop()
    [started] = [wall_s for event, wall_s in stage.events if isinstance(event, Started)]
    assert started - came_s <= 0.021


async def test_nothing_is_pushed_while_there_is_no_speech() -> None:
    """The source sends silence by itself, and what follows has its time: speech begins with the
    source's next tick, and frames go on at theirs."""
    stage = Stage()
    spoken = 0
    for number in range(3):
        stage.playout.push_audio(np.full(samples(0.2), 9000, np.int16))
        stage.playout.end_segment()
        stage.output.send_due()
        came, spoken = len(stage.output.sent), spoken + samples(0.2)
        await stage.run(6.0)
        stage.output.send_due()
        assert not stage.output.buffered
        sound = np.concatenate(stage.output.sent[came:])
        assert np.flatnonzero(sound)[0] <= TICK * (1 if number else 2)
        # Not a multiple of a tick: speech comes at any time between two.
        await stage.run(0.3 + 0.003 * number)
    stage.output.clear()
    sent = np.concatenate(stage.output.sent)
    assert np.count_nonzero(sent == 9000) == spoken
    assert abs(len(sent) - samples(stage.clock.now_s())) <= TICK
    assert abs(stage.conductor.playhead - len(sent)) <= TICK
    await stage.stop()
    captured = np.array([at_s for _, _, at_s in stage.output.captured])
    due = np.array([seconds(sample + DELAY) for sample, _, _ in stage.output.captured])
    assert np.ptp(captured - due) <= 0.0025
    assert stage.conductor.stats.underrun_samples == 0


async def test_a_thread_that_did_not_run_in_silence_loses_no_speech() -> None:
    """The speech that came meanwhile begins once it runs, from its first sample on."""
    stage = Stage()
    await stage.run(6.0)
    stage.playout.push_audio(np.full(samples(0.2), 9000, np.int16))
    stage.playout.end_segment()
    stage.clock.advance(1.0)
    await stage.run(1.0)
    await stage.stop()
    assert np.count_nonzero(np.concatenate(stage.output.sent) == 9000) == samples(0.2)
    [finished] = [event for event, _ in stage.events if isinstance(event, Finished)]
    assert finished.position == samples(0.2)
    lost = samples(stage.clock.now_s()) - stage.conductor.playhead
    assert samples(1.0) - QUEUE - TICK <= lost <= samples(1.0), "the track went on while it could"


async def test_a_cut_is_heard_within_two_ticks_and_a_fade() -> None:
    """The position reported is what was heard."""
    stage = Stage()
    await stage.run(0.2)
    stage.playout.push_audio(np.full(samples(2.0), 9000, np.int16))
    stage.playout.end_segment()
    await stage.run(0.5)
    sent = len(stage.output.sent)
    stage.playout.clear()
    await stage.run(0.3)
    await stage.stop()
    after = np.concatenate(stage.output.sent[sent:])
    assert np.flatnonzero(after)[-1] <= 2 * TICK + FADE_SAMPLES
    [finished] = [event for event, _ in stage.events if isinstance(event, Finished)]
    heard = np.count_nonzero(np.concatenate(stage.output.sent))
    assert abs(finished.position - heard) <= 1


async def test_speech_that_comes_just_in_time_has_no_gap() -> None:
    """Each piece arrives while the source holds the last one."""
    stage = Stage()
    await stage.run(0.2)
    for _ in range(5):
        stage.playout.push_audio(np.full(samples(0.2), 9000, np.int16))
        await stage.run(0.17)
    stage.playout.end_segment()
    await stage.run(0.5)
    await stage.stop()
    sent = np.concatenate(stage.output.sent)
    assert np.count_nonzero(sent == 9000) == samples(1.0)


async def test_closing_ends_the_thread_and_the_output() -> None:
    """It may be closed twice."""
    clock = ManualClock()
    conductor = make_conductor(clock)
    output = await conductor.start(lambda: Output(clock))
    conductor.close()
    conductor.close()
    assert output.closed and not conductor_threads()


async def test_a_closed_conductor_does_not_start() -> None:
    """It makes no output, and leaves no thread."""
    conductor = make_conductor(ManualClock())
    conductor.close()
    made: list[Output] = []

    def make() -> Output:
        made.append(Output(ManualClock()))
        return made[0]

    with pytest.raises(RuntimeError, match="closed"):
        await conductor.start(make)
    assert not made and not conductor_threads()


async def test_closing_while_it_starts_leaves_nothing() -> None:
    """Whether the output is already being made or not."""
    for steps in range(6):
        clock, made = ManualClock(), list[Output]()
        conductor = make_conductor(clock)

        def make(clock: ManualClock = clock, made: list[Output] = made) -> Output:
            made.append(Output(clock))
            return made[0]

        starting = asyncio.ensure_future(conductor.start(make))
        for _ in range(steps):
            await asyncio.sleep(0)
        if steps % 2:
            starting.cancel()
        conductor.close()
        await asyncio.gather(starting, return_exceptions=True)
        assert not conductor_threads()
        assert all(output.closed for output in made)


async def test_an_output_that_cannot_be_made_leaves_no_thread() -> None:
    """The caller gets the error."""

    def make() -> Output:
        raise OSError("no device")

    with pytest.raises(OSError, match="no device"):
        await make_conductor(ManualClock()).start(make)
    assert not conductor_threads()


async def test_an_output_that_does_not_close_holds_nothing_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread ends without it, and the log says so."""
    monkeypatch.setattr("livekit_plugins_avatar.publish.conductor.OUTPUT_CLOSE_S", 0.05)
    clock = ManualClock()

    class Hanging(Output):
        async def aclose(self) -> None:
            await asyncio.Event().wait()

    conductor = make_conductor(clock)
    await conductor.start(lambda: Hanging(clock))
    conductor.close()
    assert not conductor_threads()
    assert "did not close" in caplog.text


def make_conductor(clock: ManualClock) -> Conductor:
    return Conductor(Playout(), clock=clock, queue_samples=QUEUE, on_events=lambda _: None)


def conductor_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "avatar-conductor"]
