"""A TTS whose delivery stops and starts.

Audio frames come in bursts or are held up. Cuts fall anywhere, mostly in the middle of a phone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from livekit import rtc

from ....timeline import Clock


class Tap:
    """A stream of frames that can be shut for a while.

    Args:
        clock: Real time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opens_s = clock.now_s()

    def shut(self, length_s: float) -> None:
        """Let nothing through for `length_s` from now."""
        self._opens_s = max(self._opens_s, self._clock.now_s() + length_s)

    async def flow(self, frames: AsyncIterator[rtc.AudioFrame]) -> AsyncIterator[rtc.AudioFrame]:
        """The frames, as soon as the tap is open."""
        async for frame in frames:
            while (left_s := self._opens_s - self._clock.now_s()) > 0:
                await self._clock.sleep(left_s)
            yield frame


async def in_bursts(
    frames: AsyncIterator[rtc.AudioFrame], *, burst_s: float, gap_s: float, clock: Clock
) -> AsyncIterator[rtc.AudioFrame]:
    """The frames in bursts, each handed out at once.

    Args:
        frames: What the TTS makes.
        burst_s: The sound in a burst, to the next whole frame.
        gap_s: Time between the end of a burst and the next.
        clock: Real time.
    """
    delivered = 0
    async for frame in frames:
        yield frame
        delivered += frame.samples_per_channel
        if delivered >= burst_s * frame.sample_rate:
            delivered = 0
            await clock.sleep(gap_s)
