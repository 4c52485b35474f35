"""Plays scenes, and tells what hung or was left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import livekit_plugins_avatar

from .places import Place
from .scenes import Play, Scene

AT_ONCE = 4
"""Rooms that are played in at the same time."""

GRACE_S = 2.0
"""How long threads and tasks may take to end once all is closed."""

SETTLED_S = 5.0
"""If no file handle was closed for this long, none will be."""

PACKAGE = os.path.dirname(livekit_plugins_avatar.__file__)

MakePlace = Callable[[bool], Awaitable[Place]]
"""Makes a room, with a viewer or without."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a run.

    Args:
        run: The number of the run.
        step: What it does now, "" once it has ended.
        failure: What went wrong, for one that has ended.
        close_s: How long each closing took, for one that has ended.
    """

    run: int
    step: str
    failure: str = ""
    close_s: tuple[float, ...] = ()


@dataclass
class Result:
    """How the runs of one scene went."""

    scene: str
    ended: int = 0
    failures: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    close_s: list[float] = field(default_factory=list)
    steps: dict[int, str] = field(default_factory=dict)
    """What each run does that has begun and not ended."""

    def take(self, event: Event) -> None:
        """Count one event."""
        if event.step:
            self.steps[event.run] = event.step
            return
        self.steps.pop(event.run, None)
        self.ended += 1
        self.close_s += event.close_s
        if event.failure:
            self.failures.append(f"run {event.run}: {event.failure}")

    def __str__(self) -> str:
        worst_s = max(self.close_s, default=0.0)
        counts = f"{self.ended:5} {len(self.failures):7} {len(self.crashes):8}"
        return f"{self.scene:36} {counts} {worst_s:8.2f} s"


async def stress(
    make: MakePlace,
    scene: Scene,
    runs: Sequence[int],
    *,
    seed: int = 0,
    on_event: Callable[[Event], None],
) -> None:
    """Play runs of one scene, `AT_ONCE` at a time.

    Args:
        make: Makes the room for each.
        scene: What is played.
        runs: Numbers of the runs; with the seed they decide all chance.
        seed: Of all chance.
        on_event: Told what happens.
    """
    for first in range(0, len(runs), AT_ONCE):
        together = runs[first : first + AT_ONCE]
        played = [_play(make, scene, run, seed, on_event) for run in together]
        failures = await asyncio.gather(*played)
        left = "" if scene.forgets else await _left_after_grace()
        for run, (failure, close_s) in zip(together, failures, strict=True):
            on_event(Event(run, "", failure or left, close_s))


async def _play(
    make: MakePlace, scene: Scene, run: int, seed: int, on_event: Callable[[Event], None]
) -> tuple[str, tuple[float, ...]]:
    chance = random.Random(f"{seed} {scene.name} {run}")
    on_event(Event(run, "join"))
    place = await make(chance.random() < 0.6)
    play = Play(place, chance, lambda step: on_event(Event(run, step)))
    try:
        try:
            await scene.play(play)
        finally:
            await play.end(forget=scene.forgets)
    except Exception as error:
        return f"{type(error).__name__}: {error}", tuple(play.close_s)
    return "", tuple(play.close_s)


async def _left_after_grace() -> str:
    """What threads and tasks of the package are left after `GRACE_S`, or ""."""
    deadline_s = time.monotonic() + GRACE_S
    while left := _left():
        if time.monotonic() > deadline_s:
            return f"left: {left}"
        await asyncio.sleep(0.01)
    return ""


async def settled_handles(enough: int = 0) -> int:
    """How many file handles are open once there are `enough`, or no more are closed.

    WebRTC takes some seconds to close its own.
    """
    fewest, since_s = _handles(), time.monotonic()
    while fewest > enough and time.monotonic() < since_s + SETTLED_S:
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
