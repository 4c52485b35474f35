"""Eye motion: holds on the target, short glances away, jumps and no drift."""

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
def test_the_share_of_looks_is_that_of_the_state(state: str, least: float, most: float) -> None:
    """Over minutes, the eyes meet the camera for the share of the table."""
    look = minutes(state, 5)
    assert least < (np.hypot(look[:, 0], look[:, 1]) < AT_CAMERA_DEG).mean() < most


def test_holds_last_seconds_and_glances_about_one() -> None:
    """Lengths of looks vary around the means of the table."""
    at_camera = np.hypot(*minutes("speaking", 5)[:, :2].T) < AT_CAMERA_DEG
    edges = np.flatnonzero(np.diff(at_camera.astype(int)))
    lengths_s = np.diff(edges) / 30
    first_away = int(at_camera[edges[0]])
    away, holds = lengths_s[1 - first_away :: 2], lengths_s[first_away::2]
    assert 2.5 < holds.mean() < 4.5
    assert 0.8 < away.mean() < 1.5
    assert holds.std() > 0.6, "the lengths vary as people's do"


def test_thinking_looks_up_and_to_a_side() -> None:
    """Nearly all looks away in thought go up and aside."""
    look = minutes("thinking", 3)
    away = look[np.hypot(look[:, 0], look[:, 1]) > 8.0]
    assert (away[:, 1] > 2.0).mean() > 0.97
    assert (np.abs(away[:, 0]) > 3.0).mean() > 0.95


def test_an_immediate_answer_keeps_the_look() -> None:
    """A thought of 0.2 s draws no look away."""
    changes = (change(0, "listening"), change(48_000, "thinking"), change(57_600, "speaking"))
    look = looks(changes, range(48_000, 100_000, 480))
    assert np.hypot(look[:, 0], look[:, 1]).max() < AT_CAMERA_DEG


@pytest.mark.parametrize("seed", range(8))
def test_the_eyes_are_back_for_the_first_word(seed: int) -> None:
    """Within 100 ms of speaking the eyes are at the camera."""
    changes = (change(0, "thinking"), change(43_200, "speaking"))
    eyes = EyeMotion(seed)
    before, after = eyes.at(changes[:1], 43_199), eyes.at(changes, 43_200 + 4_800)
    assert degrees(hypot(before.yaw, before.pitch)) > 8.0
    assert degrees(hypot(after.yaw, after.pitch)) < AT_CAMERA_DEG


def test_the_eyes_jump_and_never_drift() -> None:
    """Eyes are at rest nine tenths of the time, and saccades take as long as people's."""
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


def test_shifts_within_a_hold_are_small() -> None:
    """Fixational shifts stay below a degree or so, and are there."""
    look = minutes("listening", 3)
    still = np.append(np.abs(np.diff(look[:, 0])) == 0.0, False)
    held = still & (np.hypot(look[:, 0], look[:, 1]) < AT_CAMERA_DEG)
    assert np.hypot(look[held, 0], look[held, 1]).max() < 1.3
    assert look[held, 0].std() > 0.1


def test_the_head_joins_large_looks_only() -> None:
    """The head follows glances in thought, and keeps still during a hold."""
    large = np.hypot(*minutes("thinking", 3)[:, 2:].T)
    assert 2.0 < large.max() < 7.0
    held = minutes("listening", 1)[:50]
    assert np.hypot(*held[:, :2].T).max() > 0.0
    assert np.hypot(*held[:, 2:].T).max() == 0.0


def test_the_head_moves_without_a_jerk() -> None:
    """The head turns by less than 0.6 degrees in 10 ms."""
    look = looks((change(0, "thinking"),), range(0, 48_000 * 60, 480))
    assert np.abs(np.diff(look[:, 2:], axis=0)).max() < 0.6


def test_lids_follow_the_eyes() -> None:
    """Looking down lowers the lids, looking up raises them."""
    assert lids(0.0) == (0.0, 0.0)
    assert lids(-0.2)[0] == pytest.approx(0.2)
    assert lids(0.2)[0] == 0.0
    assert 0.0 < lids(0.2)[1] < 0.3
