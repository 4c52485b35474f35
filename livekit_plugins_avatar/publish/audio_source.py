"""An audio source whose pushes wake only the one who waits; see `ffi_requests`."""

from __future__ import annotations

from livekit import rtc
from livekit.rtc._proto.ffi_pb2 import FfiRequest

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE
from .ffi_requests import perform


class AudioSource(rtc.AudioSource):
    """Mono, at `SAMPLE_RATE`; made and fed on one event loop."""

    async def push(self, pcm: Pcm) -> None:
        """Queue int16 [N]; returns when the queue has room again, or raises a RuntimeError."""
        frame = rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))

        def fill(request: FfiRequest, request_id: int) -> None:
            request.capture_audio_frame.source_handle = self._ffi_handle.handle
            request.capture_audio_frame.buffer.CopyFrom(frame._proto_info())
            request.capture_audio_frame.request_async_id = request_id

        await perform(fill, keep=frame)
