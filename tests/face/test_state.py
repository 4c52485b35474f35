"""FaceState: one plain, read-only vector."""

from __future__ import annotations

import json

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState


def test_parameters_are_blendshapes_then_pose() -> None:
    """There are 52 blendshapes and 8 pose parameters, each with its column."""
    assert len(ARKIT_BLENDSHAPES) == 52
    assert len(PARAMETERS) == len(set(PARAMETERS)) == 60
    assert PARAMETERS[:52] == ARKIT_BLENDSHAPES
    assert all(PARAMETERS[column] == name for name, column in INDEX.items())


def test_parameters_left_out_are_at_rest() -> None:
    """`of` sets what is named and leaves the rest at 0."""
    state = FaceState.of(jawOpen=0.5, headYaw=-0.1)
    assert state["jawOpen"] == 0.5
    assert state["headYaw"] == pytest.approx(-0.1)
    assert np.count_nonzero(state.values) == 2


def test_json_is_lossless() -> None:
    """A face survives JSON bit for bit."""
    values = np.random.default_rng(1).random(60, np.float32)
    carried = json.loads(json.dumps(FaceState(values).as_dict()))
    assert np.array_equal(FaceState.from_dict(carried).values, values)


def test_a_face_is_read_only() -> None:
    """Writing to the values raises."""
    with pytest.raises(ValueError, match="read-only"):
        FaceState.of().values[0] = 1.0


def test_an_unknown_parameter_is_refused() -> None:
    """The error names it."""
    with pytest.raises(KeyError, match="jawOpne"):
        FaceState.of(jawOpne=0.5)


@pytest.mark.parametrize(
    "values", [np.zeros(52, np.float32), np.zeros(60, np.float64), np.zeros((1, 60), np.float32)]
)
def test_a_wrong_vector_is_refused(values: np.ndarray) -> None:
    """The error names the remedy."""
    with pytest.raises(ValueError, match=r"FaceState\.of"):
        FaceState(values)
