"""Audio and video keep their promises in any sequence of calls, while everything around them fails.

Playout, conductor and prerenderer are real. The audio source, the renderer and the lateness of
threads are simulated, on a clock that jumps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import RAMP_SAMPLES
from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.audio.playback_events import (
    Finished,
    PlaybackEvent,
    Progressed,
    Started,
)
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.log import logger
from livekit_plugins_avatar.publish.conductor import Conductor
from livekit_plugins_avatar.render.prerenderer import Prerenderer
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.timeline import samples

TICK = samples(0.01)
QUEUE = 10 * TICK
PERIOD = 1600
FRAMES = 6
REST = FaceState.of()
PICTURE: Frames = np.zeros((6, 4), np.uint8)
LAST_PATIENCE_TICKS = 150
"""Longer than any back-off and any stall: what has not happened by then never will."""


class Until:
    """Suspends a coroutine until a time."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s

    def __await__(self) -> Generator[float, None, None]:
        yield self.at_s


class Clock:
    """A clock that moves in ticks of 10 ms."""

    now = 0.0

    def now_s(self) -> float:
        return self.now

    def wall_s(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await Until(self.now + seconds)


class Driven:
    """A coroutine that the test runs."""

    def __init__(self, clock: Clock, coroutine: Coroutine[Any, Any, None]) -> None:
        self.clock, self.coroutine = clock, coroutine
        self.wakes_s = 0.0

    def run(self) -> None:
        if self.clock.now >= self.wakes_s - 1e-9:
            self.wakes_s = self.coroutine.send(None)


@dataclass
class Packet:
    """10 ms of sound on the way to the listener.

    Args:
        pcm: What it sounds like.
        runs: Which speech it holds.
        lost_from: The published sample from which on it was not heard, if any.
        refused: Whether the source did not take it.
    """

    pcm: NDArray[np.int16]
    runs: list[Run]
    lost_from: int | None = None
    refused: bool = False


class Listener:
    """The reference model: what counts as played is what left while the link was up.

    It knows nothing of queues, fades or reports, only packets and whether they were received.
    """

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.down_from: int | None = None

    def link_down(self, sample: int) -> None:
        self.down_from = sample if self.down_from is None else min(sample, self.down_from)

    def link_up(self, on_the_way: Iterable[Packet]) -> None:
        """What was published since the link went down is lost, the packets `on_the_way` too."""
        for packet in [*self.packets, *on_the_way]:
            if packet.lost_from is None:
                packet.lost_from = self.down_from
        self.down_from = None

    def heard(self, start: int, end: int, *, refused: bool) -> int:
        """How many samples of the speech in [start, end) were heard, counted once.

        Args:
            start: A speech sample.
            end: Another.
            refused: Whether packets that the source refused count: time went on without them.
        """
        heard = np.zeros(end, np.bool_)
        for packet in self.packets:
            lost_from = self.down_from if packet.lost_from is None else packet.lost_from
            for run in packet.runs if refused or not packet.refused else ():
                length = run.length
                if lost_from is not None:
                    length = max(0, min(length, lost_from - run.published))
                heard[run.speech : run.speech + length] = True
        count = int(heard[start:].sum())
        assert refused or self.refused or heard[start : start + count].all(), "speech has no holes"
        return count

    @property
    def refused(self) -> bool:
        """Whether the source refused a packet."""
        return any(packet.refused for packet in self.packets)


def within(run: Run, start: int, end: int) -> Run:
    """The part of a run that is published in [start, end)."""
    first = max(start, run.published)
    return Run(first, run.speech + first - run.published, min(end, run.published_end) - first)


class Source:
    """An audio source: 10 ms leave every 10 ms, silence where there is nothing."""

    def __init__(self, clock: Clock, playout: Playout) -> None:
        self.clock, self.playout = clock, playout
        self.listener = Listener()
        self.held: deque[Packet] = deque()
        self.shown: list[tuple[int, float]] = []
        self.refuse = 0

    async def push_audio(self, pcm: NDArray[np.int16]) -> None:
        packets = self.packets(pcm)
        if self.refuse:
            self.refuse -= 1
            self.listener.packets += [replace(packet, refused=True) for packet in packets]
            raise RuntimeError("refused")
        self.held.extend(packets)
        while len(self.held) * TICK > QUEUE:
            await Until(self.clock.now + 0.01)

    def packets(self, pcm: NDArray[np.int16]) -> list[Packet]:
        """The samples that were just pulled, with the speech that the playout says is in them."""
        first = self.playout.published - len(pcm)
        return [
            Packet(
                pcm[at : at + TICK],
                [
                    within(run, first + at, first + at + TICK)
                    for run in self.playout.runs(first + at, first + at + TICK)
                ],
            )
            for at in range(0, len(pcm), TICK)
        ]

    def tick(self) -> None:
        silence = np.zeros(TICK, np.int16)
        self.listener.packets.append(self.held.popleft() if self.held else Packet(silence, []))

    def clear(self) -> None:
        self.held.clear()

    def capture(self, picture: Frames, *, sample: int, timestamp_us: int) -> None:
        self.shown.append((sample, self.clock.now))

    async def aclose(self) -> None:
        pass


class Canvas:
    size = (4, 4)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> Frames:
        raise AssertionError("the test draws")

    def close(self) -> None:
        pass


class Simulation:
    """Everything between the agent and the room; each method is a step of a random script."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.playout = Playout()
        self.source = Source(self.clock, self.playout)
        self.listener = self.source.listener
        self.events: list[PlaybackEvent] = []
        self.conductor = Conductor(
            self.playout,
            clock=self.clock,
            queue_samples=QUEUE,
            on_events=lambda events: self.events.extend(event for event, _ in events),
            nap=lambda _: self.clock.sleep(0.01),
        )
        self.prerenderer = Prerenderer(
            Canvas(), lambda _: REST, clock=self.clock, frames=FRAMES, period=PERIOD
        )
        self.conductor.attach_frames(
            self.prerenderer, period=PERIOD, delay=samples(0.045), reach=100
        )
        self.audio = Driven(self.clock, self.conductor.publish_audio(self.source))
        self.video = Driven(
            self.clock, self.conductor.publish_due_frames(self.source, self.prerenderer)
        )
        self.work: tuple[float, list[Moment]] | None = None
        self.cost_s, self.dead_until_s = 0.008, 0.0
        self.asleep_until_s = 0.0
        self.segments: list[tuple[int, int]] = []
        """The first speech sample of each, and the sample after its last."""
        self.cut = self.open = self.closed = False
        self.finished_before_close = 0

    # What the agent and the room do.

    def push(self, argument: int) -> None:
        if not self.open:
            self.segments.append((self.playout.accepted, self.playout.accepted))
            self.open, self.cut = True, self.closed
        pcm = np.full(16 * argument + 1, 1000 + len(self.segments), np.int16)
        start = self.playout.push_audio(pcm)
        assert (start < 0) == self.cut
        if not self.cut:
            self.segments[-1] = self.segments[-1][0], start + len(pcm)

    def flush(self, _: int = 0) -> None:
        self.playout.end_segment()
        self.open = False

    def clear(self, _: int) -> None:
        self.playout.clear()
        self.cut = True

    def pause(self, _: int) -> None:
        self.playout.pause()

    def resume(self, _: int = 0) -> None:
        self.playout.resume()

    def link_down(self, argument: int) -> None:
        sample = max(0, self.conductor.playhead - (argument % 64) * TICK)
        self.playout.link_down(sample)
        runs = [event for event in self.events if isinstance(event, Progressed)]
        # What is reported stays reported.
        self.listener.link_down(max([sample, *(run.at + run.length for run in runs)]))

    def link_up(self, _: int = 0) -> None:
        self.playout.link_up()
        self.listener.link_up(self.source.held)

    def close(self) -> None:
        self.finished_before_close = self.finished
        self.playout.close()
        self.closed = self.cut = True
        self.events += self.playout.advance(0)

    # What goes wrong.

    def slow_frame(self, argument: int) -> None:
        self.cost_s = 0.004 * argument % 0.4

    def fail_renderer(self, argument: int) -> None:
        self.dead_until_s = self.clock.now + 0.01 * argument

    def oversleep(self, argument: int) -> None:
        self.asleep_until_s = self.clock.now + 0.01 * (argument % 32)

    def refuse(self, argument: int) -> None:
        self.source.refuse = argument % 4

    def pass_time(self, argument: int) -> None:
        for _ in range(argument % 16 + 1):
            self.tick()

    def tick(self) -> None:
        if self.closed:
            return
        if self.clock.now >= self.asleep_until_s:
            self.audio.run()
            self.video.run()
        self.draw()
        self.clock.now = round(self.clock.now + 0.01, 6)
        self.source.tick()
        assert self.prerenderer.ready <= 2 * FRAMES + 60, "frames"
        assert len(self.source.held) * TICK <= QUEUE + TICK, "the source"
        runs = self.playout.runs(0, self.playout.published + samples(60.0))
        assert all(run.published_end <= later.published for run, later in pairwise(runs))

    def draw(self) -> None:
        """What the renderer's thread does."""
        if self.work is None:
            moments = self.prerenderer.begin()
            if not moments:
                return
            self.work = self.clock.now + self.cost_s, moments
            self.cost_s = 0.008
        ends_s, moments = self.work
        if self.clock.now < ends_s:
            return
        self.work = None
        if self.clock.now < self.dead_until_s:
            self.prerenderer.fail()
        else:
            self.prerenderer.finish(moments, np.stack([PICTURE] * len(moments)))

    def settle(self) -> None:
        """Mend everything and let the rest be played."""
        self.flush()
        self.resume()
        self.link_up()
        self.dead_until_s = self.asleep_until_s = 0.0
        self.source.refuse = 0
        patience = LAST_PATIENCE_TICKS + self.playout.buffered // TICK
        while not self.closed and not self.at_rest and patience:
            self.tick()
            patience -= 1
        if self.closed:
            self.events += self.playout.advance(0)
        else:
            assert self.at_rest, "stuck"

    @property
    def at_rest(self) -> bool:
        shown_s = self.source.shown[-1][1] if self.source.shown else -1.0
        return self.finished == len(self.segments) and self.clock.now - shown_s <= 0.05

    @property
    def finished(self) -> int:
        return sum(isinstance(event, Finished) for event in self.events)

    def check_reports(self) -> None:
        """Each segment is reported once, as it was heard."""
        assert self.finished == len(self.segments), "every segment finishes once"
        progressed, started, index = 0, 0, 0
        for event in self.events:
            if isinstance(event, Started):
                started += 1
            elif isinstance(event, Progressed):
                assert event.offset == progressed, "positions have no holes and only grow"
                progressed += event.length
            else:
                start, end = self.segments[index]
                least = self.listener.heard(start, end, refused=False)
                if self.closed and index >= self.finished_before_close:
                    least = 0  # Closing reports what had left by the last report.
                assert least <= event.position <= self.listener.heard(start, end, refused=True)
                assert event.position == progressed
                assert event.interrupted or event.position == end - start
                assert started <= 1 and (started or not event.position)
                progressed, started, index = 0, 0, index + 1

    def check_sound(self) -> None:
        """The packets sound like the speech in them, and rest is silent."""
        levels = np.concatenate(
            [np.zeros(0), *(np.full(e - s, 1000 + n) for n, (s, e) in enumerate(self.segments, 1))]
        )
        expected = np.zeros((len(self.listener.packets), TICK))
        for row, packet in zip(expected, self.listener.packets, strict=True):
            for run in packet.runs:
                at = run.published % TICK
                row[at : at + run.length] = levels[run.speech : run.speech_end]
        sound = np.concatenate([np.zeros(0), *(each.pcm for each in self.listener.packets)])
        speech = expected.ravel()
        spoken = np.flatnonzero(speech)
        assert (sound[spoken] <= speech[spoken]).all() and (sound >= 0).all()
        last = np.maximum.accumulate(np.where(speech > 0, np.arange(len(speech)), -RAMP_SAMPLES))
        silent = np.arange(len(speech)) - last > RAMP_SAMPLES
        assert self.listener.refused or not sound[silent].any(), (
            "speech that breaks off rings out, then there is silence"
        )

    def check_video(self) -> None:
        """Frames only go forward."""
        stamps = [sample for sample, _ in self.source.shown]
        assert all(before <= after for before, after in pairwise(stamps))


STEPS = (
    Simulation.push, Simulation.push, Simulation.push, Simulation.pass_time, Simulation.pass_time,
    Simulation.pass_time, Simulation.flush, Simulation.clear, Simulation.pause, Simulation.resume,
    Simulation.link_down, Simulation.link_up, Simulation.slow_frame, Simulation.fail_renderer,
    Simulation.oversleep, Simulation.refuse,
)  # fmt: skip
"""What a byte chooses."""


@pytest.fixture(scope="module", autouse=True)
def _no_log() -> Iterator[None]:
    """Each failure is logged with its traceback, and there are thousands here."""
    logger.disabled = True
    yield
    logger.disabled = False


@settings(max_examples=500, derandomize=True)
@given(st.binary(max_size=48), st.integers(0, 24) | st.none())
def test_any_sequence_is_reported_as_it_was_heard(script: bytes, close_at: int | None) -> None:
    """Whatever is called in whatever order, each segment is reported once and as it was heard."""
    simulation = Simulation()
    for index, (step, argument) in enumerate(zip(script[::2], script[1::2], strict=False)):
        if index == close_at:
            simulation.close()
        STEPS[step % len(STEPS)](simulation, argument)
    simulation.settle()
    simulation.check_reports()
    simulation.check_sound()
    simulation.check_video()
    simulation.audio.coroutine.close()
    simulation.video.coroutine.close()
