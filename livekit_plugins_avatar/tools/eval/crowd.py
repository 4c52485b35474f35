"""Agents in rooms of one process, each with a face or with its voice alone: what is measured.

Each agent speaks for six seconds of ten. The first begins after AFTER seconds, each of the others
STEP later than the one before it. Once all have joined, and then every second, the process prints
one line of JSON: the processor time that it has used, by thread, and what each face has counted. It
ends with its standard input.

    python -m livekit_plugins_avatar.tools.eval.crowd \\
        URL face|shared|voice FPS DEVICE AFTER STEP TOKEN...
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession

from ...audio.pcm_buffer import Pcm
from ...render.persona import Device
from ...session import AvatarSession
from ...timeline import SAMPLE_RATE, SystemClock, samples
from .costs import TEXT, speech
from .garbage import leave_out_what_is_loaded
from .talker import AS_IT_COMES

SPEAKS_S, LISTENS_S = 6.0, 4.0
"""An agent speaks for about half of a call, rather more."""

CHUNK_S = 0.1
EVERY_S = 1.0
TASKS = Path("/proc/self/task")


async def crowd(
    url: str,
    tokens: list[str],
    face: Callable[[], AvatarSession | None],
    *,
    after_s: float,
    step_s: float,
) -> None:
    """Join all rooms, talk until standard input ends, and leave."""
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    leave_out_what_is_loaded()
    agents = [Member() for _ in tokens]
    for member, token in zip(agents, tokens, strict=True):
        await member.join(url, token, face())
    talking = [
        asyncio.create_task(member.talk(wait_s=after_s + n * step_s))
        for n, member in enumerate(agents)
    ]
    clock = SystemClock()
    while not ended.done():
        faces = [asdict(member.avatar.stats) for member in agents if member.avatar is not None]
        said = {"at_s": clock.now_s(), "cpu_s": time.process_time(), "threads": threads_cpu_s()}
        print(json.dumps({**said, "faces": faces}), flush=True)
        await asyncio.wait([ended], timeout=EVERY_S)
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)
    for member in agents:
        await member.leave()


class Member:
    """One agent in one room."""

    def __init__(self) -> None:
        self.room, self.session = rtc.Room(), AgentSession[None]()
        self.avatar: AvatarSession | None = None

    async def join(self, url: str, token: str, avatar: AvatarSession | None) -> None:
        """Connect, and publish the avatar, or the voice as an agent without one does."""
        await self.room.connect(url, token)
        self.avatar = avatar
        if avatar is not None:
            await avatar.start(self.session, room=self.room)
        await self.session.start(
            Agent(instructions="none"), room=self.room, room_options=AS_IT_COMES
        )

    async def talk(self, wait_s: float) -> None:
        """Speak and listen by turns, without end."""
        clock, sound = SystemClock(), speech(SPEAKS_S)
        await clock.sleep(wait_s)
        while True:
            await self.session.say(TEXT, audio=_frames(sound), add_to_chat_ctx=False)
            await clock.sleep(LISTENS_S)

    async def leave(self) -> None:
        """End the session, and the connection."""
        await self.session.aclose()
        if self.avatar is not None:
            await self.avatar.aclose()
        await self.room.disconnect()


def threads_cpu_s() -> dict[str, float]:
    """The processor time of this process's threads by name; {} where there is no /proc."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    used: dict[str, float] = {}
    for task in TASKS.glob("*") if TASKS.exists() else ():
        try:
            ran_ns, name = (task / "schedstat").read_text(), (task / "comm").read_text()
        except OSError:
            continue  # It has just ended.
        name = names.get(int(task.name), name.strip())
        name = re.sub(r"[-_ #:/]*\d+.*", "", name)
        used[name] = used.get(name, 0.0) + int(ran_ns.split()[0]) / 1e9
    return used


def _face(kind: str, fps: int, device: Device) -> AvatarSession | None:
    """A face that this process draws, or that all processes share; or none."""
    if kind == "voice":
        return None
    return AvatarSession(fps=fps, device=device, shared_renderer=kind == "shared")


async def _frames(pcm: Pcm) -> AsyncIterator[rtc.AudioFrame]:
    for piece in np.array_split(pcm, max(1, len(pcm) // samples(CHUNK_S))):
        yield rtc.AudioFrame(piece.tobytes(), SAMPLE_RATE, 1, len(piece))


if __name__ == "__main__":
    url, kind, rate, drawn_on, after, step, *tokens = sys.argv[1:]
    found = partial(_face, kind, int(rate), cast(Device, drawn_on))
    asyncio.run(crowd(url, tokens, found, after_s=float(after), step_s=float(step)))
