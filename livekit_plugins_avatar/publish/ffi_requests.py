"""Requests to the SDK whose end wakes only the one who waits.

A workaround for livekit 1.1.21: the end of each request is an event that goes to every room of the
process and to every request that waits, on all their event loops. Eight rooms hand each other
14,000 wake-ups a second so, by the code of the SDK, and no thread of Python gets on. It can go once
the SDK wakes only the request that has ended.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiRequest

KINDS = ("capture_audio_frame", "publish_data", "get_stats")
"""The requests that are made so, and the names of their ends."""

_ids = count(1 << 48)
"""Of requests: the SDK's own count from 1."""

_ends: dict[int, Callable[[Any], None]] = {}
"""What is called with what the SDK says at the end of each request; from any thread."""


async def perform(fill: Callable[[FfiRequest, int], None], *, keep: object = None) -> Any:
    """Make a request of `KINDS`, wait for its end, and return what the SDK then says.

    `fill` gets the request and the id that it must carry. `keep` is memory that the SDK reads until
    the end, even where the wait is cancelled. Raises a RuntimeError with the SDK's error.
    """
    _keep_ends_from_others()
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[Any] = loop.create_future()

    def end(said: Any) -> None:
        loop.call_soon_threadsafe(_resolve, ended, said, keep)

    request, request_id = FfiRequest(), next(_ids)
    fill(request, request_id)
    _ends[request_id] = end
    try:
        FfiClient.instance.request(request)
    except BaseException:
        del _ends[request_id]
        raise
    said = await ended
    if said.error:
        raise RuntimeError(said.error)
    return said


def _resolve(ended: asyncio.Future[Any], said: Any, _keep: object) -> None:
    if not ended.done():
        ended.set_result(said)


@cache
def _keep_ends_from_others() -> None:
    """Take the ends of these requests out of the SDK's events, before they are handed to all."""
    queue: Any = FfiClient.instance.queue
    put = queue.put

    def put_others(event: Any) -> None:
        kind = event.WhichOneof("message")
        if kind in KINDS:
            _keep_thread()
            said = getattr(event, kind)
            end = _ends.pop(said.async_id, None)
            if end is not None:
                try:
                    return end(said)
                except RuntimeError:
                    return None  # The loop has ended meanwhile.
        put(event)

    queue.put = put_others


_kept = threading.local()


def _keep_thread() -> None:
    """Let this thread of the SDK stay known to Python, which else forgets it with each event and
    maps memory for it with the next: a fifth of what an event takes. These threads do not end."""
    if not hasattr(_kept, "state"):
        _kept.state = ctypes.pythonapi.PyGILState_Ensure()
