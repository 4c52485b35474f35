"""Ten minutes of talk, at least twenty times as fast: nothing grows, nothing is stuck.

Playout, conductor, schedule, face and prerenderer are the real ones, joined as a session joins
them, on a manual clock. The recogniser has heard the speech beforehand, and the renderer draws
nothing.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic, process_time, sleep

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.playback_events import Finished, PlaybackEvent
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.face.articulation import REACH_AFTER_SAMPLES
from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.gaze.attention import Attention
from livekit_plugins_avatar.publish.conductor import Conductor
from livekit_plugins_avatar.render.prerenderer import Prerenderer
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.speech.published import PublishedVisemes
from livekit_plugins_avatar.speech.recognizer import OnnxRecognizer
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import samples, seconds
from livekit_plugins_avatar.tools.eval.costs import speech

from ..manual_clock import ManualClock

MINUTES = 10
STEP_S = 0.01
TICK = samples(0.01)
QUEUE = samples(0.1)
FPS = 25
PERIOD = 48_000 // FPS
AHEAD = 6
DELAY = samples(0.045)
LONGEST_TURN_S = 12.0
TURNS_OF_LESS_S = 2.0

DRAWN_WITHIN_S = 1.0

WARM_S = 120.0
GROWN_OBJECTS = 3_000
"""From the second minute to the last, both between turns: a list that gained one number with each
frame would gain 12,000. Counted in blocks of Python's own allocator, which holds whatever is small
and costs nothing to ask; tracing each allocation takes three times as long as the talk itself."""

GROWN_BYTES = 15_000_000
"""The same for what is large, in resident memory: the sound of these eight minutes is 46 MB."""

CPU_S = 30.0
"""Of all threads: twenty times as fast as talk."""


class Output:
    """An audio source that sends 10 ms every 10 ms of the manual clock, and keeps nothing."""

    def __init__(self, clock: ManualClock) -> None:
        self.sent = self.shown = self.buffered = 0
        self._clock = clock
        self._next_s = 0.01

    async def push_audio(self, pcm: NDArray[np.int16]) -> None:
        self.send_due()
        self.buffered += len(pcm)
        while self.buffered > QUEUE:
            await self._clock.sleep(self._next_s - self._clock.now_s())
            self.send_due()

    def send_due(self) -> None:
        while self._next_s <= self._clock.now_s() + 1e-9:
            self._next_s += 0.01
            self.buffered = max(0, self.buffered - TICK)
            self.sent += TICK

    def clear(self) -> None:
        self.send_due()
        self.buffered = 0

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        self.shown += 1

    async def aclose(self) -> None:
        pass


class Blank:
    """A renderer that draws nothing."""

    size = (4, 4)
    fps = FPS

    def render(self, moments: Sequence[Moment]) -> Frames:
        return np.zeros((len(moments), 6, 4), np.uint8)

    def close(self) -> None:
        pass


class Conversation:
    """The stages of a session, and a script of turns."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.playout = Playout()
        self.schedule = VisemeSchedule()
        self.attention = Attention()
        visemes = PublishedVisemes(self.schedule, self.playout)
        self.face = Face(visemes, self.attention.situations, seed=0)
        # Drawing takes no time on a clock that stands still.
        self.ahead = Prerenderer(
            Blank(), self.face.at, clock=ManualClock(), frames=AHEAD, period=PERIOD
        )
        self.output = Output(self.clock)
        self.finished = self.interrupted = self.turns = 0
        self.resting = False
        self.conductor = Conductor(
            self.playout, clock=self.clock, queue_samples=QUEUE, on_events=self._on_events
        )
        self.conductor.attach_frames(
            self.ahead, period=PERIOD, delay=DELAY, reach=REACH_AFTER_SAMPLES
        )
        self.sound = speech(LONGEST_TURN_S)
        self.heard = _heard(self.sound)

    def _on_events(self, events: Sequence[tuple[PlaybackEvent, float]]) -> None:
        for event, _ in events:
            if isinstance(event, Finished):
                self.finished += 1
                self.interrupted += event.interrupted

    def speak(self, length: int) -> None:
        """Begin a turn: all of its sound comes at once, and is heard at once."""
        self.turns += 1
        base = self.playout.push_audio(self.sound[:length])
        self.playout.end_segment()
        self.schedule.settle(base)
        self.schedule.revise(
            [
                replace(event, start=base + event.start)
                for event in self.heard
                if event.start + event.duration <= length
            ]
        )
        self._state("speaking")

    def stop(self) -> None:
        """A participant speaks over the agent."""
        self.playout.clear()
        self._state("listening")

    def _state(self, state: str) -> None:
        sample = self.playout.published
        self.attention.set_agent_state(sample, state)
        self.ahead.invalidate(sample)

    def script(self, until_s: float) -> Iterator[float]:
        """Random turns, every third interrupted, every fifth held for a while; yields how long
        to wait for what comes next."""
        chance = np.random.default_rng(1)
        while seconds(self.playout.published) < until_s:
            length_s = float(chance.uniform(TURNS_OF_LESS_S / 2, LONGEST_TURN_S))
            part_s = float(chance.uniform(0.1, 0.9)) * length_s
            self.resting = False
            self.speak(samples(length_s))
            yield part_s
            if self.turns % 3 == 0:
                self.stop()
            elif self.turns % 5 == 0:
                self.playout.pause()
                yield 0.4
                self.playout.resume()
                yield length_s - part_s
            else:
                yield length_s - part_s
            self.resting = True
            yield float(chance.uniform(0.5, 2.0))

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / STEP_S)):
            shown = self.output.shown
            for _ in range(4):
                await asyncio.sleep(0)
            self.clock.advance(STEP_S)
            if self.output.shown > shown:
                self._let_it_draw()

    def _let_it_draw(self) -> None:
        """The thread that draws lives in real time: let it fill its reserve again."""
        gives_up_s = monotonic() + DRAWN_WITHIN_S
        while self.ahead.ready_s < AHEAD / FPS - 1e-9 and monotonic() < gives_up_s:
            sleep(0.0001)


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds."""

    objects: int
    resident_bytes: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        return cls(sys.getallocatedblocks(), psutil.Process().memory_info().rss)


def _heard(sound: NDArray[np.int16]) -> list[VisemeEvent]:
    stream = OnnxRecognizer().stream()
    return [*stream.push_audio(sound), *stream.flush()]


async def test_ten_minutes_of_talk_leave_nothing_behind() -> None:
    """Memory and queues do not grow, and each turn ends once."""
    talk = Conversation()
    talk.ahead.start()
    tasks = [
        asyncio.ensure_future(talk.conductor.publish_audio(talk.output)),
        asyncio.ensure_future(talk.conductor.publish_due_frames(talk.output, talk.ahead)),
    ]
    began_s, warm = process_time(), None
    for wait_s in talk.script(60.0 * MINUTES):
        await talk.run(wait_s)
        if warm is None and talk.resting and talk.clock.now_s() >= WARM_S:
            warm = Held.now()
        assert talk.playout.buffered <= samples(LONGEST_TURN_S)
        assert talk.conductor.held <= QUEUE + 2 * TICK
        assert talk.ahead.ready_s <= AHEAD / FPS + 1e-9
    await talk.run(1.0)
    end, spent_s = Held.now(), process_time() - began_s
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert talk.ahead.close()
    assert talk.turns >= 50
    assert talk.finished == talk.turns, "each turn ends once"
    assert talk.turns // 4 <= talk.interrupted <= talk.turns // 3
    assert talk.playout.buffered == 0 and not talk.playout.runs(
        talk.playout.published - TICK, talk.playout.published
    )
    assert talk.conductor.stats.underrun_samples == 0
    assert talk.output.shown >= 0.99 * 60 * MINUTES * FPS
    talk.output.send_due()
    assert talk.output.sent == pytest.approx(samples(talk.clock.now_s()), abs=2 * TICK)
    assert warm is not None
    assert end.objects - warm.objects <= GROWN_OBJECTS
    assert end.resident_bytes - warm.resident_bytes <= GROWN_BYTES
    assert spent_s <= CPU_S
