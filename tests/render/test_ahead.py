"""Frames drawn ahead: which next, what a slow, failing or hanging renderer costs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.ahead import Ahead, FrameReserve, frame_period
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.timeline import SystemClock

PERIOD = 1600
PICTURE: NDArray[np.uint8] = np.zeros((6, 4), np.uint8)


def fill(reserve: FrameReserve, lead: int = 0) -> list[int]:
    drawn = []
    while (sample := reserve.next_sample(lead)) is not None:
        assert reserve.put(sample, PICTURE, stale=False)
        drawn.append(sample)
    return drawn


def test_the_nearest_frame_is_drawn_first_and_no_more_than_fit() -> None:
    assert fill(FrameReserve(PERIOD, 4)) == [0, PERIOD, 2 * PERIOD, 3 * PERIOD]


def test_taking_a_frame_makes_room_for_one_more() -> None:
    reserve = FrameReserve(PERIOD, 4)
    fill(reserve)
    assert reserve.take(0) is not None
    assert fill(reserve) == [4 * PERIOD]


def test_a_frame_is_given_for_its_own_sample_only() -> None:
    reserve = FrameReserve(PERIOD, 4)
    reserve.put(0, PICTURE, stale=False)
    assert reserve.take(PERIOD) is None
    assert reserve.take(0) is None, "what was passed over is gone"


def test_a_frame_that_comes_late_is_not_kept() -> None:
    reserve = FrameReserve(PERIOD, 4)
    reserve.take(5 * PERIOD)
    assert not reserve.put(5 * PERIOD, PICTURE, stale=False)
    assert reserve.put(6 * PERIOD, PICTURE, stale=False)


def test_stale_frames_are_drawn_again_before_new_ones_and_serve_until_then() -> None:
    reserve = FrameReserve(PERIOD, 4)
    fill(reserve)
    reserve.invalidate(2 * PERIOD)
    assert reserve.next_sample(0) == 2 * PERIOD
    reserve.take(PERIOD)
    assert reserve.take(2 * PERIOD) is not None


def test_a_slow_renderer_aims_at_the_first_frame_that_it_can_reach() -> None:
    reserve = FrameReserve(PERIOD, 4)
    reserve.take(0)
    assert reserve.next_sample(PERIOD) == PERIOD
    assert reserve.next_sample(2 * PERIOD + 1) == 4 * PERIOD


@pytest.mark.parametrize("fps", [9, 61, 29, 0])
def test_a_frame_rate_that_cannot_be_is_named(fps: int) -> None:
    with pytest.raises(ValueError, match=f"got {fps}"):
        frame_period(fps)


def test_frames_begin_at_whole_samples() -> None:
    assert frame_period(30) == PERIOD


class Painter:
    """A renderer that does as the test says."""

    size = (4, 4)
    fps = 30

    def __init__(self, paint: Callable[[Moment], Frames]) -> None:
        self.paint = paint
        self.closed = threading.Event()
        self.drawn: list[int] = []
        self.progress = threading.Condition()

    def render(self, moments: Sequence[Moment]) -> Frames:
        try:
            return self.paint(moments[0])
        finally:
            with self.progress:
                self.drawn.append(moments[0].start)
                self.progress.notify_all()

    def close(self) -> None:
        self.closed.set()

    def wait_for(self, count: int) -> None:
        with self.progress:
            assert self.progress.wait_for(lambda: len(self.drawn) >= count, timeout=10)


def good(moment: Moment) -> Frames:
    return PICTURE[None]


def ahead_of(painter: Painter) -> Ahead:
    return Ahead(
        painter, lambda sample: FaceState.of(), clock=SystemClock(), frames=3, period=PERIOD
    )


def test_frames_wait_before_they_are_due_and_the_renderer_is_closed_at_the_end() -> None:
    painter = Painter(good)
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(3)
    assert ahead.close()
    assert painter.closed.is_set()
    assert painter.drawn == [0, PERIOD, 2 * PERIOD]
    assert ahead.take(0) is not None


def test_a_renderer_that_raises_is_tried_again_and_said_to_fail_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = 0

    def fails_twice(moment: Moment) -> Frames:
        nonlocal calls
        calls += 1
        if calls <= 2:
            raise RuntimeError("no device")
        return PICTURE[None]

    painter = Painter(fails_twice)
    ahead = ahead_of(painter)
    with caplog.at_level(logging.INFO):
        ahead.start()
        painter.wait_for(5)
        ahead.close()
    assert ahead.failures == 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]
    assert "last frame stays" in caplog.text and "is back" in caplog.text


def test_a_picture_of_the_wrong_shape_is_a_failure_that_names_the_right_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    painter = Painter(lambda moment: np.zeros((1, 4, 4), np.uint8))
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(1)
    ahead.close()
    assert "uint8 [6, 4] (I420)" in caplog.text


def test_a_renderer_that_hangs_keeps_nobody_from_closing() -> None:
    release = threading.Event()

    def hangs(moment: Moment) -> Frames:
        release.wait()
        return PICTURE[None]

    ahead = ahead_of(Painter(hangs))
    ahead.start()
    assert not ahead.close(timeout_s=0.05)
    release.set()


def test_it_closes_before_it_starts() -> None:
    assert ahead_of(Painter(good)).close()
