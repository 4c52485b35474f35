"""Gaze: holds on the camera, short glances away, jumps and no drift."""

from __future__ import annotations

from math import degrees, hypot

import numpy as np
import pytest

from livekit_plugins_avatar.face.eye_motion import EyeMotion, lids
from livekit_plugins_avatar.face.saccade import SACCADE_S, SACCADE_S_PER_DEG
from livekit_plugins_avatar.face.situation import CAMERA, Situation, Target

AT_CAMERA_DEG = 3.0
FRAME = 1_600


def change(since: int, state: str, target: Target = CAMERA) -> tuple[int, Situation]:
    return since, Situation(state, state, target)


def looks(changes: tuple[tuple[int, Situation], ...], times: range, seed: int = 1) -> np.ndarray:
    """Degrees [len(times), 4]: yaw, pitch, head yaw, head pitch."""
    eyes = EyeMotion(seed)
    return np.degrees([eyes.at(changes, t)[:4] for t in times])


def minutes(state: str, count: int, seed: int = 1) -> np.ndarray:
    return looks((change(0, state),), range(0, 48_000 * 60 * count, FRAME), seed)


@pytest.mark.parametrize(
    ("state", "least", "most"),
    [
        ("listening", 0.86, 0.94),
        ("speaking", 0.69, 0.81),
        ("idle", 0.77, 0.89),
        ("thinking", 0.15, 0.40),
    ],
)
def test_the_share_of_looks_at_the_camera_is_that_of_the_state(
    state: str, least: float, most: float
) -> None:
    look = minutes(state, 5)
    assert least < (np.hypot(look[:, 0], look[:, 1]) < AT_CAMERA_DEG).mean() < most


def test_holds_at_the_camera_last_seconds_and_glances_away_about_one() -> None:
    at_camera = np.hypot(*minutes("speaking", 5)[:, :2].T) < AT_CAMERA_DEG
    edges = np.flatnonzero(np.diff(at_camera.astype(int)))
    lengths_s = np.diff(edges) / 30
    first_away = int(at_camera[edges[0]])
    away, holds = lengths_s[1 - first_away :: 2], lengths_s[first_away::2]
    assert 2.5 < holds.mean() < 4.5
    assert 0.8 < away.mean() < 1.5
    assert holds.std() > 0.6, "the lengths vary as people's do"


def test_thinking_looks_up_and_to_a_side() -> None:
    look = minutes("thinking", 3)
    away = look[np.hypot(look[:, 0], look[:, 1]) > 8.0]
    assert (away[:, 1] > 2.0).mean() > 0.97
    assert (np.abs(away[:, 0]) > 3.0).mean() > 0.95


def test_an_answer_at_once_is_given_without_looking_away() -> None:
    changes = (change(0, "listening"), change(48_000, "thinking"), change(57_600, "speaking"))
    look = looks(changes, range(48_000, 100_000, 480))
    assert np.hypot(look[:, 0], look[:, 1]).max() < AT_CAMERA_DEG


@pytest.mark.parametrize("seed", range(8))
def test_the_eyes_are_back_before_the_first_word_is_out(seed: int) -> None:
    changes = (change(0, "thinking"), change(43_200, "speaking"))
    eyes = EyeMotion(seed)
    before, after = eyes.at(changes[:1], 43_199), eyes.at(changes, 43_200 + 4_800)
    assert degrees(hypot(before.yaw, before.pitch)) > 8.0
    assert degrees(hypot(after.yaw, after.pitch)) < AT_CAMERA_DEG


def test_the_eyes_jump_and_hold_and_never_drift() -> None:
    look = looks((change(0, "speaking"),), range(0, 48_000 * 60, 240))
    steps = np.hypot(*np.diff(look[:, :2], axis=0).T)
    # A saccade or two a second of some 30 ms: at rest nearly all the time, and then quite still.
    assert (steps == 0.0).mean() > 0.9
    moving = np.concatenate([[False], steps > 0.0, [False]])
    edges = np.flatnonzero(np.diff(moving.astype(int)))
    begins, ends = edges[::2], edges[1::2]
    assert len(begins) > 40
    for first, last in zip(begins, ends, strict=True):
        size = float(np.hypot(*(look[last] - look[first])[:2]))
        expected_s = SACCADE_S + SACCADE_S_PER_DEG * size
        assert (last - first) * 0.005 == pytest.approx(expected_s, abs=0.011)


def test_small_shifts_within_a_hold_stay_below_a_degree_or_so() -> None:
    look = minutes("listening", 3)
    still = np.append(np.abs(np.diff(look[:, 0])) == 0.0, False)
    held = still & (np.hypot(look[:, 0], look[:, 1]) < AT_CAMERA_DEG)
    assert np.hypot(look[held, 0], look[held, 1]).max() < 1.3
    assert look[held, 0].std() > 0.1


def test_the_head_takes_a_part_in_large_looks_alone() -> None:
    large = np.hypot(*minutes("thinking", 3)[:, 2:].T)
    assert 2.0 < large.max() < 7.0
    held = minutes("listening", 1)[:50]
    assert np.hypot(*held[:, :2].T).max() > 0.0
    assert np.hypot(*held[:, 2:].T).max() == 0.0


def test_the_head_arrives_after_the_eyes_and_without_a_jerk() -> None:
    look = looks((change(0, "thinking"),), range(0, 48_000 * 60, 480))
    assert np.abs(np.diff(look[:, 2:], axis=0)).max() < 0.6


def test_lids_ride_with_the_eyes() -> None:
    assert lids(0.0) == (0.0, 0.0)
    assert lids(-0.2)[0] == pytest.approx(0.2)
    assert lids(0.2)[0] == 0.0
    assert 0.0 < lids(0.2)[1] < 0.3
