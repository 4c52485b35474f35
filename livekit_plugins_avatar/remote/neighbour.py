"""Tells at once that another process of this machine has ended, or ends: by the kernel's word.

The kernel says so by itself once the last thread is gone and all memory is given back, which takes
0.04 s after a kill, 0.35 s with 1.5 GB, and seconds where a machine takes memory back slowly. That
a process was told to end shows in its first thread at once, and this looks there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
BEGAN = 19
"""Which field of `/proc/PID/stat`, after the name of the program, tells when a process began."""

LOOK_S = 0.02
"""How often a process that is watched is looked at: it takes 0.03 ms."""

STATUS_BYTES = 4096
KILLED = 1 << 8
"""SIGKILL among the signals that wait for a thread: what ends a process sends it to all threads."""


def this_process() -> str:
    """A name of this process that other processes of this machine can `watch`; "" on a system
    without such names."""
    with suppress(OSError):
        return f"{_machine()} {os.getpid()} {_began(os.getpid())}"
    return ""


class Neighbour:
    """Watches a process until it ends or `close`, on an event loop."""

    def __init__(self, process: _Process, on_end: Callable[[], None]) -> None:
        self._process = process
        self._on_end = on_end
        process.watchers.append(self)

    def close(self) -> None:
        """Watch no more; any number of times."""
        if self in self._process.watchers:
            self._process.watchers.remove(self)
            if not self._process.watchers:
                self._process.close()

    def ended(self) -> None:
        """The process has ended; counts once, and not after `close`."""
        if self in self._process.watchers:
            self.close()
            self._on_end()


class _Process:
    """A process that is looked at for all who watch it on one event loop."""

    def __init__(self, name: str, descriptor: int, status: int | None) -> None:
        self.watchers: list[Neighbour] = []
        self._name = name
        self._descriptor = descriptor
        self._status = status
        """Of its first thread, where this process may read it."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._end)
        self._looking = self._loop.call_later(LOOK_S, self._look)
        _processes[self._loop, name] = self

    def _look(self) -> None:
        if self._status is None:
            return
        if _ends(self._status):
            return self._end()
        self._looking = self._loop.call_later(LOOK_S, self._look)

    def _end(self) -> None:
        self._stop()
        for each in self.watchers:  # One that fails does not keep the others from being told.
            self._loop.call_soon(each.ended)

    def close(self) -> None:
        """Look at it no more."""
        self._stop()
        os.close(self._descriptor)
        if self._status is not None:
            os.close(self._status)

    def _stop(self) -> None:
        _processes.pop((self._loop, self._name), None)
        self._loop.remove_reader(self._descriptor)
        self._looking.cancel()


_processes: dict[tuple[asyncio.AbstractEventLoop, str], _Process] = {}


def watch(name: str, on_end: Callable[[], None]) -> Neighbour | None:
    """Watch a process by what its `this_process` said; `on_end` is called once.

    None where the process is of another machine or container, or is gone already.
    """
    loop = asyncio.get_running_loop()
    with suppress(OSError, AttributeError, ValueError, OverflowError):
        process = _processes.get((loop, name)) or _open(name)
        return None if process is None else Neighbour(process, on_end)
    return None


def _open(name: str) -> _Process | None:
    machine, _, process = name.partition(" ")
    pid, _, began = process.partition(" ")
    if machine != _machine():
        return None
    descriptor = os.pidfd_open(int(pid))
    # Not another process with the number of one that has ended.
    with suppress(OSError):
        if began == _began(int(pid)):
            return _Process(name, descriptor, _status_of(int(pid)))
    os.close(descriptor)
    return None


def _status_of(pid: int) -> int | None:
    """Where the state of a process's first thread is read."""
    with suppress(OSError):
        return os.open(PROC / f"{pid}/task/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
    return None


def _ends(status: int) -> bool:
    """Whether a thread has ended, or its process has been told to."""
    try:
        said = os.pread(status, STATUS_BYTES, 0)
    except OSError:
        return True
    lines = dict(line.split(b":\t", 1) for line in said.splitlines() if b":\t" in line)
    waiting = int(lines.get(b"SigPnd", b"0"), 16) | int(lines.get(b"ShdPnd", b"0"), 16)
    return bool(waiting & KILLED) or lines.get(b"State", b"R")[:1] in b"ZXx"


def _machine() -> str:
    """Names this run of the machine, and the container in it."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.readlink(PROC / 'self/ns/pid')}"


def _began(pid: int) -> str:
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[BEGAN]
