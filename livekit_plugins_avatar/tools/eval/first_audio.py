"""Measures the time to the first sound of an answer, with the face and without.

For each pair: the time from the first TTS frame captured to the first sound at a subscriber, in a
room of a real LiveKit server on loopback. Both publishers are in the room all the time and speak by
turns, so that a busy machine affects both alike: one is LiveKit's own room output, the other is
this package.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.io import AudioOutput

# LiveKit keeps the class to itself, but it is what an agent without an avatar speaks through.
from livekit.agents.voice.room_io._output import _ParticipantAudioOutput
from numpy.typing import NDArray

from ...session import AvatarSession
from ...timeline import SAMPLE_RATE, SystemClock
from ..demo import server_binary
from ..demo.server import LiveKitServer, livekit_server

Floats = NDArray[np.float64]

ROOM = "first-audio"
TTS_RATE_HZ = 24_000
TTS_FRAME_S = 0.1
"""What most voices hand out: 24 kHz, in pieces of about a tenth of a second."""
ANSWER_FRAMES = 3
TONE_HZ = 400
TONE_LEVEL = 8_000
HEARD_LEVEL = 1_000
"""Of 32,767: an eighth of the tone, far over what a codec adds to silence."""
PAUSE_S = 0.3
"""Between answers: the last one must have died away at the subscriber."""
BLOCK_MS = 10
JOIN_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 10.0


class Ear:
    """A subscriber: notes when each participant is heard.

    Args:
        clock: Real time.
    """

    def __init__(self, clock: SystemClock) -> None:
        self._clock = clock
        self._room = rtc.Room()
        self._tasks: list[asyncio.Task[None]] = []
        self._heard: dict[str, asyncio.Future[float]] = {}
        self._room.on("track_subscribed", self._on_track_subscribed)

    async def join(self, server: LiveKitServer) -> None:
        """Join the room and subscribe to everybody in it."""
        await self._room.connect(server.url, server.token(identity="ear", room=ROOM))

    def next_sound_of(self, identity: str) -> asyncio.Future[float]:
        """When the first sample of the participant's next sound arrives, on the clock."""
        self._heard[identity] = asyncio.get_running_loop().create_future()
        return self._heard[identity]

    async def aclose(self) -> None:
        """Leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._room.disconnect()

    def _on_track_subscribed(
        self,
        track: rtc.Track,
        _publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._tasks.append(asyncio.create_task(self._listen(track, participant.identity)))

    async def _listen(self, track: rtc.Track, identity: str) -> None:
        stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, frame_size_ms=BLOCK_MS)
        try:
            async for event in stream:
                waiting = self._heard.get(identity)
                if waiting is None or waiting.done():
                    continue
                pcm = np.frombuffer(event.frame.data, np.int16)
                loud = np.flatnonzero(np.abs(pcm.astype(int)) > HEARD_LEVEL)
                if len(loud):
                    waiting.set_result(self._clock.now_s() + loud[0] / SAMPLE_RATE)
        finally:
            await stream.aclose()


async def first_audio_s(pairs: int) -> tuple[Floats, Floats]:
    """Let both publishers answer by turns.

    Args:
        pairs: Answers of each, at least 1.

    Returns:
        Seconds to the first sound, float64 [pairs] each: without the face, with it.

    Raises:
        asyncio.TimeoutError: An answer was not heard within `ANSWER_TIMEOUT_S`.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        server = stack.enter_context(livekit_server(server_binary.provide()))
        ear = Ear(clock)
        stack.push_async_callback(ear.aclose)
        await ear.join(server)
        outputs = {
            "stock": await _stock(stack, server),
            "avatar": await _avatar(stack, server),
        }
        for identity, output in outputs.items():
            # The first answer waits for the subscription, and opens codecs.
            await _answer(identity, output, ear, clock)
        waits_s: dict[str, list[float]] = {identity: [] for identity in outputs}
        for pair in range(pairs):
            order = sorted(outputs, reverse=bool(pair % 2))
            for identity in order:
                waits_s[identity].append(await _answer(identity, outputs[identity], ear, clock))
    return np.array(waits_s["stock"]), np.array(waits_s["avatar"])


async def _answer(identity: str, output: AudioOutput, ear: Ear, clock: SystemClock) -> float:
    heard = ear.next_sound_of(identity)
    began_s = clock.now_s()
    for frame in _tts_frames():
        await output.capture_frame(frame)
    output.flush()
    heard_s = await asyncio.wait_for(heard, ANSWER_TIMEOUT_S)
    await asyncio.wait_for(output.wait_for_playout(), ANSWER_TIMEOUT_S)
    await asyncio.sleep(PAUSE_S)
    return heard_s - began_s


async def _stock(stack: AsyncExitStack, server: LiveKitServer) -> AudioOutput:
    room = await _joined(stack, server, "stock")
    output = _ParticipantAudioOutput(
        room,
        sample_rate=TTS_RATE_HZ,
        num_channels=1,
        track_publish_options=rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE),
    )
    stack.push_async_callback(output.aclose)
    await asyncio.wait_for(output.start(), JOIN_TIMEOUT_S)
    return output


async def _avatar(stack: AsyncExitStack, server: LiveKitServer) -> AudioOutput:
    room = await _joined(stack, server, "avatar")
    session: AgentSession[None] = AgentSession()
    avatar = AvatarSession()
    stack.push_async_callback(avatar.aclose)
    await asyncio.wait_for(avatar.start(session, room=room), JOIN_TIMEOUT_S)
    output = session.output.audio
    assert output is not None, "AvatarSession.start sets the session's audio output"
    return output


async def _joined(stack: AsyncExitStack, server: LiveKitServer, identity: str) -> rtc.Room:
    room = rtc.Room()
    await room.connect(server.url, server.token(identity=identity, room=ROOM))
    stack.push_async_callback(room.disconnect)
    return room


def _tts_frames() -> list[rtc.AudioFrame]:
    length = round(TTS_FRAME_S * TTS_RATE_HZ)
    time_s = np.arange(ANSWER_FRAMES * length) / TTS_RATE_HZ
    # A cosine: loud from its first sample on.
    tone = np.rint(TONE_LEVEL * np.cos(2 * np.pi * TONE_HZ * time_s)).astype(np.int16)
    return [
        rtc.AudioFrame(piece.tobytes(), TTS_RATE_HZ, 1, length)
        for piece in np.split(tone, ANSWER_FRAMES)
    ]
