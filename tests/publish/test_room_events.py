"""A room of a process is woken by its own events."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiEvent

from livekit_plugins_avatar.publish.room_events import keep_to


class Room:
    """What the SDK's room has of its events, once it is connected."""

    def __init__(self, handle: int) -> None:
        self._ffi_handle = SimpleNamespace(handle=handle)
        self._ffi_queue: Any = FfiClient.instance.queue.subscribe(
            filter_fn=lambda event: event.WhichOneof("message") != "audio_stream_event"
        )

    async def heard(self) -> list[str]:
        """The events that came since the last call."""
        await asyncio.sleep(0.01)
        kinds: list[str] = []
        while not self._ffi_queue.empty():
            kinds.append(self._ffi_queue.get_nowait().WhichOneof("message"))
        return kinds


@pytest.fixture
async def rooms() -> Any:
    both = [Room(1 << 40), Room(1 << 41)]
    yield both
    for each in both:
        FfiClient.instance.queue.unsubscribe(each._ffi_queue)


def event(kind: str, **said: int) -> FfiEvent:
    """An event of the SDK."""
    made = FfiEvent()
    for name, value in said.items():
        setattr(getattr(made, kind), name, value)
    return made


EVENTS = (
    event("room_event", room_handle=1 << 40),
    event("publish_track", async_id=1),
    event("audio_stream_event", stream_handle=1),
    event("get_stats", async_id=1),
)
"""Of the first room, of none, and of streams and requests, which have their own."""


async def test_a_room_gets_its_own_events_and_those_of_none(rooms: list[Room]) -> None:
    for _ in range(2_000):
        keep_to(cast(Any, rooms[0]))
        keep_to(cast(Any, rooms[1]))
    for each in EVENTS:
        FfiClient.instance.queue.put(each)
    assert await rooms[0].heard() == ["room_event", "publish_track"]
    assert await rooms[1].heard() == ["publish_track"]


async def test_an_sdk_that_has_changed_goes_on_as_before(rooms: list[Room]) -> None:
    del rooms[0]._ffi_handle
    keep_to(cast(Any, rooms[0]))
    FfiClient.instance.queue.put(event("room_event", room_handle=7))
    assert await rooms[0].heard() == ["room_event"]
