"""Agents in processes of their own, forked from one that has imported LiveKit: an import takes
seconds of a core."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment

from .conftest import DEADLINE_S

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["livekit.api", "livekit_plugins_avatar"])

FORGETFUL_S = 0.6
"""How long an agent stays that does not close its avatar."""


@asynccontextmanager
async def forked(target: Callable[..., object], *args: object) -> AsyncIterator[ForkServerProcess]:
    """A process that runs `target(*args)`; killed at the end of the block."""
    process = FORKS.Process(target=target, args=args, daemon=True)
    await asyncio.to_thread(process.start)
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.join)


async def exit_code(process: ForkServerProcess) -> int | None:
    """Wait for a process to end; None if it does not."""
    await asyncio.to_thread(process.join, DEADLINE_S)
    return process.exitcode


def forgetful(url: str, token: str) -> None:
    """An agent with the built-in face that closes everything but its avatar, and exits."""
    asyncio.run(_forget(url, token))
    # A forked process would leave out what the interpreter does at its end.
    ctypes.pythonapi.Py_Exit(0)


async def _forget(url: str, token: str) -> None:
    room = rtc.Room()
    session: AgentSession[None] = AgentSession()
    await room.connect(url, token)
    await AvatarSession().start(session, room=room)
    await session.start(Agent(instructions="none"), room=room)
    await asyncio.sleep(FORGETFUL_S)
    await session.aclose()
    await room.disconnect()


def lasting(url: str, token: str, folder: str, faces: Connection) -> None:
    """An agent that saves its face in a folder, sends each face that it draws, and stays."""
    asyncio.run(_last(url, token, folder, faces))


async def _last(url: str, token: str, folder: str, faces: Connection) -> None:
    room = rtc.Room()
    await room.connect(url, token)
    avatar = AvatarSession(renderer=Sender(faces), face_store=folder)
    await avatar.start(AgentSession(), room=room)
    await asyncio.Event().wait()


class Sender:
    """A renderer of grey frames that sends the faces to another process."""

    size = (128, 96)
    fps = 30

    def __init__(self, faces: Connection) -> None:
        self._faces = faces

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        for moment in moments:
            self._faces.send((moment.start, moment.value))
        return np.full((len(moments), 144, 128), 128, np.uint8)

    def close(self) -> None:
        pass
