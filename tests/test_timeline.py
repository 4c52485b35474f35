"""Media time: whole samples, values that hold, and clocks that tests own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livekit_plugins_avatar.timeline import (
    SAMPLE_RATE,
    Clock,
    SystemClock,
    Timed,
    Timeline,
    samples,
    seconds,
)

from .manual_clock import ManualClock

changes = st.lists(st.tuples(st.integers(0, 200), st.integers()), max_size=30)


@given(st.integers(-(2**40), 2**40))
def test_samples_survive_the_way_to_seconds_and_back(count: int) -> None:
    assert samples(seconds(count)) == count


@given(st.floats(-1e6, 1e6))
def test_seconds_are_rounded_to_the_nearest_sample(duration_s: float) -> None:
    assert abs(seconds(samples(duration_s)) - duration_s) <= 0.5001 / SAMPLE_RATE


def test_what_is_timed_ends_where_the_next_begins() -> None:
    assert Timed(start=480, duration=960, value="aa").end == 1440


def test_a_value_holds_until_the_next_one() -> None:
    timeline = Timeline("listening")
    timeline.set(100, "thinking")
    timeline.set(200, "speaking")
    assert [timeline.at(sample) for sample in (0, 99, 100, 199, 200, 10**9)] == [
        "listening", "listening", "thinking", "thinking", "speaking", "speaking",
    ]  # fmt: skip
    assert [timeline.since(sample) for sample in (99, 100, 199, 200)] == [0, 100, 100, 200]


def test_before_the_beginning_the_first_value_holds() -> None:
    timeline = Timeline("listening")
    timeline.set(100, "speaking")
    assert timeline.at(-5) == "listening"


def test_setting_the_past_replaces_what_came_after_it() -> None:
    timeline = Timeline("listening")
    timeline.set(100, "speaking")
    timeline.set(200, "listening")
    timeline.set(150, "interrupted")
    assert list(timeline.entries) == [(0, "listening"), (100, "speaking"), (150, "interrupted")]


@given(changes)
def test_a_timeline_answers_as_a_table_of_every_sample_would(
    changes: list[tuple[int, int]],
) -> None:
    timeline, table = Timeline(0), [0] * 220
    for start, value in changes:
        timeline.set(start, value)
        table[start:] = [value] * (220 - start)
    assert [timeline.at(sample) for sample in range(220)] == table
    starts = [start for start, _ in timeline.entries]
    assert starts == sorted(set(starts))


@given(st.integers(1, 8), st.integers(1, 40))
def test_a_timeline_forgets_its_oldest_entries_beyond_its_limit(limit: int, count: int) -> None:
    timeline = Timeline(0, limit=limit)
    for start in range(1, count + 1):
        timeline.set(start, start)
    assert len(timeline.entries) == min(limit, count + 1)
    assert timeline.at(count) == count
    assert list(timeline.entries) == [(start, start) for start in range(count + 1)][-limit:]


def test_a_manual_clock_moves_only_when_told_to() -> None:
    clock: Clock = ManualClock(5.0)
    assert (clock.now_s(), clock.now_s()) == (5.0, 5.0)
    assert isinstance(clock, ManualClock)
    clock.advance(0.25)
    clock.advance(0.0)
    assert clock.now_s() == 5.25


def test_a_clock_told_to_go_back_refuses_and_stays() -> None:
    clock = ManualClock(5.0)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-0.1)
    assert clock.now_s() == 5.0


def test_the_system_clock_never_goes_back() -> None:
    clock: Clock = SystemClock()
    readings = [clock.now_s() for _ in range(100)]
    assert readings == sorted(readings)
