"""A participant that speaks over the agent.

Publishes speech at given times by a track of its own. The server decides that the guest is
speaking, as in any call.
"""

from __future__ import annotations

from collections.abc import Sequence

from livekit import rtc

from ...timeline import SAMPLE_RATE, Clock, samples
from .costs import speech

SPEAKS_S = 1.2
"""A short sentence: longer than the server takes to report an active speaker, about 0.4 s."""

TICK_SAMPLES = samples(0.02)
QUEUE_MS = 100


class Guest:
    """A participant with a microphone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._room = rtc.Room()
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=QUEUE_MS)

    async def join(self, url: str, token: str) -> None:
        """Come in, silent."""
        await self._room.connect(url, token, options=rtc.RoomOptions(auto_subscribe=False))
        await self._room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("guest", self._source),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE),
        )

    async def interrupt(self, times_s: Sequence[float]) -> None:
        """Speak at each of these times, counted from now."""
        began_s, sentence = self._clock.now_s(), speech(SPEAKS_S)
        for at_s in times_s:
            await self._clock.sleep(began_s + at_s - self._clock.now_s())
            for first in range(0, len(sentence), TICK_SAMPLES):
                pcm = sentence[first : first + TICK_SAMPLES]
                await self._source.capture_frame(
                    rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
                )

    async def leave(self) -> None:
        """Go."""
        await self._room.disconnect()
        await self._source.aclose()
