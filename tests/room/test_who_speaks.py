"""The face looks at the participant who speaks, as the others see it."""

from __future__ import annotations

import asyncio
import time
import uuid
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Style
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .conftest import until

SENTENCE = Path(__file__).parents[1] / "speech" / "data" / "sentence.wav"
IRIS = (110, 125, 104)
"""Y, U and V of the sketch's eyes; see models/sketch/CARD.md."""
EYES = (170, 190, 342, 290)
"""Left, top, right and bottom of where they go, of 512."""
CODED = 14
"""How far a video codec takes a colour off."""
SPOKEN_S = 2.3
SETTLE_S = 1.2
"""From the first sound of a speaker: the server notices, the eyes turn, the video arrives."""


def iris_x(frame: rtc.VideoFrame) -> float:
    """Where the irises are, in pixels of 512 from the picture's left; NaN for shut eyes."""
    width, height = frame.width, frame.height
    planes = np.frombuffer(frame.data, np.uint8)
    luma = planes[: width * height].reshape(height, width)[::2, ::2]
    u, v = planes[width * height :].reshape(2, height // 2, width // 2)
    near = np.all(
        [abs(p.astype(int) - c) <= CODED for p, c in zip((luma, u, v), IRIS, strict=True)], axis=0
    )
    left, top, right, bottom = (round(edge * width / 1024) for edge in EYES)
    columns = np.nonzero(near[top:bottom, left:right])[1]
    return float(columns.mean() + left) * 1024 / width if len(columns) > 10 else float("nan")


@dataclass
class Person:
    """A participant who can speak, and records where the face looks."""

    room: rtc.Room = field(default_factory=rtc.Room)
    source: rtc.AudioSource = field(default_factory=lambda: rtc.AudioSource(48_000, 1))
    seen: list[tuple[float, float]] = field(default_factory=list)
    """When (monotonic), and where the irises were."""
    watching: asyncio.Task[None] | None = None

    async def join(self, server: LiveKitServer, name: str, identity: str) -> None:
        self.room.on("track_subscribed", self._watch)
        await self.room.connect(server.url, server.token(identity=identity, room=name))
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self.source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)

    def _watch(
        self, track: rtc.Track, publication: object, participant: rtc.RemoteParticipant
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_VIDEO:
            self.watching = asyncio.create_task(self._look(track))

    async def _look(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420)
        try:
            async for event in stream:
                self.seen.append((time.monotonic(), iris_x(event.frame)))
        finally:
            await stream.aclose()

    async def speak(self, pcm: NDArray[np.int16]) -> None:
        """Say it, in real time, and stay silent for a moment."""
        padded = np.concatenate([pcm, np.zeros(14_400, np.int16)])
        for first in range(0, len(padded) // 480 * 480, 480):
            piece = padded[first : first + 480]
            await self.source.capture_frame(rtc.AudioFrame(piece.tobytes(), 48_000, 1, 480))
        await self.source.wait_for_playout()

    def look(self, from_s: float, to_s: float) -> float:
        """Where the irises were for most of the time, in pixels of 512: a frame is seen until the
        next one comes, which takes longer while the face is still."""
        at_s, x = np.array(self.seen).T
        seen = np.searchsorted(at_s, np.arange(from_s, to_s, 0.01)) - 1
        return float(np.nanmedian(x[seen]))

    async def leave(self) -> None:
        if self.watching is not None:
            self.watching.cancel()
            await asyncio.gather(self.watching, return_exceptions=True)
        await self.room.disconnect()
        await self.source.aclose()


@asynccontextmanager
async def three_people(
    server: LiveKitServer,
) -> AsyncIterator[tuple[AvatarSession, dict[str, Person]]]:
    """An agent with a drawn face, and three people who came in one after the other."""
    # Sway would move the eyes in the picture by as much as a neighbour's seat does.
    avatar = AvatarSession("sketch", style=Style(sway=0.0))
    name, room = f"room-{uuid.uuid4().hex[:8]}", rtc.Room()
    session: AgentSession[None] = AgentSession()
    people = {identity: Person() for identity in ("anna", "ben", "cleo")}
    await room.connect(server.url, server.token(identity="agent", room=name))
    try:
        for identity, person in people.items():
            await person.join(server, name, identity)
        await avatar.start(session, room=room)
        await session.start(Agent(instructions="none"), room=room)
        await until(lambda: len(people["anna"].seen) > 30)
        yield avatar, people
    finally:
        await session.aclose()
        await avatar.aclose()
        await asyncio.gather(*(person.leave() for person in people.values()))
        await room.disconnect()


def sentence() -> NDArray[np.int16]:
    """Most of a spoken sentence, at 48 kHz."""
    with wave.open(str(SENTENCE)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        rate = file.getframerate()
    at = np.arange(0, len(pcm) - 1, rate / 48_000)
    return np.interp(at, np.arange(len(pcm)), pcm).astype(np.int16)[: round(SPOKEN_S * 48_000)]


async def test_the_eyes_turn_to_the_speaker(server: LiveKitServer) -> None:
    """In the video the irises move to where each speaker sits, and to a participant on request."""
    said = sentence()
    async with three_people(server) as (avatar, people):
        looks: dict[str, float] = {}
        for identity in ("anna", "ben", "cleo"):
            began_s = time.monotonic()
            await people[identity].speak(said)
            looks[identity] = people["anna"].look(began_s + SETTLE_S, time.monotonic())
        print(looks)
        # In the order in which they sit: anna came first, ben second, cleo sits between them.
        assert looks["anna"] < looks["cleo"] - 3.0
        assert looks["cleo"] < looks["ben"] - 3.0
        avatar.look_at("anna")
        told_s = time.monotonic()
        await until(lambda: time.monotonic() > told_s + SETTLE_S + 0.3)
        assert people["anna"].look(told_s + SETTLE_S, time.monotonic()) < looks["cleo"] - 3.0
        assert avatar.status.state == "override" and avatar.status.looking_at == "anna"
