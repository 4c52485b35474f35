"""Feeds an audio source with the published track, and reports what the source has played.

The source is kept full: it sends 10 ms every 10 ms, and the end of a push that waits for room tells
when. Where there has been no speech for a while nothing is pushed: an empty source sends silence by
itself, every 10 ms too, and the track goes on by the clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from ..audio.pcm_buffer import Pcm
from ..audio.playback_events import Finished, PlaybackEvent
from ..audio.playhead import Playhead
from ..audio.playout import TICK_SAMPLES, Playout
from ..log import logger
from ..timeline import Clock, samples, seconds

WAITED_S = 0.002
"""A push that takes longer met a full queue: one that finds room returns in 0.3 ms."""

LATE_SAMPLES = samples(0.12)
"""The voice is in danger where the source lacks more than this of the 0.25 s that it holds."""

STEADY_TICKS = 2
"""Of 10 ms, what is pushed at a time: each push takes 0.2 ms of three threads. An interruption
waits for the end of a push, so in speech it is one where late reports make it wait again."""

REST_AFTER_S = 5.0
"""After so long without speech nothing is pushed. Receivers stretch or shorten the first second of
speech by up to 0.05 s more where the source had rested."""

REST_S = 0.1
"""How often the track goes on while there is no speech: each time that a thread wakes costs 0.3 ms.
"""

MOST_REST_S = 10.0
"""After this the source is asked for its time again, by a push."""


class AudioOutput(Protocol):
    """An audio source that sends 10 ms of what it holds, or of silence, every 10 ms."""

    async def push_audio(self, pcm: Pcm) -> None: ...

    def clear(self) -> None: ...


class AudioFeed:
    """On the conductor's event loop; `playhead` may be read from any thread.

    Args:
        playout: What is published.
        clock: Real time.
        queue_samples: What the source holds before a push waits.
        on_events: Gets what was played, and when (wall clock).
        on_late: Called where this thread comes so late that the voice is in danger.
        on_change: Gets the first published sample whose speech is not what it was.
        nap: Sleeps for so many seconds, or until the playout wants something.
    """

    def __init__(
        self,
        playout: Playout,
        *,
        clock: Clock,
        queue_samples: int,
        on_events: Callable[[Sequence[tuple[PlaybackEvent, float]]], None],
        on_late: Callable[[], None],
        on_change: Callable[[int], None],
        nap: Callable[[float], Awaitable[None]],
    ) -> None:
        self.playhead = Playhead(queue_samples)
        self.failures = 0
        """Times that the source refused samples."""
        self._playout = playout
        self._clock = clock
        self._queue = queue_samples
        self._on_events = on_events
        self._on_late = on_late
        self._on_change = on_change
        self._nap = nap
        self._spoke_s = clock.now_s()
        """When there was speech, or this began."""

    async def run(self, output: AudioOutput) -> None:
        """Keep the source fed, and report what it has played, without end."""
        while True:
            if self._may_rest(self._clock.now_s()):
                await self._rest(output)
            began_s = self._clock.now_s()
            self.playhead.before_push(began_s)
            count = self._next_count(began_s)
            if count > LATE_SAMPLES and self._playout.published:
                self._on_late()
            pcm = self._playout.pull(count)
            if await self._push(output, pcm, began_s) and self._playout.wants_retraction:
                await self._replace(output)
            self._tell()

    def _may_rest(self, now_s: float) -> bool:
        """Note whether there is speech; returns whether there has been none for a while, and the
        source's time is known."""
        if not self._silent:
            self._spoke_s = now_s
        return now_s - self._spoke_s > REST_AFTER_S and self.playhead.sure

    @property
    def _silent(self) -> bool:
        return not (self._playout.playing or self._playout.wants_retraction)

    async def _rest(self, output: AudioOutput) -> None:
        """Let the source send its own silence until there is speech; then begin with that at its
        next tick."""
        ends_s = self._clock.now_s() + MOST_REST_S
        while self._silent and self._clock.now_s() < ends_s:
            await self._nap(REST_S)
            missing = self._queue - self.playhead.unsent_at_rest(self._clock.now_s())
            if self._silent and missing > 0:
                self._playout.pull(missing)
                self.playhead.rested(missing)
                self._tell()
        # Speech that has just begun to come has a few milliseconds to become more.
        await self._clock.sleep(self.playhead.next_tick_s(self._clock.now_s()))
        began_s = self._clock.now_s()
        unsent = max(0, self.playhead.unsent_at_rest(began_s))
        self.playhead.retracted(self._playout.retract(unsent))
        first = self._playout.published
        pcm = self._playout.pull(self._queue)
        output.clear()
        self.playhead.align(first, self._clock.now_s())
        await self._push(output, pcm, began_s)
        self._tell()

    async def _push(self, output: AudioOutput, pcm: Pcm, began_s: float) -> bool:
        """Returns whether the source was full and made the push wait."""
        try:
            await output.push_audio(pcm)
        except Exception:
            if not self.failures:
                logger.exception("audio: the source refused samples; time goes on")
            self.failures += 1
            await self._clock.sleep(seconds(TICK_SAMPLES))
        now_s = self._clock.now_s()
        waited = now_s - began_s > WAITED_S
        self.playhead.after_push(len(pcm), now_s, waited)
        return waited

    async def _replace(self, output: AudioOutput) -> None:
        """Take back what the source holds and push what the playout wants now.

        The source has just sent 10 ms, so what it holds stays the same for long enough. Nothing is
        done between emptying and refilling it: an empty source sends silence. Where this thread was
        late, the next wait will do.
        """
        now_s = self._clock.now_s()
        unsent = self.playhead.unsent(now_s)
        if unsent is None:
            return
        taken_back = self._playout.retract(unsent)
        self.playhead.retracted(taken_back)
        pcm = self._playout.pull(taken_back)
        output.clear()
        if len(pcm):
            await self._push(output, pcm, now_s)

    def _next_count(self, now_s: float) -> int:
        """20 ms as a rule, 10 ms of speech where the source is not steady; after a delay as much as
        fills the source again in one push."""
        held = self.playhead.held(now_s)
        ticks = (self._queue + TICK_SAMPLES - held) // TICK_SAMPLES
        least = 1 if self._playout.playing and not self.playhead.steady else STEADY_TICKS
        return TICK_SAMPLES * max(least, min(ticks, self._queue // TICK_SAMPLES + 1))

    def _tell(self) -> None:
        """Report what was played by now, and what has changed."""
        playhead = self.playhead.at(self._clock.now_s())
        events = self._playout.advance(playhead)
        if events:
            wall_s = self._clock.wall_s()
            ago = [0 if isinstance(event, Finished) else playhead - event.at for event in events]
            self._on_events(
                [(event, wall_s - seconds(n)) for event, n in zip(events, ago, strict=True)]
            )
        changed = self._playout.take_change()
        if changed is not None:
            self._on_change(changed)
