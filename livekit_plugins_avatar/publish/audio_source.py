"""An audio source whose pushes wake only the one who waits.

A workaround for livekit 1.1.21: the end of each push is an event that goes to every room of the
process and to every push that waits, on all their event loops. Eight rooms hand each other 14,000
wake-ups a second so, by the code of the SDK, and no thread of Python gets on. It
can go once the SDK wakes only the push that has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiRequest

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE

_ids = count(1 << 48)
"""Of pushes: the SDK's own count from 1."""

_ends: dict[int, Callable[[str], None]] = {}
"""What is called with the error, or "", at the end of each push; from any thread."""


class AudioSource(rtc.AudioSource):
    """Mono, at `SAMPLE_RATE`; made and fed on one event loop."""

    async def push(self, pcm: Pcm) -> None:
        """Queue int16 [N]; returns when the queue has room again, or raises a RuntimeError."""
        _keep_ends_from_others()
        frame = rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()

        def end(error: str) -> None:
            # The SDK reads the frame until now, even where this push was cancelled.
            loop.call_soon_threadsafe(_resolve, ended, error, frame)

        request, push_id = FfiRequest(), next(_ids)
        request.capture_audio_frame.source_handle = self._ffi_handle.handle
        request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
        request.capture_audio_frame.request_async_id = push_id
        _ends[push_id] = end
        try:
            FfiClient.instance.request(request)
        except BaseException:
            del _ends[push_id]
            raise
        if error := await ended:
            raise RuntimeError(error)


def _resolve(ended: asyncio.Future[str], error: str, _frame: rtc.AudioFrame) -> None:
    if not ended.done():
        ended.set_result(error)


@cache
def _keep_ends_from_others() -> None:
    """Take the ends of these pushes out of the SDK's events, before they are handed to all."""
    queue: Any = FfiClient.instance.queue
    put = queue.put

    def put_others(event: Any) -> None:
        if event.WhichOneof("message") == "capture_audio_frame":
            end = _ends.pop(event.capture_audio_frame.async_id, None)
            if end is not None:
                try:
                    return end(event.capture_audio_frame.error)
                except RuntimeError:
                    return None  # The loop has ended meanwhile.
        put(event)

    queue.put = put_others
