"""What grows shows; what breathes does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from livekit_plugins_avatar.tools.eval.growth import LEAST, Reading, growth

MINUTES = 60


def readings(
    memory_mb: Callable[[float], float], *, threads: int = 0, handles: int = 0
) -> list[Reading]:
    """A reading every 5 s; threads and handles grow by so many over the hour, evenly."""
    count = MINUTES * 12
    return [
        Reading(
            5.0 * n,
            memory_mb(n / count),
            20 + threads * n // count,
            30 + handles * n // count,
            2.5 * n,
        )
        for n in range(count)
    ]


def test_memory_that_breathes_is_flat() -> None:
    chance = np.random.default_rng(0)
    figures = growth(readings(lambda part: 500.0 + float(chance.normal(0, 3))))
    assert figures is not None and figures.flat
    assert abs(figures.memory_growth_percent) < 0.5
    assert figures.cpu_core_percent == pytest.approx(50.0)


def test_a_leak_of_three_percent_an_hour_is_none_of_that() -> None:
    figures = growth(readings(lambda part: 500.0 + 16.0 * part))
    assert figures is not None and not figures.flat
    assert 2.0 < figures.memory_growth_percent < 3.2
    assert figures.memory_slope_mb_per_hour == pytest.approx(16.0, rel=0.01)


@pytest.mark.parametrize("grows", ["threads", "handles"])
def test_a_thread_or_a_handle_that_stays_behind_now_and_then_shows(grows: str) -> None:
    figures = growth(readings(lambda part: 500.0, **{grows: 4}))
    assert figures is not None and not figures.flat


def test_a_second_connection_for_a_moment_is_no_growth() -> None:
    taken = readings(lambda part: 500.0)
    taken[-3] = Reading(taken[-3].at_s, 560.0, 26, 41)
    figures = growth(taken)
    assert figures is not None and figures.flat
    assert (figures.memory_peak_mb, figures.threads_peak, figures.handles_peak) == (560.0, 26, 41)


def test_sockets_that_the_next_connection_gives_back_are_no_growth() -> None:
    """More readings of the last tenth than of the first fall after a resumption."""
    made_anew, resumed = [0, 0, 0, -4, 0, 0, 0, 0, 0, 5], [0, 0, 0, -4, 3, 5, 4, 2, 4, 5]
    taken = readings(lambda part: 500.0)
    for n, reading in enumerate(taken):
        more = (made_anew if n < len(taken) // 10 else resumed)[n % 10]
        taken[n] = replace(reading, handles=reading.handles + more)
    figures = growth(taken)
    assert figures is not None and figures.flat
    assert (figures.handles_first, figures.handles_last, figures.handles_peak) == (30.0, 30.0, 35)


def test_too_few_readings_say_nothing() -> None:
    assert growth(readings(lambda part: 500.0)[: LEAST - 1]) is None
