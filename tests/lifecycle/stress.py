"""Plays scenes one after the other, and reports what hung or was left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import livekit_plugins_avatar

from .places import Place
from .scenes import SCENES, Play

GRACE_S = 2.0
"""How long threads and tasks may take to end once all is closed."""

SETTLED_S = 5.0
"""If no file handle was closed for this long, none will be."""

PACKAGE = os.path.dirname(livekit_plugins_avatar.__file__)

MakePlace = Callable[[bool], Awaitable[Place]]
"""Makes a room, with a viewer or without."""


@dataclass
class Result:
    """How one scene went."""

    scene: str
    runs: int = 0
    failures: list[str] = field(default_factory=list)
    close_s: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        worst_s = max(self.close_s, default=0.0)
        return f"{self.scene:32} {self.runs:5} {len(self.failures):5} {worst_s:8.2f} s"


async def stress(make: MakePlace, runs: int, *, seed: int = 0) -> list[Result]:
    """Play each scene `runs` times.

    Args:
        make: Makes the room for each.
        runs: Of each scene.
        seed: Of all chance.
    """
    results = [Result(scene.__name__) for scene in SCENES]
    for run in range(runs):
        for scene, result in zip(SCENES, results, strict=True):
            chance = random.Random(f"{seed} {scene.__name__} {run}")
            play = Play(await make(chance.random() < 0.6), chance)
            result.runs += 1
            try:
                try:
                    await scene(play)
                finally:
                    await play.end()
                await nothing_left()
            except Exception as error:
                result.failures.append(f"run {run}: {type(error).__name__}: {error}")
            result.close_s += play.close_s
    return results


async def nothing_left() -> None:
    """Wait until no thread and no task of the package is left.

    Raises:
        AssertionError: Some are left after `GRACE_S`.
    """
    deadline_s = time.monotonic() + GRACE_S
    while left := _left():
        assert time.monotonic() < deadline_s, f"left: {left}"
        await asyncio.sleep(0.01)


async def settled_handles() -> int:
    """How many file handles are open once no more are closed: WebRTC takes some seconds."""
    fewest, since_s = _handles(), time.monotonic()
    while time.monotonic() < since_s + SETTLED_S:
        await asyncio.sleep(0.1)
        if (now := _handles()) < fewest:
            fewest, since_s = now, time.monotonic()
    return fewest


def _handles() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def _left() -> list[str]:
    threads = [each.name for each in threading.enumerate() if each.name.startswith("avatar")]
    tasks = [task.get_name() for task in asyncio.all_tasks() if _is_ours(task)]
    return threads + tasks


def _is_ours(task: asyncio.Task[object]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(PACKAGE)
