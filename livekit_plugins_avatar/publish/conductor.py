"""Schedules audio and video frames for publication.

Outputs are 10 ms of audio every 10 ms and, at each frame time, the frame drawn for exactly that
sample. Runs on a thread with its own event loop, so that a tool call which blocks the agent stops
neither voice nor face. The audio source is the clock: a push waits while its queue is full.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio.pcm_buffer import Pcm
from ..audio.playback_events import Finished, PlaybackEvent
from ..audio.playhead import Playhead
from ..audio.playout import TICK_SAMPLES, Playout
from ..log import logger
from ..telemetry import AvatarStats
from ..timeline import SAMPLE_RATE, Clock, samples, seconds
from .pace import Pace

WAITED_S = 0.002
"""A push that takes longer met a full queue: one that finds room returns in 0.3 ms."""

RESTAMP_S = 0.05
"""Evenly spaced capture times that differ by this much from real time, because the process was
suspended or the audio source ran dry, begin anew."""

LATE_SAMPLES = samples(0.12)
"""The voice is in danger where the source lacks more than this of the 0.25 s that it holds."""

REPEAT_S = 0.14
"""The last frame is captured again after this time, so that a participant who joins waits no longer
for a keyframe. Encoding more would take what the voice needs where the machine is too busy to draw.
"""

STEADY_TICKS = 2
"""Of 10 ms, what is pushed at a time: each push takes 0.2 ms of three threads. An interruption
waits for the end of a push, so in speech it is one where late reports make it wait again."""

RETRY_S = 0.1
"""Pause before a failed loop is started again."""

OUTPUT_CLOSE_S = 1.0
"""How long the thread waits for the output to close."""

CLOSE_S = 2.0
"""How long `close` waits for the thread."""

CLOSED = "the conductor is closed"


class MediaOutput(Protocol):
    """Where audio and video go: `publish.sources.Sources`, or a stand-in in a test."""

    async def push_audio(self, pcm: Pcm) -> None: ...

    def clear(self) -> None: ...

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
    false, no frames are taken and captured.
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
    ) -> None:
        self._playout = playout
        self._clock = clock
        self._queue = queue_samples
        self._on_events = on_events
        self._on_late = on_late
        self._has_viewer = has_viewer
        self._playhead = Playhead(queue_samples)
        self._frames: FrameFeed | None = None
        self._period = self._delay = self._reach = 0
        self._stats = AvatarStats()
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
        return replace(self._stats, underrun_samples=self._playhead.underrun)

    @property
    def held(self) -> int:
        """How many samples the audio source holds now."""
        return self._playhead.held(self._clock.now_s())

    @property
    def playhead(self) -> int:
        """The published sample that leaves the audio source now."""
        return self._playhead.at(self._clock.now_s())

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
        while True:
            began_s = self._clock.now_s()
            self._playhead.before_push(began_s)
            count = self._next_count(began_s)
            if count > LATE_SAMPLES and self._playout.published:
                self._on_late()
            pcm = self._playout.pull(count)
            if await self._push(output, pcm, began_s) and self._playout.wants_retraction:
                await self._replace(output)
            self._report(self._clock.now_s())
            changed = self._playout.take_change()
            if changed is not None and self._frames is not None:
                self._frames.invalidate(changed - self._reach)

    async def _push(self, output: MediaOutput, pcm: Pcm, began_s: float) -> bool:
        """Returns whether the source was full and made the push wait."""
        try:
            await output.push_audio(pcm)
        except Exception:
            if not self._stats.push_failures:
                logger.exception("conductor: the audio source refused samples; time goes on")
            self._count(push_failures=1)
            await self._clock.sleep(seconds(TICK_SAMPLES))
        now_s = self._clock.now_s()
        waited = now_s - began_s > WAITED_S
        self._playhead.after_push(len(pcm), now_s, waited)
        return waited

    async def _replace(self, output: MediaOutput) -> None:
        """Take back what the source holds and push what the playout wants now.

        The source has just sent 10 ms, so what it holds stays the same for long enough. Nothing is
        done between emptying and refilling it: an empty source sends silence. Where this thread was
        late, the next wait will do.
        """
        now_s = self._clock.now_s()
        unsent = self._playhead.unsent(now_s)
        if unsent is None:
            return
        taken_back = self._playout.retract(unsent)
        self._playhead.retracted(taken_back)
        pcm = self._playout.pull(taken_back)
        output.clear()
        if len(pcm):
            await self._push(output, pcm, now_s)

    def _next_count(self, now_s: float) -> int:
        """20 ms as a rule, 10 ms of speech where the source is not steady; after a delay as much as
        fills the source again in one push."""
        held = self._playhead.held(now_s)
        ticks = (self._queue + TICK_SAMPLES - held) // TICK_SAMPLES
        least = 1 if self._playout.playing and not self._playhead.steady else STEADY_TICKS
        return TICK_SAMPLES * max(least, min(ticks, self._queue // TICK_SAMPLES + 1))

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self._stats, name) + count for name, count in more.items()}
        self._stats = replace(self._stats, **counted)

    def _report(self, now_s: float) -> None:
        playhead = self._playhead.at(now_s)
        events = self._playout.advance(playhead)
        if not events:
            return
        wall_s = self._clock.wall_s()
        ago = [0 if isinstance(event, Finished) else playhead - event.at for event in events]
        self._on_events(
            [(event, wall_s - seconds(n)) for event, n in zip(events, ago, strict=True)]
        )

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
                self._count(frames_unwatched=1)
                sample += self._period
                continue
            picture = frames.take(sample)
            self._count(frames_missed=picture is None, frames_shown=picture is not None)
            pace.note(shown=picture is not None)
            changed = picture is not None and picture is not last
            last = last if picture is None else picture
            if last is not None and (changed or now_s >= captured_s + REPEAT_S):
                captured_s = now_s
                try:
                    output.capture(last, sample=sample, timestamp_us=self._stamp_us(sample, now_s))
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
        self._count(frames_skipped=skipped)
        return sample + skipped * self._period

    def _stamp_us(self, sample: int, now_s: float) -> int:
        media_s = sample / SAMPLE_RATE
        origin_s = self._stamp_origin_s
        if origin_s is None or abs(now_s - media_s - origin_s) > RESTAMP_S:
            origin_s = self._stamp_origin_s = now_s - media_s
        return round((origin_s + media_s) * 1e6)
