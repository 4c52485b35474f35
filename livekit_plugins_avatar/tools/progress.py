"""Tells on stderr how far a command has come, once it takes longer than a person waits gladly."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

EVERY_S = 2.0
"""Waiting without feedback feels broken after a few seconds (Nielsen 1993)."""


def progress(
    items: Iterable[T],
    what: str,
    total: int,
    *,
    now_s: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Pass the items on; every `EVERY_S` a line tells how many of `total` are done.

    Args:
        items: What is worked on.
        what: Its name in the plural, as "frames".
        total: How many there will be.
        now_s: Reads a clock, in seconds.
    """
    told_s = now_s()
    for done, item in enumerate(items):
        if now_s() - told_s >= EVERY_S:
            told_s = now_s()
            print(f"{done} of {total} {what} ...", file=sys.stderr, flush=True)
        yield item


@contextmanager
def reported(what: str) -> Iterator[None]:
    """While the block runs, a line tells every five `EVERY_S`, the first after one, for how long.

    For what has no items to count: a call in real time, a simulation.
    """
    over, began_s = threading.Event(), time.monotonic()

    def report() -> None:
        wait_s = EVERY_S
        while not over.wait(wait_s):
            wait_s = 5 * EVERY_S
            print(f"{what}: {time.monotonic() - began_s:.0f} s ...", file=sys.stderr, flush=True)

    reporter = threading.Thread(target=report, name="progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()
