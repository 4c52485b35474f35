"""A voice that is delivered in bursts, a machine that is busy, a clock that is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import psutil
import pytest
from livekit import rtc

from livekit_plugins_avatar.timeline import samples
from livekit_plugins_avatar.tools.eval.faults.clocks import DriftingClock
from livekit_plugins_avatar.tools.eval.faults.machine import thieves
from livekit_plugins_avatar.tools.eval.faults.voice import Tap, in_bursts

from ....manual_clock import ManualClock


async def tts(count: int) -> AsyncIterator[rtc.AudioFrame]:
    """`count` frames of 20 ms, at once."""
    pcm = np.zeros(samples(0.02), np.int16)
    for _ in range(count):
        yield rtc.AudioFrame(pcm.tobytes(), 48_000, 1, len(pcm))


async def arrivals(frames: AsyncIterator[rtc.AudioFrame], clock: ManualClock) -> list[float]:
    """When each frame comes."""
    times: list[float] = []

    async def take() -> None:
        async for _ in frames:
            times.append(clock.now_s())

    taking = asyncio.ensure_future(take())
    while not taking.done():
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(0.1)
    return times


async def test_bursts_come_at_once_with_gaps_between_them() -> None:
    clock = ManualClock()
    times = await arrivals(in_bursts(tts(25), burst_s=0.2, gap_s=0.7, clock=clock), clock)
    assert times == pytest.approx([0.0] * 10 + [0.7] * 10 + [1.4] * 5)


async def test_a_shut_tap_lets_nothing_through_and_loses_nothing() -> None:
    clock = ManualClock()
    tap = Tap(clock)
    tap.shut(0.7)
    assert await arrivals(tap.flow(tts(3)), clock) == pytest.approx([0.7] * 3)


def test_a_thief_takes_a_core_and_gives_it_back() -> None:
    before = psutil.Process().children()
    with thieves(1):
        [thief] = [child for child in psutil.Process().children() if child not in before]
        while thief.cpu_times().user < 0.05:
            pass
    assert not thief.is_running()


async def test_a_drifting_clock_gains_its_parts_per_million() -> None:
    clock = ManualClock()
    fast, slow = DriftingClock(clock, 500), DriftingClock(clock, -500)
    clock.advance(8 * 3600.0)
    assert fast.now_s() - clock.now_s() == pytest.approx(14.4)
    assert slow.now_s() - clock.now_s() == pytest.approx(-14.4)
    sleeping = asyncio.ensure_future(fast.sleep(1.0005))
    await asyncio.sleep(0)
    clock.advance(0.9999)
    await asyncio.sleep(0)
    assert not sleeping.done()
    clock.advance(0.0002)
    await asyncio.sleep(0)
    assert sleeping.done()
