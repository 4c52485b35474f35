"""Tells on stderr how far a command has come, once it takes longer than a person waits gladly."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
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
