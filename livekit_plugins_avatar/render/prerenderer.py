"""Renders frames ahead of the playhead, each for exactly one sample.

A thread of its own draws the frames to come, nearest first, and redraws those that a change of plan
has made stale. It knows how long drawing takes and begins no frame that would come too late. Where
drawing is slower than real time it draws the frames with the highest priority. A renderer that is
slow, hangs or raises costs frames, never sound.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from ..face.state import FaceState
from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, Timed, samples
from .frame_priority import highest_priority
from .renderer import Frames, Moment, Renderer

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 0.5
"""After a failure drawing is tried again after the first, then twice as long each time up to the
last: a renderer that recovers is seen within a second and asked no more than twice a second."""

HUNG_S = 2.0
"""A renderer that has not answered for this long is logged as hanging."""

COSTS = 5
"""The frame cost is the median of this many draws, so that one or two stalls do not count."""

FACE, RENDERER, ITSELF = "the face", "the renderer", "the prerenderer"
"""What can fail."""


@dataclass(slots=True)
class _Drawn:
    picture: NDArray[np.uint8]
    stale: bool = False


class FrameBuffer:
    """Holds frames and tells which may be drawn next. No thread, no clock.

    Full: `ahead` frames wait, and nothing is drawn until one is taken or goes stale. Empty: viewers
    keep the last frame.

    Args:
        period: Samples from one frame to the next.
        ahead: How many frames to hold, the one due next included.
    """

    def __init__(self, period: int, ahead: int) -> None:
        self.period = period
        self._ahead = ahead
        self._drawn: dict[int, _Drawn] = {}
        self._due = 0

    def __len__(self) -> int:
        return len(self._drawn)

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """Remove and return the frame for `sample`, if there is one; older ones are dropped.

        A stale frame is returned as well: it differs only by what has changed since.
        """
        drawn = self._drawn.get(sample)
        self._due = sample + self.period
        for old in [each for each in self._drawn if each <= sample]:
            del self._drawn[old]
        return None if drawn is None else drawn.picture

    def reachable(self, lead: int) -> list[int]:
        """The frames to draw, nearest first, if drawing takes `lead` samples of time."""
        skipped = -(-lead // self.period) if lead > self.period else 0
        first = self._due + skipped * self.period
        return [
            sample
            for sample in range(first, self._end(skipped), self.period)
            if (drawn := self._drawn.get(sample)) is None or drawn.stale
        ]

    def _end(self, skipped: int) -> int:
        """The first frame beyond the buffer; a renderer that is late aims further ahead."""
        return self._due + (skipped + self._ahead) * self.period

    def put(self, sample: int, picture: NDArray[np.uint8], *, stale: bool) -> bool:
        """Keep a frame; return whether it came in time."""
        if sample < self._due:
            return False
        self._drawn[sample] = _Drawn(picture, stale)
        return True

    def invalidate(self, sample: int) -> None:
        """Mark frames from `sample` on as stale: they no longer show what will be heard."""
        for start, drawn in self._drawn.items():
            drawn.stale = drawn.stale or start >= sample


class Prerenderer:
    """Draws frames on a thread of its own.

    The thread repeats `begin`, the renderer's own work, and `finish` or `fail`; a simulation can do
    the same without the thread.

    Args:
        renderer: What draws; only called on this thread. One that draws several pictures together
            as fast as one says how many (`batch`), and the buffer is refilled in one go.
        compose: Returns the face at a sample; called on this thread too.
        clock: What drawing is timed with.
        frames: How many frames to hold ready.
        period: Samples from one frame to the next.
    """

    def __init__(
        self,
        renderer: Renderer,
        compose: Callable[[int], FaceState],
        *,
        clock: Clock,
        frames: int,
        period: int,
    ) -> None:
        self._renderer = renderer
        self._compose = compose
        self._clock = clock
        self._buffer = FrameBuffer(period, frames)
        self._changed = threading.Condition()
        self._changed_from: int | None = None
        self._closing = False
        self._costs_s: deque[float] = deque(maxlen=COSTS)
        self._busy_since: float | None = None
        self._logged_hang = False
        self._failed: str | None = None
        self._retry_s = 0.0
        self._retry_at_s = 0.0
        self._last_face: FaceState | None = None
        """What the last picture that was begun will show."""
        self.late = 0
        """Frames that were drawn too late."""
        self.failures = 0
        """How often composing or drawing raised."""
        self._thread = threading.Thread(target=self._run, name="avatar-render", daemon=True)

    @property
    def period(self) -> int:
        """Samples from one frame to the next."""
        return self._buffer.period

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
        return self.ready * self._buffer.period / SAMPLE_RATE

    @property
    def frame_cost_s(self) -> float:
        """How long drawing takes at present; 0 before the first frame."""
        return median(self._costs_s) if self._costs_s else 0.0

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """Return the frame for `sample`, uint8 [H * 3 / 2, W], or None if it is not ready."""
        with self._changed:
            frame = self._buffer.take(sample)
            self._changed.notify()
        self._log_if_hung()
        return frame

    def invalidate(self, sample: int) -> None:
        """Redraw frames from `sample` on, because the face has changed."""
        with self._changed:
            self._buffer.invalidate(sample)
            if self._changed_from is None or sample < self._changed_from:
                self._changed_from = sample
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
        while not self._closing:
            try:
                self._draw()
            except BaseException:
                self.fail(ITSELF)
        try:
            self._renderer.close()
        except BaseException:
            logger.exception("prerenderer: the renderer could not be closed and is left behind")

    def _draw(self) -> None:
        moments = self.begin()
        if not moments:
            return self._wait()
        try:
            frames = self._checked(self._renderer.render(moments), len(moments))
        # A renderer may raise anything, SystemExit included; the thread must live on.
        except BaseException:
            return self.fail(RENDERER)
        self.finish(moments, frames)

    def _wait(self) -> None:
        """Wait until there may be something to draw."""
        with self._changed:
            left_s = self._retry_at_s - self._clock.now_s()
            if left_s > 0:
                self._changed.wait_for(lambda: self._closing, left_s)
            elif not self._closing and not self._buffer.reachable(samples(self.frame_cost_s)):
                self._changed.wait()

    def begin(self) -> list[Moment]:
        """Return what the renderer is to draw now.

        Nothing where the buffer is full, and after a failure until it is time to try again.
        """
        now_s = self._clock.now_s()
        if now_s < self._retry_at_s:
            return []
        lead = samples(self.frame_cost_s)
        with self._changed:
            wanted = self._buffer.reachable(lead)
            self._changed_from = None
        if not wanted:
            return []
        batch = max(1, int(getattr(self._renderer, "batch", 1)))
        try:
            chosen = self._chosen(wanted, lead, batch)
            moments = [Timed(sample, self.period, self._compose(sample)) for sample in chosen]
        except BaseException:
            self.fail(FACE)
            return []
        self._last_face = moments[-1].value
        self._busy_since = now_s
        return moments

    def _chosen(self, wanted: Sequence[int], lead: int, batch: int) -> Sequence[int]:
        """Choose one batch of the frames that drawing in real time would reach.

        The next ones as a rule; where the renderer cannot keep up, those of the highest priority.
        """
        passed = -(-lead // self.period)
        if passed <= batch or len(wanted) <= batch:
            return wanted[:batch]
        faces = {sample: self._compose(sample) for sample in wanted[:passed]}
        return highest_priority(faces, self._last_face, batch)

    def _checked(self, frames: Frames, count: int) -> Frames:
        """Copy what the renderer gave: it may draw the next pictures into the same memory."""
        width, height = self._renderer.size
        frames = np.asarray(frames)
        shape = (count, height * 3 // 2, width)
        if frames.shape != shape or frames.dtype != np.uint8:
            raise ValueError(
                f"{count} frames of {width}x{height} are uint8 {list(shape)} (I420), "
                f"the renderer gave {frames.dtype} {list(frames.shape)}"
            )
        copied: Frames = frames.copy()
        return copied

    def finish(self, moments: Sequence[Moment], frames: Frames) -> None:
        """Buffer what the renderer has drawn of `begin`'s moments, uint8 [B, H * 3 / 2, W]."""
        self._note_cost()
        if self._failed or self._logged_hang:
            logger.info("prerenderer: %s is back, frames are drawn", self._failed or RENDERER)
        self._failed, self._logged_hang, self._retry_s = None, False, 0.0
        with self._changed:
            changed = self._changed_from
            for moment, picture in zip(moments, frames, strict=True):
                stale = changed is not None and moment.start >= changed
                if not self._buffer.put(moment.start, picture, stale=stale):
                    self.late += 1

    def fail(self, what: str = RENDERER) -> None:
        """Note that `what` has raised; called while the exception is being handled."""
        self._busy_since = None
        self.failures += 1
        if self._failed != what:
            self._failed = what
            logger.exception(
                "prerenderer: %s failed; viewers keep the last frame, the voice goes on, drawing "
                "is tried again",
                what,
            )
        self._retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, 2 * self._retry_s))
        self._retry_at_s = self._clock.now_s() + self._retry_s

    def _note_cost(self) -> None:
        if self._busy_since is not None:
            self._costs_s.append(self._clock.now_s() - self._busy_since)
        self._busy_since = None

    def _log_if_hung(self) -> None:
        since = self._busy_since
        if since is None or self._logged_hang:
            return
        busy_s = self._clock.now_s() - since
        if busy_s >= HUNG_S:
            self._logged_hang = True
            logger.error(
                "prerenderer: the renderer has not answered for %.1f s; viewers keep the last "
                "frame, the voice goes on",
                busy_s,
            )


def frame_period(fps: int) -> int:
    """Return the samples from one frame to the next at `fps`, 10 to 60.

    Raises:
        ValueError: `fps` is out of range, or does not divide the sample rate, so that frames
            would not begin at whole samples.
    """
    period = SAMPLE_RATE // fps if 10 <= fps <= 60 else 0
    if not period or period * fps != SAMPLE_RATE:
        raise ValueError(
            f"a renderer's fps lies between 10 and 60 and divides {SAMPLE_RATE}, got {fps}; "
            f"25, 30, 50 and 60 do"
        )
    return period
