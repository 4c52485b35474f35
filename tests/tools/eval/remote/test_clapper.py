"""A worker tells how its flashes lie to the beeps that another process makes."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.audio.placement import Run
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools.eval.clapper import FRAME_SAMPLES, Clapper
from livekit_plugins_avatar.tools.eval.remote.clapper_worker import LAG, TellingClapper

PHASE = 300
"""Samples from the beginning of a frame to that of the speech."""


def test_the_lag_is_told_once_for_each_beep(capsys: pytest.CaptureFixture[str]) -> None:
    clapper = Clapper(6.0)
    renderer = TellingClapper(clapper)
    renderer.runs = lambda _start, _end: [Run(PHASE, 0, clapper.length)]
    for start in range(0, clapper.length, FRAME_SAMPLES):
        renderer.render([Timed(start, FRAME_SAMPLES, FaceState.of())])
    told = capsys.readouterr().out.splitlines()
    assert told == [f"{LAG}{-PHASE}"] * len(clapper.onsets)
