"""Tells at once that another process of this machine has ended: by the kernel's word."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
BEGAN = 19
"""Which field of `/proc/PID/stat`, after the name of the program, tells when a process began."""


def this_process() -> str:
    """A name of this process that other processes of this machine can `watch`; "" on a system
    without such names."""
    with suppress(OSError):
        return f"{_machine()} {os.getpid()} {_began(os.getpid())}"
    return ""


class Neighbour:
    """Watches a process until it ends or `close`, on an event loop."""

    def __init__(self, descriptor: int, on_end: Callable[[], None]) -> None:
        self._descriptor: int | None = descriptor
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._ended)

    def close(self) -> None:
        """Watch no more; any number of times."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)

    def _ended(self) -> None:
        self.close()
        self._on_end()


def watch(name: str, on_end: Callable[[], None]) -> Neighbour | None:
    """Watch a process by what its `this_process` said; `on_end` is called once.

    None where the process is of another machine or container, or is gone already.
    """
    machine, _, process = name.partition(" ")
    pid, _, began = process.partition(" ")
    with suppress(OSError, AttributeError, ValueError, OverflowError):
        if machine != _machine():
            return None
        descriptor = os.pidfd_open(int(pid))
        # Not another process with the number of one that has ended.
        with suppress(OSError):
            if began == _began(int(pid)):
                return Neighbour(descriptor, on_end)
        os.close(descriptor)
    return None


def _machine() -> str:
    """Names this run of the machine, and the container in it."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.readlink(PROC / 'self/ns/pid')}"


def _began(pid: int) -> str:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[BEGAN]
