"""Frames drawn ahead: which next, what a slow, failing or hanging renderer costs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.face.articulation import (
    REACH_AFTER_SAMPLES,
    REACH_BEFORE_SAMPLES,
    mouth_at,
)
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, PARAMETERS, FaceState
from livekit_plugins_avatar.render import prerenderer
from livekit_plugins_avatar.render.frame_buffer import FrameBuffer
from livekit_plugins_avatar.render.frame_priority import CLOSED, opening
from livekit_plugins_avatar.render.prerenderer import (
    FIRST_RETRY_S,
    LAST_RETRY_S,
    Prerenderer,
    frame_period,
)
from livekit_plugins_avatar.render.renderer import Frames, Moment
from livekit_plugins_avatar.render.turns import Turns
from livekit_plugins_avatar.speech.schedule import VisemeSchedule
from livekit_plugins_avatar.speech.visemes import VisemeEvent
from livekit_plugins_avatar.timeline import SystemClock, samples, seconds
from livekit_plugins_avatar.tools.eval.faults.renderer import FaultyRenderer, RendererDied
from livekit_plugins_avatar.tools.eval.faults.script import Fault, each, now_and_then

from ..manual_clock import ManualClock

PERIOD = 1600
PICTURE: NDArray[np.uint8] = np.zeros((6, 4), np.uint8)


def fill(buffer: FrameBuffer, lead: int = 0) -> list[int]:
    drawn = []
    while (sample := next(iter(buffer.reachable(lead)), None)) is not None:
        assert buffer.put(sample, PICTURE, stale=False)
        drawn.append(sample)
    return drawn


def test_order() -> None:
    """The nearest frame is drawn first, and no more than fit."""
    assert fill(FrameBuffer(PERIOD, 4)) == [0, PERIOD, 2 * PERIOD, 3 * PERIOD]


def test_take() -> None:
    """Taking a frame makes room for one more."""
    buffer = FrameBuffer(PERIOD, 4)
    fill(buffer)
    assert buffer.take(0) is not None
    assert fill(buffer) == [4 * PERIOD]


def test_own_sample() -> None:
    """A frame is returned for its own sample only."""
    buffer = FrameBuffer(PERIOD, 4)
    buffer.put(0, PICTURE, stale=False)
    assert buffer.take(PERIOD) is None
    assert buffer.take(0) is None, "what was passed over is gone"


def test_late_frame() -> None:
    """A frame that comes late is not kept."""
    buffer = FrameBuffer(PERIOD, 4)
    buffer.take(5 * PERIOD)
    assert not buffer.put(5 * PERIOD, PICTURE, stale=False)
    assert buffer.put(6 * PERIOD, PICTURE, stale=False)


def test_stale() -> None:
    """Stale frames are redrawn before new ones are drawn, and are returned until then."""
    buffer = FrameBuffer(PERIOD, 4)
    fill(buffer)
    buffer.invalidate(2 * PERIOD)
    assert buffer.reachable(0)[0] == 2 * PERIOD
    buffer.take(PERIOD)
    assert buffer.take(2 * PERIOD) is not None


def test_slow_renderer() -> None:
    """A slow renderer begins the first frame that it can reach."""
    buffer = FrameBuffer(PERIOD, 4)
    buffer.take(0)
    assert buffer.reachable(PERIOD)[0] == PERIOD
    assert buffer.reachable(2 * PERIOD + 1)[0] == 4 * PERIOD


@pytest.mark.parametrize("fps", [9, 61, 29, 0])
def test_wrong_fps(fps: int) -> None:
    """An impossible frame rate is refused and named."""
    with pytest.raises(ValueError, match=f"got {fps}"):
        frame_period(fps)


def test_period() -> None:
    """Frames begin at whole samples."""
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


def ahead_of(painter: Painter) -> Prerenderer:
    return Prerenderer(
        painter, lambda sample: FaceState.of(), clock=SystemClock(), frames=3, period=PERIOD
    )


def test_buffered() -> None:
    """Frames are ready before they are due, and the renderer is closed at the end."""
    painter = Painter(good)
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(3)
    assert ahead.close()
    assert painter.closed.is_set()
    assert painter.drawn == [0, PERIOD, 2 * PERIOD]
    assert ahead.take(0) is not None


def test_renderer_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A renderer that raises is tried again, and its failure is logged once."""
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
    assert "keep the last frame" in caplog.text and "is back" in caplog.text


def test_wrong_shape(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A picture of the wrong shape is a failure that names the right one."""
    painter = Painter(lambda moment: np.zeros((1, 4, 4), np.uint8))
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(1)
    ahead.close()
    assert "uint8 [1, 6, 4] (I420)" in caplog.text


def test_reused_buffer() -> None:
    """A renderer may draw into the same memory again: frames keep what they showed."""
    canvas = np.zeros((1, 6, 4), np.uint8)

    def paint(moment: Moment) -> Frames:
        canvas[:] = moment.start // PERIOD
        return canvas

    painter = Painter(paint)
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(3)
    ahead.close()
    frames = [ahead.take(n * PERIOD) for n in range(3)]
    assert [int(frame[0, 0]) for frame in frames if frame is not None] == [0, 1, 2]


@pytest.mark.parametrize("error", [RuntimeError("no face"), SystemExit(1)])
def test_compose_raises_once(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """The thread lives on, the failure is counted, and the log does not blame the renderer."""
    errors = [error]

    def compose(sample: int) -> FaceState:
        if errors:
            raise errors.pop()
        return FaceState.of()

    painter = Painter(good)
    ahead = Prerenderer(painter, compose, clock=SystemClock(), frames=3, period=PERIOD)
    with caplog.at_level(logging.INFO):
        ahead.start()
        painter.wait_for(3)
        ahead.close()
    assert ahead.failures == 1
    assert "the face failed" in caplog.text and "the face is back" in caplog.text
    assert "renderer failed" not in caplog.text


def test_renderer_exits() -> None:
    """A renderer that raises SystemExit is tried again like any other."""
    calls = 0

    def exits_once(moment: Moment) -> Frames:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise SystemExit(1)
        return PICTURE[None]

    painter = Painter(exits_once)
    ahead = ahead_of(painter)
    ahead.start()
    painter.wait_for(3)
    assert ahead.close()
    assert ahead.failures == 1 and painter.closed.is_set()


def test_batch_changes() -> None:
    """A renderer that falls back from a GPU to the CPU is asked for fewer pictures at a time."""
    canvas = Canvas(COST_S, batch=4)
    ahead = Prerenderer(
        canvas, lambda _: FaceState.of(), clock=ManualClock(), frames=6, period=PERIOD
    )
    assert len(ahead.begin()) == 4
    canvas.batch = 1
    assert len(ahead.begin()) == 1


def test_close_while_hanging() -> None:
    """Closing does not wait for a renderer that hangs."""
    release = threading.Event()

    def hangs(moment: Moment) -> Frames:
        release.wait()
        return PICTURE[None]

    ahead = ahead_of(Painter(hangs))
    ahead.start()
    assert not ahead.close(timeout_s=0.05)
    release.set()


def test_close_first() -> None:
    """It closes before it starts."""
    assert ahead_of(Painter(good)).close()


class Canvas:
    """A renderer that takes the time it is told to, and says so instead of taking it."""

    size = (4, 4)
    fps = 30

    def __init__(self, cost_s: float, *, batch: int = 1) -> None:
        self.cost_s = cost_s
        self.batch = batch

    def render(self, moments: Sequence[Moment]) -> Frames:
        return np.stack([PICTURE] * len(moments))

    def close(self) -> None:
        pass


class Screening:
    """Frames drawn ahead and taken when they are due, both on one manual clock.

    The renderer works beside the taking, as on a thread of its own, and in no time of the test's.

    Attributes:
        shown: The media time in seconds of each frame that was there when it was due.
    """

    def __init__(
        self,
        canvas: Canvas,
        script: Sequence[Fault] = (),
        compose: Callable[[int], FaceState] = lambda _: FaceState.of(),
        frames: int = 6,
        wrapped: bool = True,
    ) -> None:
        self.clock = ManualClock()
        self.canvas = canvas
        self.stall_s = 0.0
        self.renderer = FaultyRenderer(canvas, script, pause=self._stall)
        self.ahead = Prerenderer(
            self.renderer if wrapped else canvas,
            compose,
            clock=self.clock,
            frames=frames,
            period=PERIOD,
        )
        self.shown: list[float] = []
        self.depth: list[int] = []
        self._due = 0
        self._work: tuple[float, list[Moment], Frames | None] | None = None

    def _stall(self, length_s: float) -> None:
        self.stall_s = length_s

    def run(self, until_s: float, step_s: float = 0.004) -> None:
        while self.clock.now_s() < until_s:
            self._draw()
            if samples(self.clock.now_s()) >= self._due:
                if self.ahead.take(self._due) is not None:
                    self.shown.append(seconds(self._due))
                self.depth.append(self.ahead.ready)
                self._due += PERIOD
            ends_s = self._work[0] if self._work is not None else until_s
            step_to_s = min(ends_s, seconds(self._due), self.clock.now_s() + step_s)
            self.clock.advance(max(0.0002, step_to_s - self.clock.now_s()))

    def _draw(self) -> None:
        if self._work is None:
            moments = self.ahead.begin()
            if not moments:
                return
            self.stall_s = 0.0
            try:
                frames = self.renderer.render(moments)
            except RendererDied:
                frames = None
            ends_s = self.clock.now_s() + self.canvas.cost_s + self.stall_s
            self._work = ends_s, moments, frames
        ends_s, moments, frames = self._work
        if self.clock.now_s() >= ends_s - 1e-9:
            self._work = None
            if frames is None:
                self.ahead.fail()
            else:
                self.ahead.finish(moments, frames)

    def dark_s(self, begin_s: float, end_s: float) -> float:
        """The longest stretch in [begin_s, end_s] without a new frame."""
        inside = [at_s for at_s in self.shown if begin_s <= at_s <= end_s]
        return float(np.diff([begin_s, *inside, end_s]).max())


COST_S = 0.008
"""What a frame costs on one thread (`livekit-avatar bench`)."""
FRAME_S = seconds(PERIOD)


def test_short_stalls() -> None:
    """Viewers do not see stalls of 80 ms."""
    script = now_and_then("stall", mean_s=2.0, length_s=0.08, until_s=60.0, seed=3)
    screening = Screening(Canvas(COST_S), script)
    screening.run(60.0)
    assert screening.renderer.stalls >= 20
    assert screening.dark_s(0.2, 59.9) == pytest.approx(FRAME_S, abs=1e-6)


def test_long_stalls() -> None:
    """Stalls of 400 ms cost no more than what the buffer lacks, and are made up for."""
    screening = Screening(Canvas(COST_S), each("stall", every_s=3.0, length_s=0.4, until_s=30.0))
    screening.run(30.0)
    # Six frames are ready, or in the making, when the renderer stalls.
    assert screening.dark_s(0.2, 29.9) <= 0.4 + COST_S - 5 * FRAME_S + 2 * FRAME_S
    assert len(screening.shown) >= 0.9 * 30 * 30


def test_refill() -> None:
    """The buffer refills faster than real time after a stall."""
    screening = Screening(Canvas(COST_S), [Fault(3.0, "stall", 5.0)])
    screening.run(10.0)
    back = next(n for n, at_s in enumerate(screening.shown) if at_s > 4.0)
    back_s = screening.shown[back]
    # The stalled frame was drawn before it was due: the stall ends 5 s after that.
    assert back_s <= 8.0 + COST_S + 2 * FRAME_S
    assert screening.depth[round((back_s + 0.1) / FRAME_S)] >= 5, "full again 0.1 s later"
    assert screening.dark_s(back_s, 9.9) == pytest.approx(FRAME_S, abs=1e-6)


def test_batch_refill() -> None:
    """A renderer that draws many pictures together fills the buffer in one go."""
    screening = Screening(Canvas(0.03, batch=32), [Fault(3.0, "stall", 1.0)])
    screening.run(6.0)
    back_s = next(at_s for at_s in screening.shown if at_s > 3.5)
    assert screening.depth[round(back_s / FRAME_S) + 1] >= 4
    assert screening.dark_s(back_s, 5.9) == pytest.approx(FRAME_S, abs=1e-6)


def test_deaths() -> None:
    """A renderer that dies twenty times is seen within a second of each return."""
    # Lengths that end anywhere between two attempts.
    deaths = [Fault(6.0 * n + 1.0, "death", 3.0 + 0.037 * n) for n in range(20)]
    screening = Screening(Canvas(COST_S), deaths)
    screening.run(130.0)
    for death in deaths:
        returned_s = death.at_s + death.length_s
        back_s = next(at_s for at_s in screening.shown if at_s >= returned_s)
        assert back_s - returned_s <= LAST_RETRY_S + COST_S + 2 * FRAME_S < 1.0
    asked_a_second = screening.ahead.failures / sum(death.length_s for death in deaths)
    assert asked_a_second <= 1 / LAST_RETRY_S + 1 / FIRST_RETRY_S / 3.0, "it is not pestered"


def test_own_moment() -> None:
    """What `take` gives for a sample was begun for it, whatever happened in between."""
    script = now_and_then("stall", mean_s=0.5, length_s=0.3, until_s=30.0, seed=1)
    drawn: list[int] = []
    screening = Screening(Canvas(0.05), script)
    finish = screening.ahead.finish

    def noted(moments: Sequence[Moment], frames: Frames) -> None:
        drawn.extend(moment.start for moment in moments)
        finish(moments, frames)

    screening.ahead.finish = noted  # type: ignore[method-assign]
    screening.run(30.0)
    assert {samples(at_s) for at_s in screening.shown} <= set(drawn)
    assert screening.ahead.ready <= 12, "bounded: what is near, and what a late renderer aims at"


SOUNDS = ["aa", "E", "O", "I", "DD", "kk", "RR", "nn"]


def babble(seed: int, length_s: float) -> tuple[list[VisemeEvent], Callable[[int], FaceState]]:
    """Words of two to four sounds with a p, b or m between them; and the face that says them."""
    chance = np.random.default_rng(seed)
    schedule, sample = VisemeSchedule(), 0
    while sample < samples(length_s):
        word = [str(viseme) for viseme in chance.choice(SOUNDS, chance.integers(2, 5))]
        for viseme in [*word, "PP"]:
            lasts_s = 0.07 if viseme == "PP" else chance.uniform(0.06, 0.16)
            event = VisemeEvent(viseme, sample, samples(lasts_s), 0.8)
            schedule.revise([event])
            sample = event.end
    events = schedule.between(0, sample)

    def compose(at: int) -> FaceState:
        near = schedule.between(at - REACH_BEFORE_SAMPLES, at + REACH_AFTER_SAMPLES)
        first = near[0].start if near else at
        before = VisemeEvent("sil", first - samples(1.0), samples(1.0), 0.0)
        after = VisemeEvent("sil", near[-1].end if near else at, samples(1.0), 0.0)
        values = np.zeros(len(PARAMETERS), np.float32)
        values[: len(ARKIT_BLENDSHAPES)] = mouth_at([before, *near, after], at)
        return FaceState(values)

    return [event for event in events if event.viseme == "PP"], compose


@pytest.mark.parametrize("frames_of_time", [3, 4])
def test_closures(frames_of_time: int) -> None:
    """A renderer too slow for every frame draws the closures of the lips."""
    length_s = 30.0
    closures, compose = babble(5, length_s)
    screening = Screening(Canvas(frames_of_time * FRAME_S - 0.004), compose=compose)
    screening.run(length_s)
    assert len(screening.shown) >= 0.9 * length_s / FRAME_S / frames_of_time, "none is wasted"

    def met(times: Sequence[float]) -> float:
        """The share of closures at whose height a picture with closed lips is on the screen."""
        at = np.array(times)
        heights = [seconds(event.start + event.duration // 2) for event in closures[2:-2]]
        on_screen = [at[np.searchsorted(at, height, "right") - 1] for height in heights]
        return float(np.mean([opening(compose(samples(t))) < CLOSED for t in on_screen]))

    blind = met([FRAME_S * n for n in range(0, round(length_s / FRAME_S), frames_of_time)])
    assert met(screening.shown) >= blind + 0.2, (met(screening.shown), blind)


class Portrait(Canvas):
    """A renderer that draws the same picture for the same face, and notes for which samples."""

    face_only = True

    def __init__(self) -> None:
        super().__init__(COST_S)
        self.drawn: list[int] = []

    def render(self, moments: Sequence[Moment]) -> Frames:
        self.drawn += [moment.start for moment in moments]
        return super().render(moments)


def blinks_at(sample: int) -> FaceState:
    """A face that breathes too little to be seen, and closes its eyes for one frame."""
    return FaceState.of(headY=1e-4 * (sample // PERIOD % 2), eyeBlinkLeft=sample == 20 * PERIOD)


def test_a_face_that_looks_the_same_is_not_drawn_again() -> None:
    """Its frames are there all the same, and what moves is drawn in its own frame."""
    portrait = Portrait()
    screening = Screening(portrait, compose=blinks_at, wrapped=False)
    screening.run(1.0)
    assert portrait.drawn == [0, 20 * PERIOD, 21 * PERIOD]
    assert screening.dark_s(0.1, 0.9) == pytest.approx(FRAME_S, abs=1e-6)


def test_a_renderer_that_may_know_more_than_the_face_draws_every_frame() -> None:
    """As long as it does not say otherwise."""
    portrait = Portrait()
    screening = Screening(portrait, compose=blinks_at)
    screening.run(1.0)
    assert len(portrait.drawn) >= 30


def test_a_face_without_a_viewer_is_not_drawn() -> None:
    """Whatever changes; with a viewer, the next frames are."""
    ahead = Prerenderer(Canvas(COST_S), blinks_at, clock=ManualClock(), frames=6, period=PERIOD)
    ahead.rest(10 * PERIOD)
    ahead.invalidate(0)
    assert not ahead.begin()
    assert ahead.take(11 * PERIOD) is None
    assert [moment.start for moment in ahead.begin()] == [12 * PERIOD]


def test_a_face_whose_turn_does_not_come_yields_its_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But for the first: a face that has come is to be seen. It closes all the same."""
    monkeypatch.setattr(prerenderer, "LIGHT_S", 0.0)
    turns, painter = Turns(ManualClock(), cores=1), Painter(good)
    with turns.turn(-1.0, lambda: False):
        ahead = Prerenderer(
            painter,
            lambda _: FaceState.of(),
            clock=ManualClock(),
            frames=3,
            period=PERIOD,
            turns=turns,
        )
        ahead.start()
        sample = 0
        while not ahead.yielded:
            ahead.take(sample)
            sample += PERIOD
        assert ahead.close()
    assert len(painter.drawn) == 1


@pytest.mark.parametrize("late", [False, True])
def test_a_slow_renderer_chooses_among_faces_unless_sound_comes_late(late: bool) -> None:
    """Each face that it could draw is composed once; where sound comes late, only one is."""
    turns, composed = Turns(ManualClock(), cores=1), list[int]()

    def compose(sample: int) -> FaceState:
        composed.append(sample)
        return blinks_at(sample)

    ahead = Prerenderer(
        Canvas(COST_S), compose, clock=ManualClock(), frames=6, period=PERIOD, turns=turns
    )
    ahead._cycles_s.append(3 * seconds(PERIOD))
    if late:
        turns.voice_late()
    assert len(ahead.begin()) == 1
    assert composed == [0] if late else composed == [0, PERIOD, 2 * PERIOD]
