"""Where the demo keeps what it had to fetch, and how it says what it is doing.

In flow steps that take time; out flow one line each, with its duration, and files under one folder
of the user's cache directory. A part that cannot be had is a `Missing`, which names the part and
the remedy.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = "livekit-avatar"
TAIL_LINES = 20
"""Lines of a failed command's output that are shown: enough for a compiler's or npm's last word."""


class Missing(RuntimeError):
    """A part of the demo that is neither here nor to be had.

    Args:
        part: What is missing, as a noun: "the LiveKit server".
        reason: Why it could not be had.
        remedy: What the reader can do about it.
    """

    def __init__(self, part: str, *, reason: str, remedy: str) -> None:
        super().__init__(f"{part} is missing: {reason}. {remedy}")
        self.part = part
        self.remedy = remedy


def folder(name: str = "") -> Path:
    """The demo's cache folder, or the one called `name` in it; not made by asking."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / FOLDER / name


def say(line: str) -> None:
    """Tell whoever started the demo, at once."""
    print(line, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say that `what` begins, and how long it took once it has succeeded."""
    say(f"  {what} ...")
    began_s = time.monotonic()
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
        Missing: The command is not there or failed; `part` and `remedy` say what that means.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
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
