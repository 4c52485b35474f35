"""Looks at processors, memory allocator, cache folder and browsers of this machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from ..demo import browser, cache, page, server_binary
from .finding import Finding, note, ok, problem

OTHER_SHARE = 0.25
"""Of a core for each room besides drawing: encoding VP8 at 512x512 takes 0.18
(docs/measurements.md), recognition, conductor and face the rest."""

FULL = 0.8
"""Of the processors: beyond it threads wait for their turn, and frames are late."""

FIREFOX = ("firefox", "firefox-esr")


def check_cpu(
    frame_cost_s: float, *, fps: int = 25, cores: int | None = None, busy: float | None = None
) -> Finding:
    """How many avatars the processors have room for now.

    Args:
        frame_cost_s: Processor time of a frame.
        fps: Frames a second.
        cores: That this process may use; by default asked.
        busy: Their share in use, in [0, 1]; by default measured for half a second.
    """
    import psutil

    if cores is None:
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    if busy is None:
        busy = psutil.cpu_percent(0.5) / 100
    room = frame_cost_s * fps + OTHER_SHARE
    idle, now = (int(max(0.0, FULL - share) * cores / room) for share in (0.0, busy))
    found = f"{cores} cores, {busy:.0%} busy, {room:.2f} cores an avatar: room for {now} at once"
    if not idle:
        return problem("processors", found, "Take a larger machine, or draw on a GPU.")
    if not now:
        return note("processors", f"{found}, {idle} when idle", "Stop what else runs here.")
    return ok("processors", found)


def check_allocator(platform: str = sys.platform, arenas: str | None = None) -> Finding:
    """Whether memory that is freed goes back to the system."""
    arenas = os.environ.get("MALLOC_ARENA_MAX") if arenas is None else arenas
    if platform.startswith("linux") and not arenas:
        return note(
            "memory",
            "MALLOC_ARENA_MAX is not set",
            "export MALLOC_ARENA_MAX=2 for workers: memory then holds still through reconnections.",
        )
    return ok("memory", f"MALLOC_ARENA_MAX={arenas}" if arenas else "no setting needed here")


def check_cache(folder: Path | None = None) -> Finding:
    """Whether compiled engines and the demo's parts can be kept."""
    folder = cache.folder() if folder is None else folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        remedy = "Set XDG_CACHE_HOME to a folder that this user may write to."
        return problem("cache", f"{folder} cannot be written: {error.strerror}", remedy)
    return ok("cache", str(folder))


def check_browsers() -> Finding:
    """Which browsers are here, for the demo's check and the evals."""
    firefox = next((found for name in FIREFOX if (found := shutil.which(name))), None)
    names = [str(each) for each in (browser.find(), firefox) if each is not None]
    if browser.find() is None:
        return note("browsers", ", ".join(names) or "none", f"For the evals: {browser.REMEDY}")
    return ok("browsers", ", ".join(names))


def check_demo() -> list[Finding]:
    """Whether the demo has its server and its page."""
    remedy = "`livekit-avatar demo` builds it."
    return [
        ok(part, str(found)) if (found := find()) else note(part, "not found", remedy)
        for part, find in (("demo: server", server_binary.find), ("demo: page", page.find))
    ]
