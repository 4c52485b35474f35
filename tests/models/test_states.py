"""The faces that personas learn from and are judged by."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face import limits
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS
from models.personas.states import (
    EYE_AXES,
    GAZE_LIMIT_RAD,
    MOUTH_AXES,
    POSE_AXES,
    POSE_LIMITS,
    REGIONS,
    Region,
    face,
)

MANY = 300


def drawn(region: Region) -> np.ndarray:
    return np.stack([face("train", region, index).values for index in range(MANY)])


def test_the_same_number_is_the_same_face_however_many_are_drawn() -> None:
    later = [face("train", "mouth", index) for index in (7, 3)]
    assert np.array_equal(later[1].values, face("train", "mouth", 3).values)
    assert not np.array_equal(later[0].values, later[1].values)


@pytest.mark.parametrize("region", REGIONS)
def test_no_face_that_judges_was_learnt_from(region: Region) -> None:
    learnt = {face("train", region, index).values.tobytes() for index in range(1, MANY)}
    judging = {face("truth", region, index).values.tobytes() for index in range(1, MANY)}
    assert not learnt & judging


@pytest.mark.parametrize("region", REGIONS)
def test_the_first_face_is_the_one_at_rest(region: Region) -> None:
    assert not face("truth", region, 0).values.any()


@pytest.mark.parametrize(("region", "axes"), [("mouth", MOUTH_AXES), ("eyes", EYE_AXES)])
def test_crops_move_every_axis_of_their_region_and_no_other(
    region: Region, axes: tuple[str, ...]
) -> None:
    moved = {PARAMETERS[column] for column in np.flatnonzero(drawn(region).any(axis=0))}
    gaze = {name for name in axes if name.startswith("eyeLook")}
    assert moved | gaze == set(axes)


def test_whole_faces_turn_to_every_side_up_to_the_limits() -> None:
    pose = drawn("whole")[:, [INDEX[name] for name in POSE_AXES]] / POSE_LIMITS
    assert np.all(np.abs(pose) <= 1 + 1e-6)
    assert np.all(pose.max(axis=0) > 0.8)
    assert np.all(pose.min(axis=0) < -0.8)


@pytest.mark.parametrize("region", REGIONS)
def test_faces_stay_within_what_a_face_state_may_be(region: Region) -> None:
    values = drawn(region)
    weights = values[:, : len(ARKIT_BLENDSHAPES)]
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert np.abs(values[:, [INDEX["gazeYaw"], INDEX["gazePitch"]]]).max() <= GAZE_LIMIT_RAD + 1e-6


def test_a_persona_learns_all_that_the_face_may_do() -> None:
    assert (limits.HEAD_LIMITS <= POSE_LIMITS + 1e-12).all()
    assert limits.GAZE_LIMIT_RAD <= GAZE_LIMIT_RAD
