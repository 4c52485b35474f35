"""Measures one renderer for many jobs: frames a second and latencies of rooms in many processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...render.shared import launcher
from .report import Figure

PROCESSES = 32
"""Jobs at most; more rooms than that share them."""

LATE_MS = 200.0
"""A room has six frames ahead: what comes later than they last is not shown."""

TIMEOUT_S = 60.0
MAIN = Path(__file__).parent


def measured(
    persona: str, device: str, rooms: int, seconds: float, fps: int, *, kill_after_s: float = 0.0
) -> dict[str, Figure]:
    """Let so many rooms draw at `fps`, or at 0 as fast as they can, and sum up what they got.

    `kill_after_s`: when to kill the process that draws; 0 for never.
    """
    said = _jobs(persona, device, rooms, f"{seconds}", f"{fps}", kill_after_s)
    latencies_ms = np.concatenate([each["latency_ms"] for each in said])
    wanted = rooms * seconds * fps or len(latencies_ms)
    shown = int((latencies_ms <= LATE_MS).sum()) if fps else len(latencies_ms)
    p50_ms, p95_ms = map(float, np.percentile(latencies_ms, (50, 95)))
    return {
        "frames_per_s": len(latencies_ms) / seconds,
        "p50_ms": p50_ms,
        "p95_ms": p95_ms,
        "dropped_percent": 100 * max(0.0, 1 - shown / wanted),
        "failed_calls": sum(each["failed"] for each in said),
    }


def _jobs(
    persona: str, device: str, rooms: int, seconds: str, fps: str, kill_after_s: float
) -> list[dict[str, Any]]:
    """What jobs print that have so many rooms together and begin together."""
    jobs = min(rooms, PROCESSES)
    shares = [len(range(job, rooms, jobs)) for job in range(jobs)]
    processes = [
        subprocess.Popen(
            [sys.executable, str(MAIN), "room", persona, device, str(share), seconds, fps],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a job could not connect to the shared renderer")
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        if kill_after_s:
            time.sleep(kill_after_s)
            os.kill(next(servers()), signal.SIGKILL)
        return [json.loads(process.communicate(timeout=TIMEOUT_S)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def servers() -> Iterator[int]:
    """The processes that draw: those renderer processes whose parent is one."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if str(launcher.BOOT).encode() in words:
                # The name of the command, in brackets, may hold anything.
                found[int(process.name)] = (process / "stat").read_text().rpartition(")")[2]
        except OSError:
            continue
    return (pid for pid, stat in found.items() if int(stat.split()[1]) in found)
