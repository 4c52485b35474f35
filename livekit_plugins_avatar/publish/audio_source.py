"""An audio source whose pushes wake only the one who waits; see `ffi_requests`."""

from __future__ import annotations

import time

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiRequest

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE
from .ffi_requests import perform


class AudioSource(rtc.AudioSource):
    """Mono, at `SAMPLE_RATE`; made and fed on one event loop."""

    async def push(self, pcm: Pcm) -> None:
        """Queue int16 [N]; returns when the queue has room again, or raises a RuntimeError."""
        await self._queue(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm)))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Queue a frame and count it, as the class above does: for the framework's own output."""
        if frame.samples_per_channel == 0 or self._ffi_handle.disposed:
            return
        now_s = time.monotonic()
        elapsed_s = now_s - self._last_capture if self._last_capture else 0.0
        self._q_size += frame.duration - elapsed_s
        self._last_capture = now_s
        if self._join_handle is not None:
            self._join_handle.cancel()
        if self._join_fut is None:
            self._join_fut = self._loop.create_future()
        self._join_handle = self._loop.call_later(self._q_size, self._release_waiter)
        await self._queue(frame)

    async def _queue(self, frame: rtc.AudioFrame) -> None:
        def fill(request: FfiRequest, request_id: int) -> None:
            request.capture_audio_frame.source_handle = self._ffi_handle.handle
            request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
            request.capture_audio_frame.request_async_id = request_id

        await perform(fill, keep=frame)
