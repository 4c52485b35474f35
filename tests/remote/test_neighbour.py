"""The end of a process of this machine is told by the kernel; of others there is no such word."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Iterator

import pytest

from livekit_plugins_avatar.remote.neighbour import LOOK_S, this_process, watch

SAYS_ITS_NAME = """
import sys
from livekit_plugins_avatar.remote.neighbour import this_process
print(this_process(), flush=True)
sys.stdin.read()
"""

ENDS_SLOWLY = """
import ctypes, sys, threading, time
from livekit_plugins_avatar.remote.neighbour import this_process
threading.Thread(target=time.sleep, args=(60,)).start()
print(this_process(), flush=True)
sys.stdin.readline()
ctypes.CDLL(None).syscall(60, 0)
"""
"""Its first thread ends, by the call `exit` of the kernel, and another lives on."""

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux has pidfd_open")


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", getattr(request, "param", SAYS_ITS_NAME)]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as child:
        yield child
        child.kill()


def name_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_a_killed_process_is_told_of(process: subprocess.Popen[str]) -> None:
    """Once it is killed, and not before; a watch that was closed tells nothing."""
    name, ended, closed_ended = name_of(process), asyncio.Event(), asyncio.Event()
    closed = watch(name, closed_ended.set)
    assert watch(name, ended.set) is not None and closed is not None
    closed.close()
    closed.close()
    await asyncio.sleep(0)
    assert not ended.is_set()
    process.kill()
    await asyncio.wait_for(ended.wait(), 10.0)
    assert not closed_ended.is_set()
    process.wait()
    assert watch(name, ended.set) is None


@pytest.mark.skipif(platform.machine() != "x86_64", reason="calls have other numbers")
@pytest.mark.parametrize("process", [ENDS_SLOWLY], indirect=True)
async def test_a_process_that_ends_slowly_is_told_of(process: subprocess.Popen[str]) -> None:
    """Where the kernel has not ended it for long: by the first of its threads."""
    ended, told = asyncio.Event(), [0, 0]
    name = name_of(process)

    def fail() -> None:
        told[0] += 1
        raise ValueError

    def count() -> None:
        told[1] += 1
        ended.set()

    assert watch(name, fail) is not None and watch(name, count) is not None
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    await asyncio.sleep(3 * LOOK_S)
    assert not ended.is_set()
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    await asyncio.wait_for(ended.wait(), 10.0)
    await asyncio.sleep(3 * LOOK_S)
    assert told == [1, 1] and process.poll() is None


@pytest.mark.parametrize("name", ["", "nonsense", "a b c", "  "])
async def test_what_is_no_name(name: str) -> None:
    assert watch(name, lambda: None) is None


async def test_another_machine_has_no_neighbours() -> None:
    """A process of the same number and begun at the same time is not the same one."""
    _, process = this_process().split(maxsplit=1)
    assert watch(f"another {process}", lambda: None) is None


@pytest.mark.parametrize("pid", ["-1", "0", "none", str(2**40), str(10**30)])
async def test_what_is_no_process(pid: str) -> None:
    machine = this_process().split()[0]
    assert watch(f"{machine} {pid} 1", lambda: None) is None


async def test_a_number_that_another_process_has_now() -> None:
    """What began at another time is not the process that was meant."""
    machine, pid, began = this_process().split()
    assert watch(f"{machine} {pid} {int(began) + 1}", lambda: None) is None
