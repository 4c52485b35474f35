"""The end of a process of this machine is told by the kernel; of others there is no such word."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from livekit_plugins_avatar.remote.neighbour import this_process, watch

SAYS_ITS_NAME = """
import sys
from livekit_plugins_avatar.remote.neighbour import this_process
print(this_process(), flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux has pidfd_open")


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-c", SAYS_ITS_NAME]
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


@pytest.mark.parametrize("name", ["", "nonsense", "a b c", "  "])
def test_what_is_no_name(name: str) -> None:
    assert watch(name, lambda: None) is None


def test_another_machine_has_no_neighbours() -> None:
    """A process of the same number and begun at the same time is not the same one."""
    _, process = this_process().split(maxsplit=1)
    assert watch(f"another {process}", lambda: None) is None


@pytest.mark.parametrize("pid", ["-1", "0", "none", str(2**40), str(10**30)])
def test_what_is_no_process(pid: str) -> None:
    machine = this_process().split()[0]
    assert watch(f"{machine} {pid} 1", lambda: None) is None


def test_a_number_that_another_process_has_now() -> None:
    """What began at another time is not the process that was meant."""
    machine, pid, began = this_process().split()
    assert watch(f"{machine} {pid} {int(began) + 1}", lambda: None) is None
