"""Makes a persona of a visitor's picture, in a process of its own.

The child gets the picture on its standard input and gives the persona on its standard output, so
that no picture is written to a disk. It may take little memory and time, and may write no file.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass

from .environment import PYTHON, child_environment
from .extras import MissingExtra, needs

BOOT = """
import importlib.util, sys
spec = importlib.util.find_spec("livekit_plugins_avatar")
sys.modules[spec.name] = importlib.util.module_from_spec(spec)
from livekit_plugins_avatar.tools.demo.portrait_process import main
main()
"""
"""Runs `main`. The package itself imports LiveKit, which takes seconds and is not needed: its name
stays empty."""
LIMIT_S = 180
"""Thirty times what a picture takes on an idle machine."""
MEMORY_BYTES = 3 * 2**30
"""Address space. A picture takes 0.5 GB of memory, and its libraries reserve more than they use."""
NICENESS = 5
"""The face and the voice of the conversation go first."""
RIGHT = (
    "This picture is of myself, or licensed to me for this use with the consent of the person in "
    "it, or of no real person."
)
"""What the visitor ticks on the page; it is written into the persona."""
FAILED = (
    "This picture could not be worked on: it took too much time or memory. Use another, or a "
    "smaller one."
)


class PictureRefused(Exception):
    """A picture cannot become a persona; the message is a sentence for the visitor."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A persona made of a picture.

    Args:
        content: Of the persona file.
        warnings: Sentences about the picture.
    """

    content: bytes
    warnings: list[str]


async def portrait_of(picture: bytes, *, limit_s: float = LIMIT_S) -> Portrait:
    """Make a persona of the content of a picture's file.

    Raises:
        PictureRefused: The picture cannot become one, or takes longer than `limit_s`.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BOOT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**child_environment(*PYTHON), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(picture), limit_s)
    except asyncio.TimeoutError:
        raise PictureRefused(FAILED) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    head, _, content = output.partition(b"\n")
    if process.returncode != 0 or not head:
        raise PictureRefused(FAILED)
    said = json.loads(head)
    if "error" in said:
        raise PictureRefused(said["error"])
    return Portrait(content, said["warnings"])


def main() -> None:
    """The child: one line of JSON, and the persona after it."""
    _limit()
    try:
        with needs("portrait", "a face from a picture"):
            from ..portrait import PictureError, make
        try:
            made = make(sys.stdin.buffer.read(), right=RIGHT, name="portrait")
        except PictureError as error:
            return _answer({"error": _sentence(error)})
    except MissingExtra as error:
        return _answer({"error": _sentence(error)})
    _answer({"warnings": [_sentence(warning) for warning in made.warnings]}, made.content)


def _answer(head: dict[str, object], content: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)


def _sentence(text: object) -> str:
    words = str(text)
    return f"{words[:1].upper()}{words[1:]}."


def _limit() -> None:
    """Limit this process for good, where the system can."""
    with suppress(ImportError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        os.nice(NICENESS)
