"""Publishes the clapper through an `AvatarSession` whose renderer flashes.

Sound and pictures go the way of an agent's speech: TTS frames into the session's audio output,
through sink, playout and conductor. Only the renderer is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.io import AudioOutput

from ...pipeline import Pipeline
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Persona
from ...session import AvatarSession
from ...timeline import SAMPLE_RATE, SystemClock, samples, seconds
from .clapper import LEAD_S, TAIL_S, Clapper, ClapperRenderer
from .faults.renderer import FaultyRenderer
from .faults.script import Script

CHUNK_SAMPLES = samples(0.1)
"""A TTS hands out pieces of about this length."""

AHEAD_S = 1.5
"""How far ahead of its playing the speech comes, as a TTS is ahead that is faster than real
time."""

ALIGN_TIMEOUT_S = 10.0
POLL_S = 0.02


def pipeline_of(avatar: AvatarSession) -> Pipeline:
    """The stages behind an avatar, for measurements that compare them with what a viewer gets."""
    assert isinstance(avatar._pipeline, Pipeline), "its face is drawn by a worker"
    return avatar._pipeline


async def publish(
    room: rtc.Room,
    clapper: Clapper,
    *,
    ready: asyncio.Event,
    script: Script,
    video_delay_s: float,
    persona: str | None = None,
) -> dict[str, int]:
    """Publish the clapper through an `AvatarSession`; returns when it has been heard.

    Args:
        room: Connected.
        clapper: Begins once `ready` is set.
        ready: Set when a viewer has subscribed.
        script: When the renderer stalls or dies, in media time.
        video_delay_s: Of the avatar.
        persona: Of the face around the flashes: a built-in name or a file; by default none.

    Returns:
        What the avatar counted: see `AvatarSession.stats`.

    Raises:
        asyncio.TimeoutError: Speech was accepted and never published.
    """
    face = await asyncio.to_thread(_face, persona) if persona else None
    renderer = ClapperRenderer(clapper, face)
    session: AgentSession[None] = AgentSession()
    avatar = AvatarSession(renderer=FaultyRenderer(renderer, script), video_delay_s=video_delay_s)
    try:
        await avatar.start(session, room=room)
        output = session.output.audio
        assert output is not None, "AvatarSession.start sets the session's audio output"
        renderer.runs = pipeline_of(avatar).playout.runs
        await ready.wait()
        await speak(output, clapper, lambda: _align(clapper, renderer, avatar))
        return asdict(avatar.stats)
    finally:
        await avatar.aclose()


def _face(persona: str) -> OnnxRenderer:
    return OnnxRenderer(Persona.load(persona), device="cpu")


async def speak(
    output: AudioOutput, clapper: Clapper, align: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Say the clapper, a little ahead; returns when receivers have heard it.

    Args:
        output: Of the agent that has the face.
        clapper: What is said.
        align: Awaited before the first beep, once speech is on its way.
    """
    clock = SystemClock()
    began_s = clock.now_s()
    lead = samples(LEAD_S / 2)
    for start in range(0, clapper.length, CHUNK_SAMPLES):
        if start == lead and align is not None:
            await asyncio.wait_for(align(), ALIGN_TIMEOUT_S)
        length = min(CHUNK_SAMPLES, clapper.length - start)
        pcm = clapper.sound(start, length)
        await output.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, length))
        await asyncio.sleep(began_s + seconds(start) - AHEAD_S - clock.now_s())
    output.flush()
    await output.wait_for_playout()
    await asyncio.sleep(TAIL_S)


async def _align(clapper: Clapper, renderer: ClapperRenderer, avatar: AvatarSession) -> None:
    """Move the beeps onto the frames, once it is known where the speech lies."""
    while True:
        published = pipeline_of(avatar).playout.published_at(0)
        # Speech that has just come replaces the silence before it, and so moves once.
        moves = pipeline_of(avatar).playout.wants_retraction
        if published is not None and renderer.grid is not None and not moves:
            clapper.align(renderer.grid - published)
            return
        await asyncio.sleep(POLL_S)
