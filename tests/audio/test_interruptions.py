"""An interruption reports what left the audio source, on a busy machine too."""

from __future__ import annotations

from collections.abc import Callable, Generator

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.audio.pcm_buffer import NO_PCM, Pcm
from livekit_plugins_avatar.audio.playback_events import Finished, PlaybackEvent
from livekit_plugins_avatar.audio.playout import Playout
from livekit_plugins_avatar.publish.conductor import Conductor
from livekit_plugins_avatar.timeline import samples, seconds

TICK = samples(0.01)
QUEUE = samples(0.15)
INTERRUPTIONS = 100


class Until:
    """Suspends a coroutine until the time that a function gives; None means not yet."""

    def __init__(self, at_s: Callable[[], float | None]) -> None:
        self._at_s = at_s

    def __await__(self) -> Generator[Callable[[], float | None], None, None]:
        yield self._at_s


class Machine:
    """Clock, audio source and the conductor's thread.

    The source sends 10 ms every 10 ms whether the thread runs or not, as WebRTC's does, and where
    it was late it catches up.

    Args:
        thread_late_s: Draws how late the thread is each time that it is to run.
        source_late_s: Draws how late the source is each time that it is to send.
    """

    def __init__(
        self, thread_late_s: Callable[[], float], source_late_s: Callable[[], float]
    ) -> None:
        self.sent: list[Pcm] = []
        self.events: list[PlaybackEvent] = []
        self.playout = Playout()
        self._thread_late_s, self._source_late_s = thread_late_s, source_late_s
        self._held = NO_PCM
        self._now_s, self._due_s, self._next_s = 0.0, 0.01, 0.01
        self._room_s: float | None = None
        """When there was room after the last push."""
        conductor = Conductor(
            self.playout,
            clock=self,
            queue_samples=QUEUE,
            on_events=lambda events: self.events.extend(event for event, _ in events),
            nap=self._nap,
        )
        self._work = conductor.publish_audio(self)
        self._wakes: Callable[[], float | None] = self._work.send(None)

    def now_s(self) -> float:
        return self._now_s

    def wall_s(self) -> float:
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        ends_s = self._now_s + seconds
        await Until(lambda: ends_s)

    async def _nap(self, duration_s: float) -> None:
        ends_s = self._now_s + duration_s
        await Until(lambda: self._now_s if self.playout.wants_retraction else ends_s)
        self._pass(self._thread_late_s())

    async def push_audio(self, pcm: Pcm) -> None:
        self._pass(self._thread_late_s() / 10)
        self._held = np.concatenate((self._held, pcm))
        self._room_s = self._now_s if len(self._held) <= QUEUE else None
        await Until(lambda: self._room_s)
        self._pass(self._thread_late_s())

    def clear(self) -> None:
        self._pass(self._thread_late_s() / 10)
        self._held = NO_PCM

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        raise AssertionError("there is no picture")

    async def aclose(self) -> None:
        pass

    def run(self, duration_s: float) -> None:
        """Let time pass."""
        ends_s = self._now_s + duration_s
        while self._now_s < ends_s:
            wakes_s = self._wakes()
            if wakes_s is None:
                self._tick()
            else:
                self._pass(wakes_s - self._now_s)
                self._wakes = self._work.send(None)

    def _pass(self, duration_s: float) -> None:
        ends_s = max(self._now_s, self._now_s + duration_s)
        while self._next_s <= ends_s:
            self._tick()
        self._now_s = ends_s

    def _tick(self) -> None:
        self._now_s = max(self._now_s, self._next_s)
        self._due_s += 0.01
        self._next_s = max(self._now_s, self._due_s + self._source_late_s())
        full = len(self._held) >= TICK
        self.sent.append(self._held[:TICK] if full else np.zeros(TICK, np.int16))
        self._held = self._held[TICK:] if full else self._held
        if self._room_s is None and len(self._held) <= QUEUE:
            self._room_s = self._now_s


def lateness(mean_s: float, stalls: float, longest_s: float) -> Callable[[], float]:
    """Draws how late something is: a little as a rule, sometimes a lot."""
    chance = np.random.default_rng(1)

    def draw() -> float:
        stall_s = chance.uniform(0.005, longest_s) if chance.random() < stalls else 0.0
        return chance.exponential(mean_s) + stall_s

    return draw


@pytest.mark.parametrize(
    ("thread", "source"),
    [
        ((0.0003, 0.01, 0.03), (0.0001, 0.0, 0.01)),
        ((0.003, 0.05, 0.06), (0.0001, 0.0, 0.01)),
        ((0.001, 0.02, 0.3), (0.0001, 0.0, 0.01)),
        ((0.0003, 0.01, 0.03), (0.001, 0.15, 0.025)),
    ],
)
def test_an_interruption_reports_what_was_heard(
    thread: tuple[float, float, float], source: tuple[float, float, float]
) -> None:
    """The reported position is what left, and little is heard after a clear, on a busy machine too.

    What is left of an error is what leaves while the thread is stopped between reading what the
    source holds and emptying it.
    """
    machine = Machine(lateness(*thread), lateness(*source))
    chance = np.random.default_rng(2)
    errors_s, after_s = [], []
    for _ in range(INTERRUPTIONS):
        before = len(machine.sent)
        machine.playout.push_audio(np.full(samples(2.0), 10_000, np.int16))
        machine.run(chance.uniform(0.1, 0.5))
        machine.playout.end_segment()
        machine.playout.clear()
        cleared = len(machine.sent)
        machine.run(0.5)
        [*_, finished] = machine.events
        assert isinstance(finished, Finished)
        heard = np.count_nonzero(np.concatenate(machine.sent[before:]))
        after_s.append(seconds(int(np.count_nonzero(np.concatenate(machine.sent[cleared:])))))
        # The last sample of a fade is 0.
        errors_s.append(abs(seconds(heard + (heard > 0) - finished.position)))
    assert np.percentile(errors_s, 95) <= 0.001
    assert max(errors_s) <= 0.020
    assert np.percentile(after_s, 95) <= 0.060
