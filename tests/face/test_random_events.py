"""Random events: the same in whatever order and however late they are asked for."""

from __future__ import annotations

from random import Random

from livekit_plugins_avatar.face.random_events import EPOCH_S, RandomEvents, lognormal
from livekit_plugins_avatar.face.situation import RECENT_SAMPLES

CHANGES = ((7_000, "idle"),)
TEN_HOURS = 48_000 * 36_000


def every_second_or_so(chance: Random, state: str, entering: bool) -> list[tuple[float, str]]:
    onsets = [second + 0.9 * chance.random() for second in range(int(EPOCH_S))]
    return [(onset, f"{state} {entering}") for onset in onsets]


def test_the_order_of_asking_makes_no_difference() -> None:
    """Forwards and backwards give the same events."""
    forwards = RandomEvents("test", 1, every_second_or_so)
    backwards = RandomEvents("test", 1, every_second_or_so)
    times = range(0, 48_000 * 100, 30_011)
    there = [forwards.recent(CHANGES, t) for t in times]
    back = [backwards.recent(CHANGES, t) for t in reversed(times)]
    assert there == back[::-1]


def test_seeds_and_kinds_differ() -> None:
    """Each seed and each kind has events of its own."""
    answers = [
        RandomEvents(kind, seed, every_second_or_so).recent(CHANGES, 480_000)
        for kind, seed in [("test", 1), ("test", 2), ("other", 1)]
    ]
    assert answers[0] != answers[1] != answers[2] != answers[0]


def test_hours_into_a_call_cost_no_more() -> None:
    """Ten hours in, at most two epochs are drawn."""
    drawn = []

    def counted(chance: Random, state: str, entering: bool) -> list[tuple[float, str]]:
        drawn.append(state)
        return every_second_or_so(chance, state, entering)

    assert RandomEvents("test", 1, counted).recent(CHANGES, TEN_HOURS)
    assert len(drawn) <= 2


def test_recent_events_are_complete() -> None:
    """All events of the recent past are found, in order, and none of the future."""
    events = RandomEvents("test", 1, every_second_or_so)
    known = {start for t in range(0, 48_000 * 70, 24_000) for start, _ in events.recent(CHANGES, t)}
    for t in range(48_000, 48_000 * 69, 100_003):
        starts = [start for start, _ in events.recent(CHANGES, t)]
        assert starts == sorted(starts)
        assert {start for start in known if t - RECENT_SAMPLES < start <= t} <= set(starts)
        assert max(starts) <= t


def test_an_ended_state_begins_no_events() -> None:
    """Events after a change are the new state's."""
    events = RandomEvents("test", 1, every_second_or_so)
    changes = ((0, "idle"), (100_000, "listening"))
    found = events.recent(changes, 140_000)
    assert {value for start, value in found if start < 100_000} == {"idle True"}
    assert {value for start, value in found if start >= 100_000} == {"listening True"}


def test_a_lognormal_draw_has_its_mean() -> None:
    """The mean of many draws is the one asked for."""
    chance = Random(1)
    draws = [lognormal(chance, 3.0, 0.5) for _ in range(20_000)]
    assert abs(sum(draws) / len(draws) - 3.0) < 0.05
