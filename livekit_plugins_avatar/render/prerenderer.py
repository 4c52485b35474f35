"""Rendering ahead of the playhead.

In flows the sample that is due next, from the conductor; out flow frames, each for exactly one
sample. A thread of its own draws the frames to come, nearest first, and draws again those that a
change of plan has made stale. A frame that would come too late is not begun: the thread knows how
long drawing takes and aims at the first sample it can still reach. Where drawing is slower than
real time it cannot reach them all, and draws those that show the most (`worth`). A renderer that
is slow, hangs or raises costs frames, never sound.
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
"""A renderer that raised is tried again after the first, then twice as long each time up to the
last: it is seen again within a second of its return, and asked twice a second until then."""

HUNG_S = 2.0
"""A renderer that has not answered for this long is said to hang."""

COSTS = 5
"""How many of the last pictures tell how long the next takes: their median, so that one stall, or
two, do not make everything after them wait."""


@dataclass(slots=True)
class _Drawn:
    picture: NDArray[np.uint8]
    stale: bool = False


class FrameBuffer:
    """Which frames are there, which may be drawn next. Pure: no thread, no clock.

    Full: `ahead` frames wait, and nothing is drawn until one is taken or goes stale. Empty: the
    viewer goes on seeing the last frame.

    Args:
        period: Samples from one frame to the next.
        ahead: How many frames to hold, the one due next included.
    """

    def __init__(self, period: int, ahead: int) -> None:
        self.period = period
        self._prerenderer = ahead
        self._drawn: dict[int, _Drawn] = {}
        self._due = 0

    def __len__(self) -> int:
        return len(self._drawn)

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """The frame for `sample`, where it is there; older ones are dropped.

        A stale frame is better than none: it is off by what has changed since, no more.
        """
        drawn = self._drawn.get(sample)
        self._due = sample + self.period
        for old in [each for each in self._drawn if each <= sample]:
            del self._drawn[old]
        return None if drawn is None else drawn.picture

    def reachable(self, lead: int) -> list[int]:
        """The frames worth drawing, nearest first, if drawing takes `lead` samples of time."""
        skipped = -(-lead // self.period) if lead > self.period else 0
        first = self._due + skipped * self.period
        return [
            sample
            for sample in range(first, self._end(skipped), self.period)
            if (drawn := self._drawn.get(sample)) is None or drawn.stale
        ]

    def _end(self, skipped: int) -> int:
        """The first frame beyond the reserve; a renderer that is late aims beyond it."""
        return self._due + (skipped + self._prerenderer) * self.period

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


class Prerenderer:
    """Draws frames on a thread of its own.

    That thread does nothing but `begin`, the renderer's own work, and `finish` or `fail`, over and
    over: a simulation may do the same without it.

    Args:
        renderer: What draws; only ever called on this thread. One that draws several pictures
            together as fast as one says so (`batch`), and its reserve is refilled in one go.
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
        self._batch = max(1, int(getattr(renderer, "batch", 1)))
        self._buffer = FrameBuffer(period, frames)
        self._changed = threading.Condition()
        self._changed_from: int | None = None
        self._closing = False
        self._costs_s: deque[float] = deque(maxlen=COSTS)
        self._busy_since: float | None = None
        self._said_hung = False
        self._retry_s = 0.0
        self._retry_at_s = 0.0
        self._last_face: FaceState | None = None
        """What the last picture that was begun shows."""
        self.late = 0
        """Frames that were drawn and came too late."""
        self.failures = 0
        """How often drawing raised."""
        self._thread = threading.Thread(target=self._run, name="avatar-render", daemon=True)

    @property
    def period(self) -> int:
        """Samples from one frame to the next."""
        return self._buffer.period

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    @property
    def ready(self) -> int:
        """How many frames wait."""
        return len(self._buffer)

    @property
    def ready_s(self) -> float:
        """The same, in seconds of media."""
        return self.ready * self._buffer.period / SAMPLE_RATE

    @property
    def cost_s(self) -> float:
        """How long drawing takes at present: the median of the last few times."""
        return median(self._costs_s) if self._costs_s else 0.0

    def take(self, sample: int) -> NDArray[np.uint8] | None:
        """The frame for `sample`, uint8 [H * 3 / 2, W], or None where it is not there."""
        with self._changed:
            frame = self._buffer.take(sample)
            self._changed.notify()
        self._say_if_hung()
        return frame

    def invalidate(self, sample: int) -> None:
        """What is to be seen from `sample` on has changed."""
        with self._changed:
            self._buffer.invalidate(sample)
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
        while not self._closing:
            moments = self.begin()
            if not moments:
                self._wait()
                continue
            try:
                frames = self._renderer.render(moments)
                self._check(frames, len(moments))
            except Exception:
                self.fail()
                continue
            self.finish(moments, frames)
        try:
            self._renderer.close()
        except Exception:
            logger.exception("the renderer could not be closed")

    def _wait(self) -> None:
        """Wait until there may be something to draw."""
        with self._changed:
            left_s = self._retry_at_s - self._clock.now_s()
            if left_s > 0:
                self._changed.wait_for(lambda: self._closing, left_s)
            elif not self._closing and not self._buffer.reachable(samples(self.cost_s)):
                self._changed.wait()

    def begin(self) -> list[Moment]:
        """What the renderer is to draw now; nothing where the reserve is full, or after a failure
        until it is time to try again."""
        now_s = self._clock.now_s()
        if now_s < self._retry_at_s:
            return []
        lead = samples(self.cost_s)
        with self._changed:
            wanted = self._buffer.reachable(lead)
            self._changed_from = None
        if not wanted:
            return []
        moments = [self._moment(sample) for sample in self._chosen(wanted, lead)]
        self._last_face = moments[-1].value
        self._busy_since = now_s
        return moments

    def _chosen(self, wanted: Sequence[int], lead: int) -> Sequence[int]:
        """Of the frames that drawing in real time would reach, as many as the renderer draws.

        It reaches one batch out of every `passed` frames: the next ones as a rule, those of them
        that show the most where it cannot keep up.
        """
        passed = -(-lead // self._buffer.period)
        if passed <= self._batch or len(wanted) <= self._batch:
            return wanted[: self._batch]
        faces = {sample: self._compose(sample) for sample in wanted[:passed]}
        return highest_priority(faces, self._last_face, self._batch)

    def _moment(self, sample: int) -> Moment:
        return Timed(sample, self._buffer.period, self._compose(sample))

    def _check(self, frames: Frames, count: int) -> None:
        width, height = self._renderer.size
        frames = np.asarray(frames)
        shape = (count, height * 3 // 2, width)
        if frames.shape != shape or frames.dtype != np.uint8:
            raise ValueError(
                f"{count} frames of {width}x{height} are uint8 {list(shape)} (I420), "
                f"the renderer gave {frames.dtype} {list(frames.shape)}"
            )

    def finish(self, moments: Sequence[Moment], frames: Frames) -> None:
        """The renderer has drawn what `begin` gave, uint8 [B, H * 3 / 2, W]."""
        self._note_cost()
        if self._retry_s or self._said_hung:
            logger.info("the renderer is back")
            self._retry_s, self._said_hung = 0.0, False
        with self._changed:
            changed = self._changed_from
            for moment, picture in zip(moments, frames, strict=True):
                stale = changed is not None and moment.start >= changed
                if not self._buffer.put(moment.start, picture, stale=stale):
                    self.late += 1

    def fail(self) -> None:
        """The renderer has raised; called while the exception is being handled."""
        self._busy_since = None
        self.failures += 1
        if not self._retry_s:
            logger.exception("the renderer failed: the last frame stays, and it is tried again")
        self._retry_s = min(LAST_RETRY_S, max(FIRST_RETRY_S, 2 * self._retry_s))
        self._retry_at_s = self._clock.now_s() + self._retry_s

    def _note_cost(self) -> None:
        if self._busy_since is not None:
            self._costs_s.append(self._clock.now_s() - self._busy_since)
        self._busy_since = None

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
