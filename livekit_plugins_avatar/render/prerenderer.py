"""Renders frames ahead of the playhead, each for exactly one sample.

It knows how long drawing takes and begins no frame that would come too late. Where drawing is
slower than real time it draws the frames with the highest priority. A renderer that is slow, hangs
or raises costs frames, never sound.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from statistics import median
from time import thread_time

import numpy as np
from numpy.typing import NDArray

from ..face.state import FaceState
from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, Timed, samples, seconds
from .cross_fade import FADE_SAMPLES, CrossFade
from .frame_buffer import FrameBuffer
from .frame_priority import highest_priority, looks_like
from .renderer import Frames, Moment, Renderer
from .turns import Turns

FIRST_RETRY_S, LAST_RETRY_S = 0.1, 0.5
"""After a failure drawing is tried again after the first, then twice as long each time up to the
last: a renderer that recovers is seen within a second."""

HUNG_S = 2.0
"""A renderer that has not answered for this long is logged as hanging."""

COSTS = 5
"""The frame cost is the median of this many draws, so that one or two stalls do not count."""

LIGHT_S = 0.002
"""A renderer that takes less of the processor for a picture, because a GPU or another process
draws, needs no turn; nor does a first picture: a face that has come is to be seen."""

FORGET_S = 1.0
"""How often a face that rests is composed all the same: what no frame can show is forgotten then.
"""

FACE, RENDERER, HUNG, ITSELF = "the face", "the renderer", "the hung renderer", "the prerenderer"
"""What can fail."""


class Prerenderer:
    """Draws frames on a thread of its own; `frames` of them are kept ready, `period` samples apart.

    The thread calls the renderer and `compose`, which returns the face at a sample. It repeats
    `begin`, the renderer's own work, and `finish` or `fail`; a simulation can do so without it.
    """

    def __init__(
        self,
        renderer: Renderer,
        compose: Callable[[int], FaceState],
        *,
        clock: Clock,
        frames: int,
        period: int,
        turns: Turns | None = None,
    ) -> None:
        self.period = period
        self.renderer = renderer
        """That at work; `exchange` sets another."""
        self._successors: deque[Renderer] = deque()
        self._turns = turns
        self._compose = compose
        self._clock = clock
        self._buffer = FrameBuffer(period, frames)
        self._changed = threading.Condition()
        self._changed_from = math.inf
        """Since drawing began, the face has changed from this sample on."""
        self._closing = False
        self._resting = False
        self._taken_s = clock.now_s()
        """When a frame was taken last."""
        self._costs_s: deque[float] = deque(maxlen=COSTS)
        self._cycles_s: deque[float] = deque(maxlen=COSTS)
        """The same with the time that was spent waiting for a turn."""
        self._waiting, self._light = False, True
        """Whether it waits for a turn; whether the next picture needs none."""
        self._busy_since_s = math.inf
        self._failing: set[str] = set()
        """What has failed since the last frame, and been logged."""
        self._retry_s = 0.0
        self._retry_at_s = 0.0
        self._last_face: FaceState | None = None
        """What the last picture that was begun will show."""
        self._drawn: tuple[FaceState, NDArray[np.uint8]] | None = None
        """The last picture, and the face on it."""
        self.late = 0
        """Frames that were drawn too late."""
        self.yielded = 0
        """Frames that were missed because other faces or the voice came first."""
        self.failures = 0
        """How often composing or drawing raised."""
        self._thread = threading.Thread(target=self._run, name="avatar-render", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def ready(self) -> int:
        """How many frames are buffered."""
        return len(self._buffer)

    @property
    def ready_s(self) -> float:
        """The same, in seconds of media."""
        return self.ready * self.period / SAMPLE_RATE

    @property
    def frame_cost_s(self) -> float:
        """How long drawing takes at present; 0 before the first frame."""
        return median(self._costs_s) if self._costs_s else 0.0

    @property
    def counts(self) -> dict[str, int]:
        """What it has counted, by the names of `AvatarStats`."""
        return {
            "frames_late": self.late,
            "frames_yielded": self.yielded,
            "render_failures": self.failures,
        }

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """Return the frame for `sample`, uint8 [H * 3 / 2, W], or None if it is not ready."""
        with self._changed:
            frame = self._buffer.take(sample)
            self.yielded += frame is None and self._waiting
            self._resting, self._taken_s = False, self._clock.now_s()
            self._changed.notify()
        busy_s = self._clock.now_s() - self._busy_since_s
        if busy_s >= HUNG_S and HUNG not in self._failing:
            self._failing.add(HUNG)
            logger.error(
                "prerenderer: the renderer has not answered for %.1f s; viewers keep the last "
                "frame, the voice goes on",
                busy_s,
            )
        return frame

    def rest(self, sample: int) -> None:
        """Draw nothing until the next `take`: no viewer watches the frame for `sample`."""
        with self._changed:
            self._buffer.take(sample)
            self._resting = True

    def invalidate(self, sample: int) -> None:
        """Redraw frames from `sample` on, because the face has changed."""
        with self._changed:
            self._buffer.invalidate(sample)
            self._changed_from = min(self._changed_from, sample)
            self._changed.notify()

    def exchange(self, renderer: Renderer) -> None:
        """Fade to another renderer behind the frames that are buffered; then close the one before.

        Raises a ValueError where size or fps differ, and a RuntimeError once closed; the renderer
        is then the caller's to close.
        """
        wanted, given = (
            f"{each.size[0]}x{each.size[1]} at {each.fps} fps" for each in (self.renderer, renderer)
        )
        if wanted != given:
            raise ValueError(f"a face of {wanted} cannot go on with a renderer of {given}")
        with self._changed:
            if self._closing:
                raise RuntimeError("the avatar was closed")
            self._successors.append(renderer)
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Stop, and close the renderer on its thread; return whether it answered in time."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        # A renderer may raise anything, SystemExit included; the thread must live on.
        with self._turns.face() if self._turns else nullcontext():
            while not self._closing:
                try:
                    self._draw()
                except BaseException:
                    self.fail(ITSELF)
        for renderer in (self.renderer, *self._successors):
            _close(renderer)

    def _draw(self) -> None:
        with self._changed:
            wanted = self._wanted()
            due_s = self._taken_s + seconds(wanted[0] - self._buffer.due) if wanted else 0.0
        if not wanted:
            return self._wait()
        began_s, self._waiting = self._clock.now_s(), True
        turns = None if self._light else self._turns
        with turns.turn(due_s, lambda: self._closing) if turns else nullcontext(True) as mine:
            self._waiting = False
            moments = self.begin() if mine else []
            if not moments:
                return None
            worked_s = thread_time()
            try:
                frames = self._checked(self.renderer.render(moments), len(moments))
            except BaseException:
                return self.fail(RENDERER)
            self._light = thread_time() - worked_s < LIGHT_S
        self.finish(moments, frames)
        self._cycles_s.append(self._clock.now_s() - began_s)

    def _wanted(self) -> list[int]:
        """The frames to draw, the nearest first."""
        if self._resting or self._clock.now_s() < self._retry_at_s:
            return []
        return self._buffer.reachable(samples(self.frame_cost_s))

    def _wait(self) -> None:
        """Wait until there may be something to draw."""
        with self._changed:
            left_s = self._retry_at_s - self._clock.now_s()
            if left_s > 0:
                self._changed.wait_for(lambda: self._closing, left_s)
            elif not self._closing and not self._wanted():
                self._changed.wait(FORGET_S if self._resting else None)
        if self._resting:
            self._succeed()
            self._compose(self._buffer.due)

    def begin(self) -> list[Moment]:
        """Return what to draw now: nothing when the buffer is full, or soon after a failure."""
        self._succeed()
        with self._changed:
            wanted = self._wanted()
            self._changed_from = math.inf
        if not wanted:
            return []
        batch = max(1, int(getattr(self.renderer, "batch", 1)))
        try:
            moments = self._chosen(wanted, batch)
        except BaseException:
            self.fail(FACE)
            return []
        moments = self._unlike_the_last(moments)
        if not moments:
            return []
        self._last_face = moments[-1].value
        self._busy_since_s = self._clock.now_s()
        return moments

    def _succeed(self) -> None:
        """Begin a fade that was asked for; close the renderer of one that is over, or not seen."""
        while self._successors:
            start = -FADE_SAMPLES if self._resting and not self.ready else self._buffer.end
            self.renderer = CrossFade(self.renderer, self._successors.popleft(), start)
        fading = self.renderer
        if isinstance(fading, CrossFade) and self._buffer.due >= fading.end:
            self.renderer, self._drawn = fading.after, None
            _close(fading.before)

    def _unlike_the_last(self, moments: list[Moment]) -> list[Moment]:
        """Buffer the last picture for the first moments, as far as they look like it."""
        drawn = self._drawn if getattr(self.renderer, "face_only", False) else None
        while moments and drawn and looks_like(moments[0].value, drawn[0]):
            self._put(moments.pop(0), drawn[1])
        return moments

    def _put(self, moment: Moment, picture: NDArray[np.uint8]) -> None:
        with self._changed:
            stale = moment.start >= self._changed_from
            self.late += not self._buffer.put(moment.start, picture, stale=stale)

    def _chosen(self, wanted: Sequence[int], batch: int) -> list[Moment]:
        """Choose the next frames, or where the renderer is slow, those of the highest priority;
        while sound comes late, no face is composed in order to choose."""
        cycle_s = max(self.frame_cost_s, median(self._cycles_s or [0.0]))
        passed = -(-samples(cycle_s) // self.period)
        late = self._turns is not None and self._turns.share < 1.0
        count = batch if late else max(batch, passed)
        faces = {sample: self._compose(sample) for sample in wanted[:count]}
        chosen = highest_priority(faces, self._last_face, batch) if count > batch else faces
        return [Timed(sample, self.period, faces[sample]) for sample in chosen]

    def _checked(self, frames: Frames, count: int) -> Frames:
        """Copy what the renderer gave, where it may draw the next pictures into the same memory."""
        width, height = self.renderer.size
        fresh = getattr(self.renderer, "fresh", False)
        copied: Frames = np.asarray(frames) if fresh else np.array(frames)
        shape = (count, height * 3 // 2, width)
        if copied.shape != shape or copied.dtype != np.uint8:
            raise ValueError(
                f"{count} frames of {width}x{height} are uint8 {list(shape)} (I420), "
                f"the renderer gave {copied.dtype} {list(copied.shape)}"
            )
        return copied

    def finish(self, moments: Sequence[Moment], frames: Frames) -> None:
        """Buffer what the renderer has drawn of `begin`'s moments, uint8 [B, H * 3 / 2, W]."""
        self._costs_s.append(self._clock.now_s() - self._busy_since_s)
        self._busy_since_s = math.inf
        if self._failing:
            logger.info(
                "prerenderer: %s is back, frames are drawn", ", ".join(sorted(self._failing))
            )
        self._failing.clear()
        self._retry_s = 0.0
        for moment, picture in zip(moments, frames, strict=True):
            self._put(moment, picture)
        self._drawn = moments[-1].value, frames[-1]

    def fail(self, what: str = RENDERER) -> None:
        """Note that `what` has raised; called while the exception is being handled."""
        self._busy_since_s = math.inf
        self.failures += 1
        if what not in self._failing:
            self._failing.add(what)
            logger.exception(
                "prerenderer: %s failed; viewers keep the last frame, the voice goes on, drawing "
                "is tried again",
                what,
            )
        self._retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, 2 * self._retry_s))
        self._retry_at_s = self._clock.now_s() + self._retry_s


def _close(renderer: Renderer) -> None:
    try:
        renderer.close()
    except BaseException:
        logger.exception("prerenderer: a renderer could not be closed and is left behind")


def frame_period(fps: int) -> int:
    """Return the samples from one frame to the next; a ValueError where they are not whole."""
    if not (10 <= fps <= 60 and SAMPLE_RATE % fps == 0):
        raise ValueError(
            f"fps lies between 10 and 60 and divides {SAMPLE_RATE}, got {fps}; 25, 30, 50 and 60 do"
        )
    return SAMPLE_RATE // fps
