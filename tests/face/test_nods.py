"""Nods: one small dip or two, of the head alone."""

from __future__ import annotations

import numpy as np
import pytest

from livekit_plugins_avatar.face.face import Face
from livekit_plugins_avatar.face.nods import APART_SAMPLES, DIP_RAD, DIP_S, Nods
from livekit_plugins_avatar.face.situation import CAMERA, Situation
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import Timeline

SECOND = 48_000
FRAME = SECOND // 30


def silence(start: int, end: int) -> list[VisemeEvent]:
    return [VisemeEvent("sil", start, end - start, 0.0)]


def test_a_nod_is_one_dip_or_two() -> None:
    """Each nod has its own depth, length and number of dips, within the table's ranges."""
    dips = []
    for start in range(SECOND, 60 * SECOND, SECOND):
        nods = Nods(1)
        nods.add(start)
        pitch = np.array([nods.pitch_rad(t) for t in range(start, start + 2 * SECOND, 480)])
        assert pitch.max() <= 0.0
        assert DIP_RAD[0] * 0.99 <= -pitch.min() <= DIP_RAD[1]
        assert pitch[0] == pitch[-1] == 0.0
        # Each dip is one fall.
        falls = np.flatnonzero((pitch[1:-1] < pitch[:-2]) & (pitch[1:-1] <= pitch[2:]))
        dips.append(len(falls))
        moving_s = np.flatnonzero(pitch)[-1] / 100
        assert DIP_S[0] * 0.9 < moving_s / dips[-1] < DIP_S[1] * 1.02
    assert set(dips) == {1, 2}
    assert 0.25 < np.mean(np.array(dips) == 2) < 0.65


def test_a_nod_during_a_nod_is_left_out() -> None:
    """A second nod within the first changes nothing."""
    once, twice = Nods(1), Nods(1)
    for nods in (once, twice):
        nods.add(SECOND)
    twice.add(SECOND + APART_SAMPLES - 1)
    times = range(0, 4 * SECOND, 480)
    assert [once.pitch_rad(t) for t in times] == [twice.pitch_rad(t) for t in times]


def test_a_nod_leaves_the_look_where_it_is() -> None:
    """The eyes compensate for the nod of the head."""
    listening = Timeline(Situation("listening", "listening", CAMERA))
    calm, nodding = (Face(silence, listening, seed=1) for _ in range(2))
    nodding.nod(SECOND)

    def look(state: FaceState) -> float:
        return state["headPitch"] + state["gazePitch"]

    deepest = min(
        nodding.at(t)["headPitch"] - calm.at(t)["headPitch"]
        for t in range(SECOND, 2 * SECOND, FRAME)
    )
    assert deepest < -0.9 * DIP_RAD[0]
    low = SECOND + SECOND // 5
    assert look(calm.at(low)) == pytest.approx(look(nodding.at(low)), abs=1e-6)
