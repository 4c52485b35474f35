"""The playhead follows an audio source."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.audio.playhead import Playhead
from livekit_plugins_avatar.timeline import SAMPLE_RATE, samples

TICK = samples(0.01)
QUEUE = samples(0.1)


class Source:
    """An audio source as LiveKit's is: 10 ms leave every 10 ms, and a push to a full queue waits.

    Args:
        queue: Samples that it holds.
        rate: The speed of its clock against ours.
    """

    def __init__(self, queue: int, rate: float = 1.0) -> None:
        self.queue, self.rate = queue, rate
        self.buffered = 0
        self.sent = 0
        self.now_s = 0.0
        self._next_s = 0.01 / rate

    def until(self, now_s: float) -> None:
        while self._next_s <= now_s:
            self.now_s = self._next_s
            self._tick()
        self.now_s = now_s

    def _tick(self) -> None:
        if self.buffered >= TICK:
            self.buffered -= TICK
            self.sent += TICK
        self._next_s += 0.01 / self.rate

    def capture(self, count: int) -> bool:
        self.buffered += count
        waited = self.buffered > self.queue
        while self.buffered > self.queue:
            self.now_s = self._next_s
            self._tick()
        return waited


@pytest.mark.parametrize("ppm", [-500, 0, 500])
def test_the_playhead_follows_the_source(ppm: int) -> None:
    """The playhead follows a source with another clock, although reports come late."""
    source = Source(QUEUE, 1 + ppm / 1e6)
    playhead = Playhead(QUEUE)
    rng = np.random.default_rng(0)
    worst = 0.0
    for tick in range(20_000):
        playhead.before_push(source.now_s)
        waited = source.capture(TICK)
        # The report is delivered late: usually a little, sometimes a lot.
        source.until(source.now_s + rng.exponential(0.0003) + 0.02 * (rng.random() < 0.01))
        playhead.after_push(TICK, source.now_s, waited)
        if tick > 200:
            # A sample leaves within 10 ms after it is sent.
            worst = max(worst, abs(playhead.at(source.now_s) - source.sent))
    assert worst <= TICK + samples(0.003)


def test_the_playhead_waits_with_an_empty_source() -> None:
    """The playhead stands while the source is empty, and goes on with it."""
    source = Source(QUEUE)
    playhead = Playhead(QUEUE)
    for _ in range(50):
        playhead.before_push(source.now_s)
        waited = source.capture(TICK)
        playhead.after_push(TICK, source.now_s, waited)
    pushed = 50 * TICK
    source.until(source.now_s + 0.5)
    assert playhead.at(source.now_s) == pushed
    playhead.before_push(source.now_s)
    assert abs(playhead.underrun - (0.5 * SAMPLE_RATE - QUEUE)) <= TICK
    source.capture(TICK)
    playhead.after_push(TICK, source.now_s, False)
    assert playhead.at(source.now_s) == pushed


@pytest.mark.parametrize("ppm", [-500, 500])
def test_clock_drift_is_corrected_smoothly(
    ppm: int,
) -> None:
    """Hours at 500 ppm leave the playhead within 10 ms, without a jump over 1 ms."""
    source = Source(QUEUE, 1 + ppm / 1e6)
    playhead = Playhead(QUEUE)
    # Pushes of 100 ms instead of 10: a tenth of the reports, which makes it harder.
    late_s = np.random.default_rng(1).exponential(0.0003, 2 * 36_000)
    late_s[::100] += 0.02
    worst, jump, before, before_s = 0.0, 0.0, 0, 0.0
    for report, lateness_s in enumerate(late_s):
        playhead.before_push(source.now_s)
        waited = source.capture(10 * TICK)
        source.until(source.now_s + lateness_s)
        playhead.after_push(10 * TICK, source.now_s, waited)
        at, passed_s = playhead.at(source.now_s), source.now_s - before_s
        if report > 200:
            worst = max(worst, abs(at - source.rate * source.now_s * SAMPLE_RATE))
            jump = max(jump, abs(at - before - passed_s * SAMPLE_RATE))
        before, before_s = at, source.now_s
    assert source.now_s >= 2 * 3600 * 0.999
    assert worst <= samples(0.010)
    assert jump <= samples(0.001), "a millisecond is invisible"
