"""Lets the SDK wake the event loop of a room with that room's own events alone.

A workaround for livekit 1.1.21, which hands each event to all rooms of the process, and each room
to a task of its own, only to leave it out there: of ten rooms nine are woken in vain. It can go
once the SDK looks at the room first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient

from ..log import logger
from .ffi_requests import KINDS

Filter = Callable[[Any], bool]


def keep_to(room: rtc.Room) -> None:
    """Hand a connected room only its own events, and what belongs to none; any number of times."""
    try:
        events: Any = FfiClient.instance.queue
        handle, mine = room._ffi_handle.handle, room._ffi_queue  # type: ignore[union-attr]
        with events._lock:
            events._subscribers[:] = [
                (queue, loop, _only(handle, wanted) if queue is mine else wanted)
                for queue, loop, wanted in events._subscribers
            ]
    except (AttributeError, ValueError) as error:
        logger.debug("room: the SDK wakes it as before", extra={"error": repr(error)})


def _only(handle: int, wanted: Filter | None) -> Filter:
    def own(event: Any) -> bool:
        kind = event.WhichOneof("message")
        if kind == "room_event":
            return bool(event.room_event.room_handle == handle)
        return kind not in KINDS and (wanted is None or wanted(event))

    return own
