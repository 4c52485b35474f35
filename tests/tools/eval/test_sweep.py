"""What pops in a slow movement is told from what moves evenly and from what cannot be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.tools.eval.sweep import STEPS, sweep, telling

RAMP = np.linspace(20, 120, 64 * 64).reshape(64, 64)
"""Every pixel lies somewhere else between two levels, so that a slow change shows at every step."""


class Shades:
    """Draws a ramp that a function of the face makes brighter."""

    size = (64, 64)
    fps = 30

    def __init__(self, brighter: Callable[[FaceState], float]) -> None:
        self._brighter = brighter

    def render(self, moments: Sequence[Moment]) -> Frames:
        frames = np.full((len(moments), 96, 64), 128, np.uint8)
        for frame, moment in zip(frames, moments, strict=True):
            frame[:64] = np.floor(RAMP + self._brighter(moment.value))
        return frames

    def close(self) -> None:
        pass


def test_an_even_movement_has_steps_alike() -> None:
    seen = sweep(Shades(lambda face: 45 * face["jawOpen"]), "jawOpen")
    assert seen.changes.shape == (STEPS,)
    assert seen.changes.mean() == pytest.approx(0.5, rel=0.02)
    assert seen.ratio < 1.2


def test_a_pop_stands_out() -> None:
    seen = sweep(Shades(lambda face: 45 * face["jawOpen"] + 5 * (face["jawOpen"] > 0.5)), "jawOpen")
    assert seen.ratio == pytest.approx(11, rel=0.1)


def test_a_pose_is_swept_to_both_sides() -> None:
    values: list[float] = []

    def brighter(face: FaceState) -> float:
        values.append(face["headYaw"])
        return 0.0

    sweep(Shades(brighter), "headYaw")
    assert (values[0], values[-1]) == pytest.approx((-0.21, 0.21))


def test_what_8_bits_cannot_show_is_left_out_and_the_worst_comes_first() -> None:
    def brighter(face: FaceState) -> float:
        pops = 20 * face["jawOpen"] + 2 * (face["jawOpen"] > 0.5)
        return pops + 30 * face["mouthLeft"] + 0.01 * face["mouthRight"]

    seen = telling(Shades(brighter), ["mouthLeft", "mouthRight", "jawOpen", "tongueOut"])
    assert [each.parameter for each in seen] == ["jawOpen", "mouthLeft"]
