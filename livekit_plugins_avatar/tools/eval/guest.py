"""A participant that speaks over another one.

Publishes speech by a track of its own while the other one is heard, and goes on until the server
reports it as an active speaker, as a person does until they are heard.
"""

from __future__ import annotations

from collections.abc import Sequence

from livekit import rtc

from ...timeline import SAMPLE_RATE, Clock, samples
from .costs import speech

SENTENCE_S = 1.2
"""Longer than the server takes to report an active speaker, about 0.4 s where nothing is late."""

SPEAKS_AT_MOST_S = 4.8
WAITS_AT_MOST_S = 6.0
"""For the other one to be heard: two turns may be apart when it is time, or the line is down."""

POLL_S = 0.02
TICK_SAMPLES = samples(0.02)
QUEUE_MS = 100


class Guest:
    """A participant with a microphone."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._room = rtc.Room()
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=QUEUE_MS)
        self._heard: set[str] = set()
        self._room.on("active_speakers_changed", self._on_speakers)

    async def join(self, url: str, token: str) -> None:
        """Come in, silent."""
        await self._room.connect(url, token, options=rtc.RoomOptions(auto_subscribe=False))
        await self._room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("guest", self._source),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE),
        )

    async def interrupt(self, identity: str, times_s: Sequence[float]) -> None:
        """Speak over a participant at each of these times, counted from now; later where it is
        silent then."""
        began_s = self._clock.now_s()
        for at_s in times_s:
            await self._clock.sleep(began_s + at_s - self._clock.now_s())
            gives_up_s = self._clock.now_s() + WAITS_AT_MOST_S
            while identity not in self._heard and self._clock.now_s() < gives_up_s:
                await self._clock.sleep(POLL_S)
            await self._speak()

    async def leave(self) -> None:
        """Go."""
        await self._room.disconnect()
        await self._source.aclose()

    async def _speak(self) -> None:
        """Say a sentence, and the next one where this one was not noticed."""
        sentence, myself = speech(SENTENCE_S), self._room.local_participant.identity
        noticed = False
        for _ in range(round(SPEAKS_AT_MOST_S / SENTENCE_S)):
            for first in range(0, len(sentence), TICK_SAMPLES):
                pcm = sentence[first : first + TICK_SAMPLES]
                await self._source.capture_frame(
                    rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
                )
                noticed = noticed or myself in self._heard
            if noticed:
                return

    def _on_speakers(self, speakers: list[rtc.Participant]) -> None:
        self._heard = {speaker.identity for speaker in speakers}
