"""Idle: blinks as people blink, and a body that never freezes and never fidgets."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from livekit_plugins_avatar.face.agent import AGENT_STATES, AgentStates, Change, mix
from livekit_plugins_avatar.face.idle import Idle

CLOSE, OPEN = 0.02, 0.98


def closures(changes: tuple[Change, ...], times: range, seed: int = 1) -> np.ndarray:
    idle = Idle(seed)
    return np.array([idle.closure(changes, t) for t in times])


def spans(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def heads(state: str, times: range, seed: int = 1) -> np.ndarray:
    idle = Idle(seed)
    weights = mix((Change(0, state),), 0, 1)
    return np.array([idle.head(weights, t) for t in times])


@pytest.mark.parametrize(
    ("state", "per_minute"), [("idle", 17), ("listening", 26), ("speaking", 26)]
)
def test_blinks_come_at_the_rate_of_the_state(state: str, per_minute: int) -> None:
    counts = [
        len(spans(closures((Change(0, state),), range(0, 48_000 * 180, 2_400), seed) > 0.3)) / 3
        for seed in range(3)
    ]
    assert sum(counts) / len(counts) == pytest.approx(per_minute, rel=0.15)


def test_a_blink_shuts_fully_closes_fast_and_opens_slowly() -> None:
    closure = closures((Change(0, "listening"),), range(0, 48_000 * 60, 480))
    blinks = spans(closure > 0.0)
    assert len(blinks) > 15
    for begin, end in blinks:
        blink = closure[begin:end]
        assert blink.max() == 1.0
        shut = np.flatnonzero(blink == 1.0)
        closing_s, opening_s = shut[0] * 0.01, (len(blink) - shut[-1]) * 0.01
        assert 0.06 < closing_s < 0.12
        assert 0.19 < opening_s < 0.29


def test_blinks_never_follow_each_other_within_a_fifth_of_a_second() -> None:
    for seed in range(3):
        idle, states = Idle(seed), AgentStates()
        for index in range(40):  # the state changes while blinks are going on
            states.set(index * 67_200, AGENT_STATES[index % 5])
        closure = [idle.closure(states.recent(t), t) for t in range(0, 40 * 67_200, 960)]
        blinks = spans(np.array(closure) > 0.0)
        gaps = [after[0] - before[1] for before, after in pairwise(blinks)]
        assert len(gaps) > 3
        assert min(gaps) * 0.02 >= 0.18


def test_intervals_between_blinks_are_irregular() -> None:
    blinks = spans(closures((Change(0, "idle"),), range(0, 48_000 * 180, 2_400)) > 0.3)
    intervals = np.diff([begin for begin, _ in blinks])
    assert 0.3 < intervals.std() / intervals.mean() < 0.9


def test_a_change_of_state_lets_a_blink_finish() -> None:
    alone = closures((Change(0, "listening"),), range(0, 480_000, 480))
    begin, end = spans(alone > 0.0)[1]
    middle = (begin + 5) * 480
    changes = (Change(0, "listening"), Change(middle, "thinking"))
    assert np.array_equal(closures(changes, range(0, end * 480, 480)), alone[:end])


@pytest.mark.parametrize("state", AGENT_STATES)
def test_the_head_is_never_still_for_half_a_second(state: str) -> None:
    head = heads(state, range(0, 48_000 * 120, 4_800))
    turns = np.degrees(head[:, :3])
    for start in range(len(turns) - 5):
        window = turns[start : start + 6]
        assert np.ptp(window, axis=0).max() > 0.03


@pytest.mark.parametrize(("state", "limit"), [("idle", 1.5), ("listening", 1.5), ("speaking", 2.0)])
def test_the_head_never_fidgets(state: str, limit: float) -> None:
    for seed in range(3):
        head = heads(state, range(0, 48_000 * 120, 1_600), seed)
        speed = np.linalg.norm(np.diff(np.degrees(head[:, :3]), axis=0), axis=1) * 30
        assert np.sqrt((speed**2).mean()) < limit
        assert speed.max() < 3 * limit


def test_the_head_stays_about_where_it_belongs() -> None:
    head = heads("idle", range(0, 48_000 * 600, 48_000))
    assert np.abs(np.degrees(head[:, :3])).max() < 3.0
    assert np.abs(head[:, 3:]).max() < 0.01
    assert np.abs(np.degrees(head[:, :3]).mean(axis=0)).max() < 0.3


def test_a_breath_is_seen_about_fourteen_times_a_minute() -> None:
    rise = heads("idle", range(0, 48_000 * 240, 4_800))[:, 4]
    spectrum = np.abs(np.fft.rfft((rise - rise.mean()) * np.hanning(len(rise))))
    per_minute = np.fft.rfftfreq(len(rise), 0.1)[spectrum.argmax()] * 60
    assert 12 <= per_minute <= 20
