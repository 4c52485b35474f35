"""The script of a call's faults: a table of when, what and for how long.

A script is plain data: two publishers that are compared meet the same faults at the same times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from ....timeline import Clock

What = Literal[
    "stall",  # one picture takes so much longer to draw
    "death",  # the renderer raises whatever it is asked for
    "block",  # a tool call holds the agent's event loop
    "dry",  # the TTS delivers nothing, wherever in a phone it is
    "cpu_hog",  # a neighbour takes a core
    "link_down",  # a link carries nothing
    "resume",  # the signal connection is lost and resumed
    "reconnect",  # a full reconnect: the tracks are published again
    "server",  # the server stops, and comes back on its port
    "worker",  # the agent's process is killed, and another takes its place
]


class Fault(NamedTuple):
    """Something goes wrong.

    Args:
        at_s: When, in seconds from the beginning.
        what: What.
        length_s: For how long, where the script decides it.
    """

    at_s: float
    what: What
    length_s: float = 0.0


Script = tuple[Fault, ...]

Action = Callable[[Fault], Awaitable[None]]
"""Brings a fault about; it may take as long as the fault does."""


def each(
    what: What, *, every_s: float, length_s: float, until_s: float, first_s: float | None = None
) -> Script:
    """A fault at even intervals in [`first_s`, `until_s`); the first after one interval.

    Raises:
        ValueError: An interval of 0 s or less, or a length below 0 s.
    """
    _check(every_s, length_s)
    first_s = every_s if first_s is None else first_s
    return tuple(
        Fault(float(at_s), what, length_s) for at_s in np.arange(first_s, until_s, every_s)
    )


def now_and_then(
    what: What, *, mean_s: float, length_s: float, until_s: float, seed: int
) -> Script:
    """A fault at random times before `until_s`, with no memory of the last, `mean_s` apart.

    Raises:
        ValueError: A mean interval of 0 s or less, or a length below 0 s.
    """
    _check(mean_s, length_s)
    chance, script = np.random.default_rng(seed), list[Fault]()
    at_s = chance.exponential(mean_s)
    while at_s < until_s:
        script.append(Fault(at_s, what, length_s))
        at_s += chance.exponential(mean_s)
    return tuple(script)


def only(script: Iterable[Fault], *wanted: What) -> Script:
    """The faults of those kinds, in the order of their times."""
    return tuple(sorted(fault for fault in script if fault.what in wanted))


async def follow(
    script: Collection[Fault], actions: Mapping[What, Action], *, clock: Clock
) -> None:
    """Let every fault happen at its time, counted from now; returns once the last is over.

    A long action delays no other. Faults without an action happen elsewhere: the renderer's inside
    it (`FaultyRenderer`).
    """
    began_s = clock.now_s()
    under_way: list[asyncio.Task[None]] = []
    try:
        for fault in only(script, *actions):
            await clock.sleep(began_s + fault.at_s - clock.now_s())
            under_way.append(asyncio.ensure_future(_do(actions[fault.what], fault)))
        await asyncio.gather(*under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _do(action: Action, fault: Fault) -> None:
    await action(fault)


def _check(interval_s: float, length_s: float) -> None:
    if interval_s <= 0 or length_s < 0:
        raise ValueError(
            f"faults last 0 s or more, every more than 0 s: {length_s:g} s every {interval_s:g} s"
        )
