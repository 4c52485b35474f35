"""A renderer takes another's place in the middle of what is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.cross_fade import FADE_SAMPLES, CrossFade
from livekit_plugins_avatar.render.prerenderer import Prerenderer
from livekit_plugins_avatar.render.renderer import Frames, Moment, Renderer
from livekit_plugins_avatar.timeline import Timed, seconds

from ..manual_clock import ManualClock

PERIOD = 1600
AHEAD = 6


class Plain:
    """A renderer of one grey, which draws all its pictures into the same memory."""

    def __init__(
        self, grey: int, cost_s: float = 0.01, *, size: tuple[int, int] = (4, 4), fps: int = 30
    ) -> None:
        self.grey, self.cost_s, self.size, self.fps = grey, cost_s, size, fps
        self.closed = 0
        self.memory = np.zeros((1, size[1] * 3 // 2, size[0]), np.uint8)
        self.asked: list[int] = []

    def render(self, moments: Sequence[Moment]) -> Frames:
        self.asked += [moment.start for moment in moments]
        self.memory[:] = self.grey
        return self.memory

    def close(self) -> None:
        self.closed += 1


class Dead(Plain):
    """A renderer that raises."""

    def render(self, moments: Sequence[Moment]) -> Frames:
        raise SystemExit(1)


def moments(*starts: int) -> list[Moment]:
    return [Timed(start, PERIOD, FaceState.of()) for start in starts]


def test_fade() -> None:
    """Pictures go evenly from one renderer to the other, each as its sample says."""
    before, after = Plain(40), Plain(200)
    fade = CrossFade(before, after, 3 * PERIOD)
    starts = [n * PERIOD for n in range(10)]
    greys = [int(picture[0, 0]) for picture in fade.render(moments(*starts))]
    assert greys[:4] == [40] * 4 and greys[7:] == [200] * 3
    assert greys == sorted(greys) and len(set(greys[4:7]) - {40, 200}) == 3
    again = fade.render(moments(*reversed(starts)))
    assert [int(picture[0, 0]) for picture in again] == greys[::-1]


def test_each_draws_only_its_own() -> None:
    """Outside the fade one of the two draws alone."""
    before, after = Plain(40), Plain(200)
    fade = CrossFade(before, after, 0)
    fade.render(moments(0, FADE_SAMPLES))
    assert before.asked == [0] and after.asked == [FADE_SAMPLES]
    fade.close()
    assert before.closed == after.closed == 1


class Showing:
    """Frames that are drawn ahead, and taken when they are due, on one clock."""

    def __init__(self, renderer: Plain) -> None:
        self.clock = ManualClock()
        self.ahead = Prerenderer(
            renderer, lambda _: FaceState.of(), clock=self.clock, frames=AHEAD, period=PERIOD
        )
        self.shown: list[int | None] = []
        """The grey of each frame that was due; None where it was not ready."""

    def run(self, frames: int) -> None:
        until = len(self.shown) + frames
        while len(self.shown) < until:
            left_s = seconds(len(self.shown) * PERIOD) - self.clock.now_s()
            moments = self.ahead.begin() if left_s > 0 else []
            if not moments:
                self.clock.advance(max(0.0, left_s))
                self.take()
                continue
            try:
                drawn = self.ahead.renderer.render(moments)
            except SystemExit:
                self.ahead.fail()
                continue
            self.clock.advance(self.cost_s(self.ahead.renderer))
            while seconds(len(self.shown) * PERIOD) < self.clock.now_s():
                self.take()
            self.ahead.finish(moments, drawn)

    def take(self) -> None:
        frame = self.ahead.take(len(self.shown) * PERIOD)
        self.shown.append(None if frame is None else int(frame[0, 0]))

    def cost_s(self, renderer: Renderer) -> float:
        if isinstance(renderer, CrossFade):
            return self.cost_s(renderer.before) + self.cost_s(renderer.after)
        assert isinstance(renderer, Plain)
        return renderer.cost_s


@pytest.mark.parametrize("cost_s", [0.005, 0.013, 0.024])
def test_exchange(cost_s: float) -> None:
    """No frame is repeated, none goes back, and the renderer before is closed, once."""
    before, after = Plain(40, cost_s), Plain(200, cost_s)
    showing = Showing(before)
    showing.run(30)
    showing.ahead.exchange(after)
    showing.run(30)
    greys = [grey for grey in showing.shown[1:] if grey is not None]
    assert len(greys) == 59, "each frame was ready"
    assert greys == sorted(greys) and greys[30] == 40 and greys[45] == 200
    assert before.closed == 1 and after.closed == 0


def test_exchange_again() -> None:
    """A third renderer that comes during the fade has the last word."""
    first, second, third = Plain(40), Plain(200), Plain(90)
    showing = Showing(first)
    showing.run(10)
    for renderer in (second, third):
        showing.ahead.exchange(renderer)
        showing.run(2)
    showing.run(30)
    assert showing.shown[-1] == 90 and None not in showing.shown[1:]
    assert (first.closed, second.closed, third.closed) == (1, 1, 0)


def test_exchange_of_a_face_that_is_not_seen() -> None:
    """While it rests the next face is there at once, without a fade, and the others are closed."""
    first, second, third = Plain(40), Plain(200), Plain(90)
    showing = Showing(first)
    showing.run(10)
    showing.ahead.rest(40 * PERIOD)
    for renderer in (second, third):
        showing.ahead.exchange(renderer)
    showing.ahead.begin()
    assert (first.closed, second.closed, third.closed) == (1, 1, 0)
    assert showing.ahead.renderer is third


def test_exchange_of_a_dead_renderer() -> None:
    """A renderer that has died can be exchanged for one that draws."""
    showing = Showing(Dead(40))
    showing.run(30)
    showing.ahead.exchange(Plain(200))
    showing.run(30)
    assert showing.shown[:30] == [None] * 30 and showing.shown[-1] == 200


@pytest.mark.parametrize("wrong", [Plain(0, size=(8, 8)), Plain(0, fps=25)])
def test_exchange_for_another_size(wrong: Plain) -> None:
    """A renderer of another size or fps is refused, and both are named."""
    with pytest.raises(ValueError, match=r"4x4 at 30 fps .* (8x8|at 25 fps)"):
        Showing(Plain(40)).ahead.exchange(wrong)


def test_exchange_while_closing() -> None:
    """Nothing is left open: what has been exchanged is closed, what comes later is refused."""
    before, after = Plain(40), Plain(200)
    ahead = Showing(before).ahead
    ahead.exchange(after)
    ahead.start()
    assert ahead.close()
    assert before.closed == after.closed == 1
    with pytest.raises(RuntimeError, match="closed"):
        ahead.exchange(Plain(90))
