"""A nap ends when its time is over, or when any thread ends it."""

from __future__ import annotations

import asyncio
import threading

from livekit_plugins_avatar.publish.nap import Nap
from livekit_plugins_avatar.timeline import SystemClock

from ..manual_clock import ManualClock


async def test_it_ends_with_its_time() -> None:
    clock = ManualClock()
    napping = asyncio.create_task(Nap(clock).sleep(0.1))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not napping.done()
    clock.advance(0.1)
    await asyncio.wait_for(napping, 1.0)


async def test_another_thread_ends_it() -> None:
    clock = SystemClock()
    nap, began_s = Nap(clock), clock.now_s()
    threading.Timer(0.05, nap.end).start()
    await nap.sleep(30.0)
    assert clock.now_s() - began_s < 10.0


async def test_what_was_ended_before_it_began_is_not_slept() -> None:
    """Once: the next is slept."""
    clock = ManualClock()
    nap = Nap(clock)
    nap.end()
    await asyncio.wait_for(nap.sleep(30.0), 1.0)
    following = asyncio.create_task(nap.sleep(30.0))
    await asyncio.sleep(0.01)
    assert not following.done()
    following.cancel()


def test_a_loop_that_has_ended_is_no_harm() -> None:
    nap = Nap(SystemClock())

    async def cancelled() -> None:
        napping = asyncio.create_task(nap.sleep(30.0))
        await asyncio.sleep(0)
        napping.cancel()

    asyncio.run(cancelled())
    nap.end()
