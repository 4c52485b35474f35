"""Keeps what the demo fetched in the user's cache directory, and runs the installers.

Steps that take time are announced with their duration. A part that cannot be had raises `Missing`,
which names the part and the remedy.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..progress import reported
from .environment import INSTALLERS, child_environment

FOLDER = "livekit-avatar"
TAIL_LINES = 20
"""Lines of a failed command's output that are shown: enough for a compiler error."""


class Missing(RuntimeError):
    """A part of the demo is not installed and could not be installed.

    Args:
        part: What is missing, as a noun: "the LiveKit server".
        reason: Why it could not be installed.
        remedy: What the reader can do about it.
    """

    def __init__(self, part: str, *, reason: str, remedy: str) -> None:
        super().__init__(f"{part} is missing: {reason}. {remedy}")
        self.part = part
        self.remedy = remedy


def folder(name: str = "") -> Path:
    """The demo's cache folder, or the folder `name` in it; it is not created."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / FOLDER / name


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Print that `what` begins, now and then that it goes on and, once it has succeeded, how long
    it took."""
    say(f"  {what} ...")
    began_s = time.monotonic()
    with reported(f"  {what}"):
        yield
    say(f"  {what}: done in {time.monotonic() - began_s:.0f} s")


def run(
    command: Sequence[str | Path],
    *,
    part: str,
    remedy: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run an installer quietly; its last lines are shown only when it fails.

    Raises:
        Missing: The command is not there or failed; its message has `part` and `remedy`.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**child_environment(*INSTALLERS), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise Missing(part, reason=str(error), remedy=remedy) from error
    if done.returncode != 0:
        for line in done.stdout.splitlines()[-TAIL_LINES:]:
            print(f"    {line}", file=sys.stderr, flush=True)
        reason = f"`{Path(command[0]).name}` ended with {done.returncode}"
        raise Missing(part, reason=reason, remedy=remedy)
