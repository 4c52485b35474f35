"""Faults of the machine: a tool call that blocks, a process that takes a core."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ....timeline import Clock

_SPIN = """
import sys, time
ends = time.monotonic() + float(sys.argv[1])
while time.monotonic() < ends:
    pass
"""


def block(length_s: float) -> None:
    """Hold this thread, and with it the event loop that runs on it, as a bad tool call does."""
    time.sleep(length_s)


@contextmanager
def thieves(cores: int, *, longest_s: float = 60.0) -> Iterator[None]:
    """Keep `cores` cores busy, each with a process of its own, while the context lasts.

    Args:
        cores: How many.
        longest_s: They end by themselves after this long, whatever becomes of us.
    """
    command = [sys.executable, "-c", _SPIN, str(longest_s)]
    busy = [subprocess.Popen(command) for _ in range(cores)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            process.wait()


async def steal(length_s: float, *, clock: Clock, cores: int = 1) -> None:
    """Keep `cores` cores busy for `length_s`."""
    with thieves(cores, longest_s=2 * length_s):
        await clock.sleep(length_s)
