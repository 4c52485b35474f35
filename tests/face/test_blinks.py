"""Blinks: at the rate of the situation, at large looks and at the ends of turns."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from livekit_plugins_avatar.face.blinks import Blinks
from livekit_plugins_avatar.face.situation import AGENT_STATES, CAMERA, Situation, recent
from livekit_plugins_avatar.timeline import Timeline

Changes = tuple[tuple[int, Situation], ...]


def change(since: int, state: str) -> tuple[int, Situation]:
    return since, Situation(state, state, CAMERA)


def closures(
    changes: Changes, times: range, seed: int = 1, shifts: tuple[tuple[int, float], ...] = ()
) -> np.ndarray:
    blinks = Blinks(seed)
    return np.array([blinks.closure(changes, shifts, t) for t in times])


def spans(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@pytest.mark.parametrize(
    ("state", "per_minute"), [("idle", 17), ("listening", 24), ("speaking", 23)]
)
def test_blinks_come_at_the_rate_of_the_state(state: str, per_minute: int) -> None:
    """The rate of spontaneous blinks is that of the table."""
    counts = [
        len(spans(closures((change(0, state),), range(0, 48_000 * 180, 2_400), seed) > 0.3)) / 3
        for seed in range(3)
    ]
    assert sum(counts) / len(counts) == pytest.approx(per_minute, rel=0.15)


def test_a_blink_closes_fast_and_opens_slowly() -> None:
    """Every blink shuts the lids fully."""
    closure = closures((change(0, "listening"),), range(0, 48_000 * 60, 480))
    blinks = spans(closure > 0.0)
    assert len(blinks) > 15
    for begin, end in blinks:
        blink = closure[begin:end]
        assert blink.max() == 1.0
        shut = np.flatnonzero(blink == 1.0)
        closing_s, opening_s = shut[0] * 0.01, (len(blink) - shut[-1]) * 0.01
        assert 0.06 < closing_s < 0.12
        assert 0.19 < opening_s < 0.29


def test_blinks_keep_apart() -> None:
    """Whatever causes them, blinks have a fifth of a second between them."""
    for seed in range(3):
        blinks_of, situations = Blinks(seed), Timeline(change(0, "idle")[1])
        for index in range(40):  # the state changes while blinks are going on
            situations.set(*change(index * 67_200, AGENT_STATES[index % 5]))
        shifts = [(index * 31_000, 30.0) for index in range(86)]
        closure = [
            blinks_of.closure(
                recent(situations, t), [each for each in shifts if t - 60_000 < each[0] <= t], t
            )
            for t in range(0, 40 * 67_200, 960)
        ]
        blinks = spans(np.array(closure) > 0.0)
        gaps = [after[0] - before[1] for before, after in pairwise(blinks)]
        assert len(gaps) > 3
        assert min(gaps) * 0.02 >= 0.18


def test_intervals_between_blinks_are_irregular() -> None:
    """Intervals vary by about half of their mean."""
    blinks = spans(closures((change(0, "idle"),), range(0, 48_000 * 180, 2_400)) > 0.3)
    intervals = np.diff([begin for begin, _ in blinks])
    assert 0.3 < intervals.std() / intervals.mean() < 0.9


def test_a_change_of_state_lets_a_blink_finish() -> None:
    """A blink under way is the same as without the change."""
    alone = closures((change(0, "listening"),), range(0, 480_000, 480))
    begin, end = spans(alone > 0.0)[1]
    middle = (begin + 5) * 480
    changes = (change(0, "listening"), change(middle, "thinking"))
    assert np.array_equal(closures(changes, range(0, end * 480, 480)), alone[:end])


def test_large_gaze_shifts_carry_blinks() -> None:
    """The chance of a blink rises with the size of the shift, from none to most."""

    def share(size_deg: float) -> float:
        shut = [
            closures((change(0, "thinking"),), range(9_600, 9_601), seed, ((4_800, size_deg),))
            for seed in range(200)
        ]
        return float(np.mean(np.array(shut) > 0.9))

    assert share(7.0) == 0.0
    assert 0.1 < share(15.0) < share(25.0) < share(35.0)
    assert share(35.0) > 0.7


def test_turns_end_with_a_blink() -> None:
    """More than half of all turns do; a turn that goes on does not."""

    def share(after: str) -> float:
        changes = (change(0, "speaking"), change(480_000, after))
        shut = [
            closures(changes, range(480_000, 480_000 + 24_000, 1_600), seed).max() > 0.9
            for seed in range(100)
        ]
        return float(np.mean(shut))

    assert 0.5 < share("listening") < 0.8
    assert share("speaking") < 0.35
