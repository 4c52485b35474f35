"""FaceState: one plain vector that anything can carry and anything can draw."""

from __future__ import annotations

import json

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState


def test_parameters_are_the_52_blendshapes_and_then_the_pose() -> None:
    assert len(ARKIT_BLENDSHAPES) == 52
    assert len(PARAMETERS) == len(set(PARAMETERS)) == 60
    assert PARAMETERS[:52] == ARKIT_BLENDSHAPES
    assert all(PARAMETERS[column] == name for name, column in INDEX.items())


def test_what_is_not_named_is_at_rest() -> None:
    state = FaceState.of(jawOpen=0.5, headYaw=-0.1)
    assert state["jawOpen"] == 0.5
    assert state["headYaw"] == pytest.approx(-0.1)
    assert np.count_nonzero(state.values) == 2


def test_a_state_becomes_json_and_back_without_loss() -> None:
    values = np.random.default_rng(1).random(60, np.float32)
    carried = json.loads(json.dumps(FaceState(values).as_dict()))
    assert np.array_equal(FaceState.from_dict(carried).values, values)


def test_nobody_can_write_to_a_state() -> None:
    with pytest.raises(ValueError, match="read-only"):
        FaceState.of().values[0] = 1.0


def test_a_name_that_no_face_has_is_refused() -> None:
    with pytest.raises(KeyError, match="jawOpne"):
        FaceState.of(jawOpne=0.5)


@pytest.mark.parametrize(
    "values", [np.zeros(52, np.float32), np.zeros(60, np.float64), np.zeros((1, 60), np.float32)]
)
def test_a_vector_of_the_wrong_kind_is_refused_with_the_remedy(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"FaceState\.of"):
        FaceState(values)
