"""Schedules audio and video frames for publication.

Outputs are the published track and, at each frame time, the frame drawn for exactly that sample.
Runs on a thread with its own event loop, so that a tool call which blocks the agent stops neither
voice nor face. The audio source is the clock (`audio_feed`).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio.playback_events import PlaybackEvent
from ..audio.playout import Playout
from ..log import logger
from ..telemetry import AvatarStats
from ..timeline import SAMPLE_RATE, Clock, seconds
from .audio_feed import AudioFeed, AudioOutput
from .nap import Nap
from .pace import Pace

RESTAMP_S = 0.005
"""Evenly spaced capture times that differ by this much from when their samples leave, because the
process was suspended or the audio source ran dry, begin anew."""

REPEAT_S = 0.14
"""The last frame is captured again after this time, so that a participant who joins waits no longer
for a keyframe. Encoding more would take what the voice needs where the machine is too busy to draw.
"""

RETRY_S = 0.1
"""Pause before a failed loop is started again."""

OUTPUT_CLOSE_S = 1.0
"""How long the thread waits for the output to close."""

CLOSE_S = 2.0
"""How long `close` waits for the thread."""

CLOSED = "the conductor is closed"

COUNTED = ("frames_shown", "frames_missed", "frames_unwatched", "frames_skipped")
"""What of `AvatarStats` it counts itself."""


class MediaOutput(AudioOutput, Protocol):
    """Where audio and video go: `publish.sources.Sources`, or a stand-in in a test."""

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None: ...

    async def aclose(self) -> None: ...


OutputT = TypeVar("OutputT", bound=MediaOutput)


class FrameFeed(Protocol):
    """Where frames come from: `render.prerenderer.Prerenderer`, or a stand-in in a test."""

    def take(self, sample: int) -> NDArray[np.uint8] | None: ...

    def rest(self, sample: int) -> None: ...

    def invalidate(self, sample: int) -> None: ...


class Conductor:
    """Publishes audio and video in step, to an output that holds `queue_samples`.

    `on_events` is called on the conductor's thread with what was played, and when (wall clock), and
    `on_late` when this thread comes so late that the voice is in danger. While `has_viewer` is
    false, no frames are taken and captured. `nap` is for clocks that no event loop runs on: how
    this thread sleeps while there is no speech, instead of until there is.
    """

    def __init__(
        self,
        playout: Playout,
        *,
        clock: Clock,
        queue_samples: int,
        on_events: Callable[[Sequence[tuple[PlaybackEvent, float]]], None],
        on_late: Callable[[], None] = lambda: None,
        has_viewer: Callable[[], bool] = lambda: True,
        nap: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._nap = Nap(clock)
        playout.on_wanted = self._nap.end
        self._sound = AudioFeed(
            playout,
            clock=clock,
            queue_samples=queue_samples,
            on_events=on_events,
            on_late=on_late,
            on_change=self._invalidate,
            nap=nap or self._nap.sleep,
        )
        self._clock = clock
        self._has_viewer = has_viewer
        self._frames: FrameFeed | None = None
        self._period = self._delay = self._reach = 0
        self._counts = dict.fromkeys(COUNTED, 0)
        self._stamp_origin_s: float | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._wake: Callable[[], object] | None = None
        """Wakes the thread so that it sees `_closed`."""

    def attach_frames(self, frames: FrameFeed, *, period: int, delay: int, reach: int) -> None:
        """Publish video too, a frame every `period` samples; call before `start`.

        Args:
            delay: Samples from a sample's leaving the audio source to the capture of its frame.
            reach: How many samples before a change of plan the face already looks different.
        """
        self._frames, self._period, self._delay, self._reach = frames, period, delay, reach

    async def start(self, make_output: Callable[[], OutputT]) -> OutputT:
        """Start the thread, and return the output that `make_output` made on its event loop.

        The output is closed with the conductor. Raises what `make_output` raised, and a
        RuntimeError if `close` was called, before or meanwhile; the thread has ended then.
        """
        opened: concurrent.futures.Future[OutputT] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(make_output, opened)),
            name="avatar-conductor",
            daemon=True,
        )
        self._thread.start()
        try:
            output = await asyncio.wrap_future(opened)
            if self._closed:
                raise RuntimeError(CLOSED)
        except BaseException:
            self.close()
            raise
        return output

    def close(self) -> None:
        """End the thread and close the output; works before `start` and any number of times."""
        self._closed = True
        if (wake := self._wake) is not None:
            with contextlib.suppress(RuntimeError):  # The thread's loop has ended.
                wake()
        if self._thread is not None:
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():
                logger.error("conductor: the thread did not end", extra={"waited_s": CLOSE_S})

    @property
    def stats(self) -> AvatarStats:
        """Counts since the start, as far as they are the conductor's."""
        sound = self._sound
        counted = {"underrun_samples": sound.playhead.underrun, "push_failures": sound.failures}
        return AvatarStats(**self._counts, **counted)

    @property
    def held(self) -> int:
        """How many samples the audio source holds now."""
        return self._sound.playhead.held(self._clock.now_s())

    @property
    def playhead(self) -> int:
        """The published sample that leaves the audio source now."""
        return self._sound.playhead.at(self._clock.now_s())

    async def _run(
        self, make_output: Callable[[], OutputT], opened: concurrent.futures.Future[OutputT]
    ) -> None:
        loop, closing = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(closing.set)
        if not opened.set_running_or_notify_cancel():
            return
        try:
            # `close` sets its flag before it looks for `_wake`: one of the two sees the other.
            if self._closed:
                raise RuntimeError(CLOSED)
            output = make_output()
        except BaseException as error:
            opened.set_exception(error)
            return
        opened.set_result(output)
        tasks = [asyncio.create_task(self._restart(lambda: self.publish_audio(output)))]
        if (frames := self._frames) is not None:
            video = self._restart(lambda: self.publish_due_frames(output, frames))
            tasks.append(asyncio.create_task(video))
        await closing.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await asyncio.wait_for(output.aclose(), OUTPUT_CLOSE_S)
        except Exception:
            logger.exception("conductor: the output did not close; the thread ends")

    async def _restart(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Run an endless loop, again after each failure."""
        while True:
            try:
                await loop()
            except Exception:
                logger.exception("conductor: a loop failed; it starts again")
                await self._clock.sleep(RETRY_S)

    async def publish_audio(self, output: MediaOutput) -> None:
        """Keep the audio source fed, and report what it has played."""
        await self._sound.run(output)

    def _invalidate(self, changed: int) -> None:
        if self._frames is not None:
            self._frames.invalidate(changed - self._reach)

    async def publish_due_frames(self, output: MediaOutput, frames: FrameFeed) -> None:
        """Capture a frame at each frame time; a failed capture does not end it.

        Where there is no other for a while, the last one is captured again: a participant who joins
        just then must see a face, and the bandwidth estimate and jitter buffers need frames.
        """
        sample, failing, captured_s = 0, False, 0.0
        last: NDArray[np.uint8] | None = None
        pace = Pace(SAMPLE_RATE // self._period)
        while True:
            sample = await self._wait_for_frame_time(sample)
            now_s = self._clock.now_s()
            # A source that has never had a frame sends black ones.
            if captured_s and not self._has_viewer():
                last = None
                frames.rest(sample)
                self._counts["frames_unwatched"] += 1
                sample += self._period
                continue
            picture = frames.take(sample)
            self._counts["frames_missed" if picture is None else "frames_shown"] += 1
            pace.note(shown=picture is not None)
            changed = picture is not None and picture is not last
            last = last if picture is None else picture
            if last is not None and (changed or now_s >= captured_s + REPEAT_S):
                captured_s = now_s
                try:
                    output.capture(last, sample=sample, timestamp_us=self._stamp_us(sample))
                    failing = False
                except Exception:
                    if not failing:
                        logger.exception("conductor: a frame was not captured; the voice goes on")
                    failing = True
            sample += self._period

    async def _wait_for_frame_time(self, sample: int) -> int:
        """Wait until the frame for `sample` is due; returns the sample of the frame due by then.

        It is a later one where this thread did not run for a while: late frames are skipped.
        """
        while True:
            left = sample + self._delay - self.playhead
            if left <= 0:
                break
            await self._clock.sleep(seconds(left))
        skipped = -left // self._period
        self._counts["frames_skipped"] += skipped
        return sample + skipped * self._period

    def _stamp_us(self, sample: int) -> int:
        """When the frame for a sample is due: as evenly spaced as the samples."""
        origin_s = self._sound.playhead.origin_s + seconds(self._delay)
        if self._stamp_origin_s is None or abs(origin_s - self._stamp_origin_s) > RESTAMP_S:
            self._stamp_origin_s = origin_s
        return round((self._stamp_origin_s + sample / SAMPLE_RATE) * 1e6)
