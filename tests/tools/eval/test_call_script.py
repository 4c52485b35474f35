"""The script of the call: every fault, early enough to be measured, the same for the same seed."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.tools.eval.call_script import interruptions, script

KINDS = {"stall", "death", "block", "dry", "cpu_hog", "link_down", "resume", "reconnect"}


@pytest.mark.parametrize("seconds", [60.0, 300.0])
def test_each_kind_of_fault_comes_and_is_over_before_the_end(seconds: float) -> None:
    faults = script(seconds, seed=0)
    assert {fault.what for fault in faults} == KINDS
    assert all(fault.at_s + fault.length_s <= seconds for fault in faults)
    assert list(faults) == sorted(faults)


def test_the_renderer_dies_twenty_times_in_the_long_call() -> None:
    assert sum(fault.what == "death" for fault in script(300.0, seed=0)) == 20


def test_a_seed_chooses_the_hiccups_and_nothing_else() -> None:
    one, same, other = script(60.0, 1), script(60.0, 1), script(60.0, 2)
    assert one == same != other
    assert [f for f in one if f.length_s != 0.08] == [f for f in other if f.length_s != 0.08]


@pytest.mark.parametrize("seconds", [30.0, 60.0, 300.0])
def test_somebody_speaks_over_the_agent_while_it_talks(seconds: float) -> None:
    times = interruptions(seconds)
    assert times and all(0 < at_s < seconds for at_s in times)
    assert times == sorted(times)
