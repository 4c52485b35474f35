"""The conductor: sound out without end, and with each sound the picture that belongs to it.

In flow playout's samples and the frames drawn ahead; out flow 10 ms of audio every 10 ms and, for
each frame time on the audio's timeline, the frame drawn for exactly that sample. It runs on a
thread with an event loop of its own, so that a tool call which blocks the agent stops neither
voice nor face. The audio source itself keeps the time: it makes the conductor wait whenever its
queue is full (see `playhead`). Picture follows sound, never the other way round: a frame
that is not there when its time has come is left out and counted, and the viewer goes on seeing the
last one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..audio.playhead import Playhead
from ..audio.playout import TICK_SAMPLES, Finished, Pcm, Playout, PlayoutEvent
from ..log import logger
from ..timeline import SAMPLE_RATE, Clock, seconds

WAITED_S = 0.002
"""A push that took longer met a full queue: one that finds room returns in 0.3 ms."""

RESTAMP_S = 0.05
"""Where capture times have left the even spacing by this much (the process was suspended, the
source ran dry), spacing begins anew."""

STUMBLE_S = 0.1
"""What should never fail is taken up again after this long."""

CLOSE_S = 2.0
"""How long `close` waits for the thread."""


class Outlet(Protocol):
    """Where sound and picture go: `publish.tracks.Sources`, or a stand-in for a test."""

    async def push_audio(self, pcm: Pcm) -> None: ...

    def clear(self) -> None: ...

    def show(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None: ...

    async def aclose(self) -> None: ...


OutletT = TypeVar("OutletT", bound=Outlet)


class FrameFeed(Protocol):
    """Where frames come from: `render.ahead.Prerenderer`, or a stand-in for a test."""

    def take(self, sample: int) -> NDArray[np.uint8] | None: ...

    def invalidate(self, sample: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ConductorStats:
    """What has happened so far.

    Args:
        frames_shown: Frames captured for exactly their sample.
        frames_missed: Frame times at which no frame was there.
        frames_skipped: Frame times that passed while this thread did not run.
        underrun_samples: Silence that the audio source made up because it was given nothing.
        push_failures: Times that the audio source refused samples.
    """

    frames_shown: int = 0
    frames_missed: int = 0
    frames_skipped: int = 0
    underrun_samples: int = 0
    push_failures: int = 0


class Conductor:
    """Publishes sound and picture in step.

    Args:
        playout: What is to be heard.
        clock: Real time.
        queue_samples: What the outlet holds before it makes a push wait.
        on_events: Told, on the conductor's thread, what has been played, each with the wall-clock
            time it happened.
    """

    def __init__(
        self,
        playout: Playout,
        *,
        clock: Clock,
        queue_samples: int,
        on_events: Callable[[Sequence[tuple[PlayoutEvent, float]]], None],
    ) -> None:
        self._playout = playout
        self._clock = clock
        self._queue = queue_samples
        self._on_events = on_events
        self._playhead = Playhead(queue_samples)
        self._frames: FrameFeed | None = None
        self._period = self._delay = self._reach = 0
        self._stats = ConductorStats()
        self._stamp_origin_s: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def show(self, frames: FrameFeed, *, period: int, delay: int, reach: int) -> None:
        """Give the voice a face; called before `start`.

        Args:
            frames: Where frames come from.
            period: Samples from one frame to the next.
            delay: Samples between a sample's leaving the audio source and its frame's capture.
            reach: How many samples before a change of plan the face already looks different.
        """
        self._frames, self._period, self._delay, self._reach = frames, period, delay, reach

    async def start(self, make_outlet: Callable[[], OutletT]) -> OutletT:
        """Begin.

        Args:
            make_outlet: Makes the place where sound and picture go, on the conductor's event loop.

        Returns:
            The outlet, fed from now on.

        Raises:
            Exception: Whatever kept the outlet from being made.
        """
        opened: concurrent.futures.Future[OutletT] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._conduct(make_outlet, opened)),
            name="avatar-conductor",
            daemon=True,
        )
        self._thread.start()
        return await asyncio.wrap_future(opened)

    def close(self) -> None:
        """Stop and let go of the outlet; works before `start` and any number of times."""
        loop, closing = self._loop, self._closing
        if loop is not None and closing is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(closing.set)
            except RuntimeError:
                return  # It ended between the question and the call.
        if self._thread is not None:
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():
                logger.error("the conductor did not stop within %.0f s", CLOSE_S)

    @property
    def stats(self) -> ConductorStats:
        """What has happened so far."""
        return replace(self._stats, underrun_samples=self._playhead.underrun)

    @property
    def held(self) -> int:
        """How many samples the audio source holds now."""
        return self._playhead.held(self._clock.now_s())

    @property
    def playhead(self) -> int:
        """The published sample that leaves the audio source now."""
        return self._playhead.at(self._clock.now_s())

    async def _conduct(
        self,
        make_outlet: Callable[[], OutletT],
        opened: concurrent.futures.Future[OutletT],
    ) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        try:
            outlet = make_outlet()
        except Exception as error:
            opened.set_exception(error)
            return
        opened.set_result(outlet)
        tasks = [asyncio.create_task(self._keep_going(lambda: self.play(outlet)))]
        if (frames := self._frames) is not None:
            show = self._keep_going(lambda: self.keep_showing(outlet, frames))
            tasks.append(asyncio.create_task(show))
        await self._closing.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await outlet.aclose()

    async def _keep_going(self, work: Callable[[], Awaitable[None]]) -> None:
        """Whatever goes wrong in `work`: say so, and go on with it."""
        while True:
            try:
                await work()
            except Exception:
                logger.exception("the conductor stumbled, and goes on")
                await self._clock.sleep(STUMBLE_S)

    async def play(self, outlet: Outlet) -> None:
        """Keep the audio source fed, and say what it has played."""
        while True:
            waited = await self._feed(outlet)
            if waited and self._playout.wants_retraction:
                await self._replace(outlet)
            self._report(self._clock.now_s())
            self._pass_on_change()

    async def _feed(self, outlet: Outlet) -> bool:
        """Push what comes next; returns whether the source, being full, made us wait."""
        began_s = self._clock.now_s()
        self._playhead.before_push(began_s)
        return await self._push(outlet, self._playout.pull(self._next_count(began_s)), began_s)

    async def _push(self, outlet: Outlet, pcm: Pcm, began_s: float) -> bool:
        try:
            await outlet.push_audio(pcm)
        except Exception:
            await self._survive_push_failure()
        now_s = self._clock.now_s()
        waited = now_s - began_s > WAITED_S
        self._playhead.after_push(len(pcm), now_s, waited)
        return waited

    async def _replace(self, outlet: Outlet) -> None:
        """Take back what the source holds and give it something else: another thing is to be heard.

        The source has just sent 10 ms and sends the next in 10 ms, so what it holds is known and
        stays so for long enough. What goes in is ready before the source is emptied, and nothing
        is done in between: a source that is empty when it sends, sends silence. Where this thread
        came late, the next wait will do.
        """
        now_s = self._clock.now_s()
        unsent = self._playhead.unsent(now_s)
        if unsent is None:
            return
        taken_back = self._playout.retract(unsent)
        self._playhead.retracted(taken_back)
        pcm = self._playout.pull(taken_back)
        outlet.clear()
        if len(pcm):
            await self._push(outlet, pcm, now_s)

    def _next_count(self, now_s: float) -> int:
        """10 ms as a rule; after a delay as much as fills the source again in one push."""
        held = self._playhead.held(now_s)
        ticks = (self._queue + TICK_SAMPLES - held) // TICK_SAMPLES
        return TICK_SAMPLES * max(1, min(ticks, self._queue // TICK_SAMPLES + 1))

    async def _survive_push_failure(self) -> None:
        if not self._stats.push_failures:
            logger.exception("the audio source refused samples; time goes on without them")
        self._stats = replace(self._stats, push_failures=self._stats.push_failures + 1)
        await self._clock.sleep(seconds(TICK_SAMPLES))

    def _report(self, now_s: float) -> None:
        playhead = self._playhead.at(now_s)
        events = self._playout.advance(playhead)
        if not events:
            return
        wall_s = self._clock.wall_s()

        def when(event: PlayoutEvent) -> float:
            ago = 0 if isinstance(event, Finished) else playhead - event.at
            return wall_s - seconds(ago)

        self._on_events([(event, when(event)) for event in events])

    def _pass_on_change(self) -> None:
        changed = self._playout.take_change()
        if changed is not None and self._frames is not None:
            self._frames.invalidate(changed - self._reach)

    async def keep_showing(self, outlet: Outlet, frames: FrameFeed) -> None:
        """Show frames for as long as there is sound; no failure of theirs ends it.

        Where there is none to show, the last one is sent again: somebody who joins just then, or
        has lost a packet, must see a face. A still picture costs next to nothing, and the frames
        keep as they were the receivers' buffers, the time in which a receiver notices that a packet
        is lost, and the estimate of what the line carries.
        """
        sample, said = 0, False
        last: NDArray[np.uint8] | None = None
        while True:
            sample = await self._wait_for_frame_time(sample)
            now_s = self._clock.now_s()
            picture = frames.take(sample)
            if picture is None:
                self._stats = replace(self._stats, frames_missed=self._stats.frames_missed + 1)
            else:
                last = picture
                self._stats = replace(self._stats, frames_shown=self._stats.frames_shown + 1)
            if last is not None:
                try:
                    outlet.show(last, sample=sample, timestamp_us=self._stamp_us(sample, now_s))
                    said = False
                except Exception:
                    if not said:
                        logger.exception("a frame could not be captured; the voice goes on")
                    said = True
            sample += self._period

    async def _wait_for_frame_time(self, sample: int) -> int:
        """Wait until the frame for `sample` is due; returns the frame to show by then.

        That is a later one where this thread was kept from running: what is late is left out.
        """
        while True:
            left = sample + self._delay - self.playhead
            if left <= 0:
                break
            await self._clock.sleep(seconds(left))
        skipped = -left // self._period
        if skipped:
            self._stats = replace(self._stats, frames_skipped=self._stats.frames_skipped + skipped)
        return sample + skipped * self._period

    def _stamp_us(self, sample: int, now_s: float) -> int:
        media_s = sample / SAMPLE_RATE
        origin_s = self._stamp_origin_s
        if origin_s is None or abs(now_s - media_s - origin_s) > RESTAMP_S:
            origin_s = self._stamp_origin_s = now_s - media_s
        return round((origin_s + media_s) * 1e6)
