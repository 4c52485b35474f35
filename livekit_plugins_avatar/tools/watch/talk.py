"""Publishers of a talking face: this package's, and LiveKit's `AvatarRunner` with the same face.

Both say the same sound in the same turns, through an `AgentSession`. The other's generator draws
what this package would: the same recogniser, face and persona, a frame for the sound of its time.
What differs is who places sound and pictures on the tracks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.avatar import (
    AudioSegmentEnd,
    AvatarOptions,
    AvatarRunner,
    QueueAudioOutput,
    VideoGenerator,
)

from ...audio.pcm_buffer import NO_PCM, Pcm
from ...audio.placement import FixedPlacement, Run
from ...face.face import Face
from ...gaze.attention import Attention
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Persona
from ...render.renderer import Renderer
from ...session import AvatarSession
from ...speech.published import PublishedVisemes
from ...speech.recognizer import OnnxRecognizer
from ...speech.schedule import VisemeSchedule
from ...timeline import SAMPLE_RATE, Timed, samples
from ..eval.ours import pipeline_of
from ..eval.talker import AS_IT_COMES
from ..visemes.offline import recognize
from .clapped import ClappedFace

Kind = Literal["ours", "stock"]

BETWEEN_S = 2.5
"""A person answers meanwhile."""

PIECE_S = 0.1
STUCK_S = 30.0


@asynccontextmanager
async def talking(
    room: rtc.Room, kind: Kind, *, persona: str, renderer: ClappedFace | None = None
) -> AsyncIterator[AgentSession[None]]:
    """A session whose face is in the room, until the block ends.

    Args:
        room: Connected.
        kind: Who publishes.
        persona: What it looks like.
        renderer: Draws it instead; with "ours" alone.
    """
    session = AgentSession[None]()
    face: AvatarSession | StockFace
    if kind == "stock":
        face = StockFace(session, room, persona)
    elif renderer is None:
        face = AvatarSession(persona)
    else:
        face = AvatarSession(renderer=renderer)
    try:
        if isinstance(face, AvatarSession):
            await face.start(session, room=room)
            if renderer is not None:
                renderer.runs = pipeline_of(face).playout.runs
        else:
            await face.start()
        await session.start(Agent(instructions="none"), room=room, room_options=AS_IT_COMES)
        yield session
    finally:
        await session.aclose()
        await face.aclose()


async def say(
    session: AgentSession[None], turns: Sequence[Pcm], *, seconds: float, between_s: float
) -> None:
    """Take turns, and again from the first, for so long, but one at least; a turn that has begun is
    finished."""
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + seconds
    while True:
        for turn in turns:
            handle = session.say("...", audio=_frames(turn), add_to_chat_ctx=False)
            await asyncio.wait_for(handle.wait_for_playout(), len(turn) / SAMPLE_RATE + STUCK_S)
            await asyncio.sleep(between_s)
            if loop.time() >= ends_s:
                return


async def _frames(pcm: Pcm) -> AsyncIterator[rtc.AudioFrame]:
    """Speech in pieces, as fast as it is taken: a TTS is faster than real time."""
    for start in range(0, len(pcm), samples(PIECE_S)):
        piece = pcm[start : start + samples(PIECE_S)]
        yield rtc.AudioFrame(piece.tobytes(), SAMPLE_RATE, 1, len(piece))


class StockFace:
    """An `AvatarRunner` whose generator draws this package's face.

    Args:
        session: Not started.
        room: Connected.
        persona: What it looks like.
    """

    def __init__(self, session: AgentSession[None], room: rtc.Room, persona: str) -> None:
        output = QueueAudioOutput(sample_rate=SAMPLE_RATE)
        session.output.audio = output
        self._renderer = OnnxRenderer(Persona.load(persona), device="cpu")
        width, height = self._renderer.size
        options = AvatarOptions(
            video_width=width,
            video_height=height,
            video_fps=self._renderer.fps,
            audio_sample_rate=SAMPLE_RATE,
            audio_channels=1,
        )
        generator = FaceGenerator(self._renderer)
        self._runner = AvatarRunner(room, audio_recv=output, video_gen=generator, options=options)

    async def start(self) -> None:
        """Publish the face at rest until speech comes."""
        await self._runner.start()

    async def aclose(self) -> None:
        """Leave."""
        await self._runner.aclose()
        self._renderer.close()


class FaceGenerator(VideoGenerator):
    """A frame for the sound of its time, then the sound; frames alone where there is none.

    It waits for the whole of a segment, so that it knows each sound before it draws it.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._period = SAMPLE_RATE // renderer.fps
        self._incoming: asyncio.Queue[rtc.AudioFrame | AudioSegmentEnd] = asyncio.Queue()
        self._recognizer = OnnxRecognizer()
        self._schedule = VisemeSchedule()
        self._runs: list[Run] = []
        self._attention = Attention()
        visemes = PublishedVisemes(self._schedule, FixedPlacement(self._runs))
        self._face = Face(visemes, self._attention.situations)
        self._published = 0

    async def push_audio(self, frame: rtc.AudioFrame | AudioSegmentEnd) -> None:
        await self._incoming.put(frame)

    def clear_buffer(self) -> None:
        while not self._incoming.empty():
            self._incoming.get_nowait()

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        return self._generate()

    async def _generate(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        parts: list[Pcm] = []
        while True:
            try:
                frame = self._incoming.get_nowait()
            except asyncio.QueueEmpty:
                yield await self._draw()
                continue
            if isinstance(frame, rtc.AudioFrame):
                parts.append(np.frombuffer(frame.data, np.int16))
                continue
            pcm: Pcm = np.concatenate(parts) if parts else NO_PCM
            parts = []
            if len(pcm):
                await asyncio.to_thread(self._expect, pcm)
            for start in range(0, len(pcm), self._period):
                yield await self._draw()
                chunk = pcm[start : start + self._period]
                yield rtc.AudioFrame(chunk.tobytes(), SAMPLE_RATE, 1, len(chunk))
            self._attention.set_agent_state(self._published, "listening")
            yield AudioSegmentEnd()

    def _expect(self, pcm: Pcm) -> None:
        """Let the face say this from the next frame on."""
        spoken = self._runs[-1].speech_end if self._runs else 0
        events = recognize(pcm, recognizer=self._recognizer)
        self._schedule.revise([replace(each, start=each.start + spoken) for each in events])
        self._runs.append(Run(self._published, spoken, len(pcm)))
        self._attention.set_agent_state(self._published, "speaking")
        self._attention.plan_turn_end(self._published, self._published + len(pcm))

    async def _draw(self) -> rtc.VideoFrame:
        moment = Timed(self._published, self._period, self._face.at(self._published))
        self._published += self._period
        (picture,) = await asyncio.to_thread(self._renderer.render, [moment])
        width, height = self._renderer.size
        return rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, picture.tobytes())
