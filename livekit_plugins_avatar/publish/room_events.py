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
            for at, (queue, loop, wanted) in enumerate(events._subscribers):
                if queue is mine and not isinstance(wanted, _Own):
                    events._subscribers[at] = queue, loop, _Own(handle, wanted)
    except (AttributeError, ValueError) as error:
        logger.debug("room: the SDK wakes it as before", extra={"error": repr(error)})


class _Own:
    """Of the events that were wanted, those of the room of a handle, and those of none."""

    def __init__(self, handle: int, wanted: Filter | None) -> None:
        self._handle, self._wanted = handle, wanted

    def __call__(self, event: Any) -> bool:
        kind = event.WhichOneof("message")
        if kind == "room_event":
            return bool(event.room_event.room_handle == self._handle)
        return kind not in KINDS and (self._wanted is None or self._wanted(event))
