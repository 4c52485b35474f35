"""Whatever is asked of it in whatever order, while everything around it fails: the seam holds.

Playout, conductor and the drawing ahead, as they are, on a clock that jumps; the audio source, the
renderer and the thread's own lateness are played by the test, in no time of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.fades import FADE_SAMPLES, RAMP_SAMPLES
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
    """Waits for a time; yields it to whoever drives the coroutine."""

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
    """A coroutine that is run by hand."""

    def __init__(self, clock: Clock, coroutine: Coroutine[Any, Any, None]) -> None:
        self.clock, self.coroutine = clock, coroutine
        self.wakes_s = 0.0

    def run(self) -> None:
        if self.clock.now >= self.wakes_s - 1e-9:
            self.wakes_s = self.coroutine.send(None)


class Source:
    """An audio source: 10 ms leave every 10 ms, silence where there is nothing."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.held: deque[NDArray[np.int16]] = deque()
        self.sent: list[NDArray[np.int16]] = []
        self.shown: list[tuple[int, float]] = []
        self.refuse = 0
        self.refused = 0
        self.most = 0

    async def push_audio(self, pcm: NDArray[np.int16]) -> None:
        if self.refuse:
            self.refuse -= 1
            self.refused += len(pcm)
            raise RuntimeError("refused")
        self.held.extend(pcm.reshape(-1, TICK))
        self.most = max(self.most, len(self.held) * TICK)
        while len(self.held) * TICK > QUEUE:
            await Until(self.clock.now + 0.01)

    def tick(self) -> None:
        self.sent.append(self.held.popleft() if self.held else np.zeros(TICK, np.int16))

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


class Seam:
    """Everything between the agent and the room, and a script of bytes that plays with it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.playout = Playout()
        self.source = Source(self.clock)
        self.events: list[PlaybackEvent] = []
        self.conductor = Conductor(
            self.playout,
            clock=self.clock,
            queue_samples=QUEUE,
            on_events=lambda events: self.events.extend(event for event, _ in events),
        )
        self.ahead = Prerenderer(
            Canvas(), lambda _: REST, clock=self.clock, frames=FRAMES, period=PERIOD
        )
        self.conductor.attach_frames(self.ahead, period=PERIOD, delay=samples(0.045), reach=100)
        self.player = Driven(self.clock, self.conductor.publish_audio(self.source))
        self.presenter = Driven(
            self.clock, self.conductor.publish_due_frames(self.source, self.ahead)
        )
        self.work: tuple[float, list[Moment]] | None = None
        self.cost_s, self.dead_until_s = 0.008, 0.0
        self.asleep_until_s = 0.0
        self.level = 1000
        self.pushed: list[int] = []
        self.cut: list[bool] = []
        self.open = self.closed = False
        self.again = self.lost = self.holds = 0

    # What the agent and the room do.

    def push(self, argument: int) -> None:
        count = 16 * argument + 1
        if not self.open:
            self.level += 1
            self.pushed.append(0)
            self.cut.append(self.closed)
            self.open = True
        accepted = self.playout.push_audio(np.full(count, self.level, np.int16))
        assert (accepted < 0) == self.cut[-1]
        self.pushed[-1] += count if accepted >= 0 else 0

    def flush(self, _: int = 0) -> None:
        self.playout.end_segment()
        self.open = False

    def clear(self, _: int) -> None:
        self.playout.clear()
        if self.open:
            self.cut[-1] = True

    def pause(self, _: int) -> None:
        self.holds += 1
        self.playout.pause()

    def resume(self, _: int = 0) -> None:
        self.playout.resume()

    def lose(self, argument: int) -> None:
        self.lost += 1
        self.playout.link_down(max(0, self.conductor.playhead - (argument % 64) * TICK))

    def regain(self, _: int = 0) -> None:
        self.again += self.playout.link_up()

    def close(self, _: int) -> None:
        if not self.closed:
            self.playout.close()
            self.closed = True
            self.cut = [*self.cut[:-1], True] if self.open else self.cut
            self.events += self.playout.advance(0)

    # What goes wrong.

    def stall(self, argument: int) -> None:
        self.cost_s = 0.004 * argument % 0.4

    def die(self, argument: int) -> None:
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
            self.player.run()
            self.presenter.run()
        self.draw()
        self.clock.now = round(self.clock.now + 0.01, 6)
        self.source.tick()
        assert self.ahead.ready <= 2 * FRAMES + 60, "frames"
        assert len(self.source.held) * TICK <= QUEUE + TICK, "the source"

    def draw(self) -> None:
        """The renderer's thread, beside the conductor's."""
        if self.work is None:
            moments = self.ahead.begin()
            if not moments:
                return
            self.work = self.clock.now + self.cost_s, moments
            self.cost_s = 0.008
        ends_s, moments = self.work
        if self.clock.now < ends_s:
            return
        self.work = None
        if self.clock.now < self.dead_until_s:
            self.ahead.fail()
        else:
            self.ahead.finish(moments, np.stack([PICTURE] * len(moments)))

    def settle(self) -> None:
        """Everything is well again: let it come to an end."""
        self.flush()
        self.resume()
        self.regain()
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
        return self.finished == len(self.pushed) and self.clock.now - shown_s <= 0.05

    @property
    def finished(self) -> int:
        return sum(isinstance(event, Finished) for event in self.events)

    def check(self) -> None:
        """Nothing is lost, nothing is doubled, and the framework was told the truth."""
        assert self.finished == len(self.pushed)
        heard = np.concatenate([np.zeros(0, np.int16), *self.source.sent])
        levels = dict(zip(*np.unique(heard, return_counts=True), strict=True))
        progressed, started, segment = 0, 0, 0
        for event in self.events:
            if isinstance(event, Started):
                started += 1
            elif isinstance(event, Progressed):
                assert event.offset == progressed, "positions have no holes and only grow"
                progressed += event.length
            else:
                assert event.position == progressed <= self.pushed[segment]
                assert event.interrupted or event.position == self.pushed[segment]
                assert started <= 1 and (started or not event.position)
                assert event.position or not started or self.lost
                self.check_sound(int(levels.get(1001 + segment, 0)), event.position)
                progressed, started, segment = 0, 0, segment + 1
        stamps = [sample for sample, _ in self.source.shown]
        assert all(before <= after for before, after in pairwise(stamps))

    def check_sound(self, count: int, position: int) -> None:
        """`count` samples of a segment were heard at full strength."""
        if self.closed:
            return  # What left since the last report is not told of.
        # On its way down or up, a louder segment touches this level for a sample or two.
        touched = 2 * (len(self.pushed) + self.holds)
        if not self.lost:  # What nobody heard comes twice.
            assert count <= position + touched, "doubled"
        runs = 2 + self.holds + self.lost + len(self.pushed) + len(self.events)
        shaped = runs * (RAMP_SAMPLES + FADE_SAMPLES)
        # What the source refused is gone: time goes on without it.
        assert count >= position - shaped - self.source.refused, "lost"


DEEDS = (
    Seam.push, Seam.push, Seam.push, Seam.pass_time, Seam.pass_time, Seam.pass_time, Seam.flush,
    Seam.clear, Seam.pause, Seam.resume, Seam.lose, Seam.regain, Seam.stall, Seam.die,
    Seam.oversleep, Seam.refuse,
)  # fmt: skip
"""What a byte's low half chooses; closing is left to the sequence's end, which it would be."""


@pytest.fixture(scope="module", autouse=True)
def _no_log() -> Iterator[None]:
    """Each failure is logged with its traceback, and there are many thousands here."""
    logger.disabled = True
    yield
    logger.disabled = False


@settings(max_examples=10_000, derandomize=True)
@given(st.binary(max_size=48), st.booleans())
def test_in_any_order_nothing_is_lost_doubled_or_stuck(script: bytes, close: bool) -> None:
    seam = Seam()
    for action, argument in zip(script[::2], script[1::2], strict=False):
        DEEDS[action % len(DEEDS)](seam, argument)
    if close:
        seam.close(0)
        seam.push(10)
    seam.settle()
    seam.check()
    seam.player.coroutine.close()
    seam.presenter.coroutine.close()
