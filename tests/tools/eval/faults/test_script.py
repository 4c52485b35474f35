"""A script of faults is a table, and each of them happens at its time."""

from __future__ import annotations

import asyncio

import pytest

from livekit_plugins_avatar.tools.eval.faults.script import Fault, each, follow, now_and_then, only

from ....manual_clock import ManualClock


def test_even_faults_come_after_each_interval_or_from_the_first_on() -> None:
    script = each("stall", every_s=3.0, length_s=0.4, until_s=10.0)
    assert [fault.at_s for fault in script] == [3.0, 6.0, 9.0]
    assert {fault.length_s for fault in script} == {0.4}
    first = each("death", every_s=5.0, length_s=1.0, until_s=10.0, first_s=1.0)
    assert [fault.at_s for fault in first] == [1.0, 6.0]


def test_random_faults_are_the_same_for_the_same_seed_and_as_frequent_as_asked() -> None:
    one, same, other = (
        now_and_then("stall", mean_s=2.0, length_s=0.08, until_s=2000.0, seed=seed)
        for seed in (1, 1, 2)
    )
    assert one == same != other
    assert 900 <= len(one) <= 1100
    assert all(0 < fault.at_s < 2000.0 for fault in one)


@pytest.mark.parametrize(("every_s", "length_s"), [(0.0, 0.4), (-1.0, 0.4), (3.0, -0.1)])
def test_a_fault_that_cannot_be_is_refused(every_s: float, length_s: float) -> None:
    with pytest.raises(ValueError, match="every more than 0 s"):
        each("stall", every_s=every_s, length_s=length_s, until_s=10.0)
    with pytest.raises(ValueError, match="every more than 0 s"):
        now_and_then("stall", mean_s=every_s, length_s=length_s, until_s=10.0, seed=0)


def test_the_faults_of_a_kind_come_in_the_order_of_their_times() -> None:
    script = (Fault(5.0, "block", 2.0), Fault(1.0, "stall"), Fault(3.0, "block", 1.0))
    assert only(script, "block") == (Fault(3.0, "block", 1.0), Fault(5.0, "block", 2.0))


async def test_each_fault_happens_at_its_time_whatever_the_others_take() -> None:
    clock = ManualClock(100.0)
    done: list[tuple[str, float]] = []

    async def link_down(fault: Fault) -> None:
        await clock.sleep(fault.length_s)
        done.append(("light", clock.now_s() - 100.0))

    async def resume(fault: Fault) -> None:
        done.append(("resume", clock.now_s() - 100.0))

    script = (Fault(2.0, "link_down", 5.0), Fault(3.0, "stall", 1.0), Fault(4.0, "resume"))
    following = asyncio.ensure_future(
        follow(script, {"link_down": link_down, "resume": resume}, clock=clock)
    )
    while not following.done():
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(0.5)
    assert done == [("resume", 4.0), ("light", 7.0)]
