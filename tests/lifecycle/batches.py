"""Plays runs in processes of their own: the SDK's native code may crash."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import logging
import multiprocessing
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection

from livekit_plugins_avatar.log import logger
from livekit_plugins_avatar.tools.demo.server import LiveKitServer

from .places import Place, Real, Simulated
from .scenes import CRASH, SCENES, Scene
from .stress import AT_ONCE, Event, Result, settled_handles, stress

BATCH = 24
"""Runs in one process; a scene that leaves its avatar open has a process for each run."""

RUN_LIMIT_S = 30.0
"""A batch ends after so long for each of its rounds, with the stack of each thread."""

SETUP_LIMIT_S = 40.0
"""For the start of a process, its warm-up, and for WebRTC to close its sockets."""

SPARE_HANDLES = 8
"""How many more may be open at the end than after warming up: the SDK's threads come and go."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["livekit.api", "livekit_plugins_avatar", "tests.lifecycle.stress"])


async def play_batches(
    server: LiveKitServer | None, scene: Scene, runs: Sequence[int], seed: int, result: Result
) -> None:
    """Play runs of a scene; after a crash the next process goes on with the next run."""
    while runs:
        batch = runs[: 1 if scene.forgets else BATCH]
        told = len(result.failures), len(result.crashes)
        begun = await asyncio.to_thread(play_batch, server, scene, batch, seed, result)
        for wrong in result.failures[told[0] :] + result.crashes[told[1] :]:
            print(f"{scene.name}: {wrong}", flush=True)
        runs = [run for run in runs if run > begun]


def play_batch(
    server: LiveKitServer | None, scene: Scene, runs: Sequence[int], seed: int, result: Result
) -> int:
    """Play runs in one process, which takes a limited time.

    Returns:
        The last run that was begun.
    """
    events, sends = FORKS.Pipe(duplex=False)
    limit_s = SETUP_LIMIT_S + RUN_LIMIT_S * -(-len(runs) // AT_ONCE)
    process = FORKS.Process(target=_child, args=(sends, server, scene.name, runs, seed, limit_s))
    process.start()
    sends.close()
    begun, own = runs[0], Result(scene.name)
    try:
        while events.poll(limit_s + 5.0):
            event = events.recv()
            begun = max(begun, event.run)
            own.take(event)
            result.take(event)
    except EOFError:
        pass
    process.join(5.0)
    process.kill()
    process.join()
    if process.exitcode != 0:
        steps = ", ".join(f"run {run}: {step}" for run, step in own.steps.items())
        result.crashes.append(f"{_told(process.exitcode)} at {steps or 'its end'}")
        for run in own.steps:
            result.steps.pop(run, None)
    return begun


def _told(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def _child(
    events: Connection,
    server: LiveKitServer | None,
    name: str,
    runs: Sequence[int],
    seed: int,
    limit_s: float,
) -> None:
    faulthandler.enable(all_threads=False)
    faulthandler.dump_traceback_later(limit_s, exit=True)
    _log_ours()
    gc.collect()
    gc.freeze()
    [scene] = [each for each in (*SCENES, CRASH) if each.name == name]
    asyncio.run(_batch(events, server, scene, runs, seed))
    events.close()
    sys.stdout.flush()
    # A forked process would leave out what the interpreter does at its end.
    ctypes.pythonapi.Py_Exit(0)


def _log_ours() -> None:
    """Log what this package tells, not what the SDK and the framework tell of rooms that go."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s %(stage)s", defaults={"stage": ""}))
    logging.basicConfig(handlers=[handler], level=logging.CRITICAL, force=True)
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    logging.getLogger("livekit.agents").setLevel(logging.CRITICAL)
    logger.setLevel(logging.WARNING)


async def _batch(
    events: Connection,
    server: LiveKitServer | None,
    scene: Scene,
    runs: Sequence[int],
    seed: int,
) -> None:
    async def make(viewer: bool) -> Place:
        if server is None:
            return Simulated(viewer=viewer)
        return await Real.join(server, viewer=viewer)

    if scene.forgets:
        await stress(make, scene, runs, seed=seed, on_event=events.send)
        return
    [warm_up] = [each for each in SCENES if each.name == "close_again_after_giving_up"]
    await stress(make, warm_up, [-1], seed=-1, on_event=lambda _: None)
    before = await settled_handles()
    await stress(make, scene, runs, seed=seed, on_event=events.send)
    more = await settled_handles(before) - before
    if more > SPARE_HANDLES:
        events.send(Event(runs[-1], "", f"{more} file handles left"))
