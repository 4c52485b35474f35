"""What counts as a jump of the face."""

from __future__ import annotations

import numpy as np

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.timeline import Timed
from livekit_plugins_avatar.tools.eval.continuity import FRAME_SAMPLES, Observed, jumps

PERIOD = FRAME_SAMPLES


def faces(*jaws: float | None, period: int = PERIOD) -> dict[int, FaceState]:
    """A face for each frame, or none."""
    return {period * n: FaceState.of(jawOpen=jaw) for n, jaw in enumerate(jaws) if jaw is not None}


def test_a_move_within_a_frames_motion_is_none_and_one_beyond_it_is() -> None:
    assert jumps(faces(0.0, 0.3, 0.6), PERIOD) == []
    [jump] = jumps(faces(0.0, 0.1, 0.6), PERIOD)
    assert jump.sample == 2 * PERIOD and jump.name == "jawOpen"
    assert abs(jump.moved - 0.5) < 1e-6


def test_a_slow_parameter_may_move_less() -> None:
    turned = {0: FaceState.of(), PERIOD: FaceState.of(headYaw=0.2)}
    assert [jump.name for jump in jumps(turned, PERIOD)] == ["headYaw"]


def test_longer_frames_may_hold_more_motion() -> None:
    assert jumps(faces(0.0, 0.4, period=2 * PERIOD), 2 * PERIOD) == []


def test_over_a_frame_that_was_not_drawn_nothing_can_be_said() -> None:
    assert jumps(faces(0.0, None, 0.9), PERIOD) == []
    assert jumps({}, PERIOD) == []


def test_the_observer_notes_what_it_lets_another_draw() -> None:
    class Still:
        size = (2, 4)
        fps = 30

        def render(self, moments: list[Moment]) -> Frames:
            return np.zeros((len(moments), 6, 2), np.uint8)

        def close(self) -> None:
            self.closed = True

    still, face = Still(), FaceState.of(jawOpen=0.5)
    observed = Observed(still)  # type: ignore[arg-type]
    assert (observed.size, observed.fps) == (still.size, still.fps)
    assert observed.render([Timed(7, PERIOD, face)]).shape == (1, 6, 2)
    observed.close()
    assert observed.faces == {7: face} and still.closed
