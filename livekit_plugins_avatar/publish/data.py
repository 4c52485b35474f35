"""Sends data packets to one participant of a room, at little cost.

`LocalParticipant.publish_data` of livekit 1.1.21 copies the bytes one by one in Python, and its end
wakes the whole process (`ffi_requests`): with ten rooms that stream speech the agent's loop stops.
"""

from __future__ import annotations

import ctypes

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiRequest

from .ffi_requests import perform


async def send_data(room: rtc.Room, payload: bytes, *, to: str, topic: str) -> None:
    """Send a reliable packet to the participant `to`; raises a RuntimeError where it cannot."""
    data = ctypes.create_string_buffer(payload, len(payload))

    def fill(request: FfiRequest, request_id: int) -> None:
        publish = request.publish_data
        publish.local_participant_handle = room.local_participant._ffi_handle.handle
        publish.data_ptr = ctypes.addressof(data)
        publish.data_len = len(payload)
        publish.reliable = True
        publish.topic = topic
        publish.destination_identities.append(to)
        publish.request_async_id = request_id

    await perform(fill, keep=data)
