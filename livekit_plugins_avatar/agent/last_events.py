"""Lets the last events of LiveKit's SDK into Python before the process ends.

A workaround for livekit 1.1.21 on Python 3.13 and older. The SDK's threads call into Python for
each event, and wait there for its lock. Python ends threads that ask for the lock once it shuts
down, which unwinds the stack of their native code: "panic in a function that cannot unwind",
SIGABRT.
No event begins after the SDK's own hook at the end of the process; this one runs after that, as
hooks run last in, first out, and the SDK adds its own with the first room. Can go with Python 3.13:
3.14 lets such threads hang.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time

EVENTS_S = 0.1
"""An event takes under a millisecond; each that waits for the lock gets it within 5 ms."""

_expected = threading.Event()


def expect() -> None:
    """Note that a room was joined, so that there may be events."""
    _expected.set()


@atexit.register
def let_in() -> None:
    """Give up Python's lock for a moment."""
    if _expected.is_set() and sys.version_info < (3, 14):
        time.sleep(EVENTS_S)
