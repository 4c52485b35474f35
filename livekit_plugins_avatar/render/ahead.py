"""Rendering ahead of the playhead.

In flows the sample that is due next, from the conductor; out flow frames, each for exactly one
sample. A thread of its own draws the frames to come, nearest first, and draws again those that a
change of plan has made stale. A frame that would come too late is not begun: the thread knows how
long drawing takes and aims at the first sample it can still reach. A renderer that is slow, hangs
or raises costs frames, never sound.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..face.state import FaceState
from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, Timed, samples
from .renderer import Frames, Renderer

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 1.0
"""A renderer that raised is tried again after the first, then twice as long each time up to the
last: soon enough that its return is seen within a second."""

HUNG_S = 2.0
"""A renderer that has not answered for this long is said to hang."""


@dataclass(slots=True)
class _Drawn:
    picture: NDArray[np.uint8]
    stale: bool = False


class FrameReserve:
    """Which frames are there, which to draw next. Pure: no thread, no clock.

    Full: `ahead` frames wait, and nothing is drawn until one is taken or goes stale. Empty: the
    viewer goes on seeing the last frame.

    Args:
        period: Samples from one frame to the next.
        ahead: How many frames to hold, the one due next included.
    """

    def __init__(self, period: int, ahead: int) -> None:
        self.period = period
        self._ahead = ahead
        self._drawn: dict[int, _Drawn] = {}
        self._due = 0

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """The frame for `sample`, where it is there; older ones are dropped.

        A stale frame is better than none: it is off by what has changed since, no more.
        """
        drawn = self._drawn.get(sample)
        self._due = sample + self.period
        for old in [each for each in self._drawn if each <= sample]:
            del self._drawn[old]
        return None if drawn is None else drawn.picture

    def next_sample(self, lead: int) -> int | None:
        """The nearest frame worth drawing, if drawing it takes `lead` samples of time."""
        skipped = -(-lead // self.period) if lead > self.period else 0
        first = self._due + skipped * self.period
        for sample in range(first, first + self._ahead * self.period, self.period):
            drawn = self._drawn.get(sample)
            if drawn is None or drawn.stale:
                return sample
        return None

    def put(self, sample: int, picture: NDArray[np.uint8], *, stale: bool) -> bool:
        """Keep a frame; returns whether it came in time."""
        if sample < self._due:
            return False
        self._drawn[sample] = _Drawn(picture, stale)
        return True

    def invalidate(self, sample: int) -> None:
        """Frames from `sample` on no longer show what will be heard with them."""
        for start, drawn in self._drawn.items():
            drawn.stale = drawn.stale or start >= sample


class Ahead:
    """Draws frames on a thread of its own.

    Args:
        renderer: What draws; only ever called on this thread.
        compose: The face at a sample; called on this thread too.
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
        self._reserve = FrameReserve(period, frames)
        self._changed = threading.Condition()
        self._changed_from: int | None = None
        self._closing = False
        self._cost_s = 0.0
        self._busy_since: float | None = None
        self._said_hung = False
        self._retry_s = 0.0
        self.late = 0
        """Frames that were drawn and came too late."""
        self.failures = 0
        """How often drawing raised."""
        self._thread = threading.Thread(target=self._run, name="avatar-render", daemon=True)

    @property
    def period(self) -> int:
        """Samples from one frame to the next."""
        return self._reserve.period

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """The frame for `sample`, uint8 [H * 3 / 2, W], or None where it is not there."""
        with self._changed:
            frame = self._reserve.take(sample)
            self._changed.notify()
        self._say_if_hung()
        return frame

    def invalidate(self, sample: int) -> None:
        """What is to be seen from `sample` on has changed."""
        with self._changed:
            self._reserve.invalidate(sample)
            if self._changed_from is None or sample < self._changed_from:
                self._changed_from = sample
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> bool:
        """Stop, and close the renderer on its thread; returns whether it answered in time."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (sample := self._wait_for_work()) is not None:
            try:
                picture = self._draw(sample)
            except Exception:
                self._fail()
                continue
            self._keep(sample, picture)
        try:
            self._renderer.close()
        except Exception:
            logger.exception("the renderer could not be closed")

    def _wait_for_work(self) -> int | None:
        with self._changed:
            if self._retry_s and not self._closing:
                self._changed.wait_for(lambda: self._closing, self._retry_s)
            while not self._closing:
                sample = self._reserve.next_sample(samples(self._cost_s))
                if sample is not None:
                    self._changed_from = None
                    return sample
                self._changed.wait()
            return None

    def _draw(self, sample: int) -> NDArray[np.uint8]:
        began_s = self._busy_since = self._clock.now_s()
        try:
            moment = Timed(sample, self._reserve.period, self._compose(sample))
            frames: Frames = self._renderer.render([moment])
        finally:
            self._busy_since = None
        cost_s = self._clock.now_s() - began_s
        # Rises slowly, so that one stall does not make everything after it wait; falls fast.
        self._cost_s += (cost_s - self._cost_s) * (0.5 if cost_s < self._cost_s else 0.2)
        width, height = self._renderer.size
        picture: NDArray[np.uint8] = np.asarray(frames)[0]
        if picture.shape != (height * 3 // 2, width) or picture.dtype != np.uint8:
            raise ValueError(
                f"a frame of {width}x{height} is uint8 [{height * 3 // 2}, {width}] (I420), "
                f"the renderer gave {picture.dtype} {list(picture.shape)}"
            )
        return picture

    def _keep(self, sample: int, picture: NDArray[np.uint8]) -> None:
        if self._retry_s or self._said_hung:
            logger.info("the renderer is back")
            self._retry_s, self._said_hung = 0.0, False
        with self._changed:
            stale = self._changed_from is not None and sample >= self._changed_from
            if not self._reserve.put(sample, picture, stale=stale):
                self.late += 1

    def _fail(self) -> None:
        self.failures += 1
        if not self._retry_s:
            logger.exception("the renderer failed: the last frame stays, and it is tried again")
        self._retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, 2 * self._retry_s))

    def _say_if_hung(self) -> None:
        since = self._busy_since
        if since is None or self._said_hung:
            return
        busy_s = self._clock.now_s() - since
        if busy_s >= HUNG_S:
            self._said_hung = True
            logger.error(
                "the renderer has not answered for %.1f s: the last frame stays, the voice goes on",
                busy_s,
            )


def frame_period(fps: int) -> int:
    """Samples from one frame to the next at `fps`, 10 to 60.

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
