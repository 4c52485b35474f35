"""A video source that captures pictures where they lie, all of their rows or the first ones."""

from __future__ import annotations

import numpy as np
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.ffi_pb2 import FfiRequest
from numpy.typing import NDArray


class VideoSource(rtc.VideoSource):
    """Pictures of one size, planar I420: uint8 [H * 3 / 2, W]."""

    def capture(
        self, picture: NDArray[np.uint8], rows: int, *, sample: int, timestamp_us: int
    ) -> None:
        """Capture the first rows of a picture, an even number, now.

        Receivers that read frame metadata find its published sample as `user_timestamp`.
        """
        picture = np.ascontiguousarray(picture)
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        request, address = FfiRequest(), picture.ctypes.data
        asked = request.capture_video_frame
        asked.source_handle = self._ffi_handle.handle
        asked.rotation = rtc.VideoRotation.VIDEO_ROTATION_0
        asked.timestamp_us = timestamp_us
        asked.metadata.user_timestamp = sample
        buffer = asked.buffer
        buffer.type = rtc.VideoBufferType.I420
        buffer.width, buffer.height = width, rows
        buffer.data_ptr, buffer.stride = address, 0
        for start, stride, size in planes(width, height, rows):
            buffer.components.add(data_ptr=address + start, stride=stride, size=size)
        FfiClient.instance.request(request)


def planes(width: int, height: int, rows: int) -> list[tuple[int, int, int]]:
    """Of the first rows of a picture: where luma and both chromas begin, the bytes from row to row,
    and how many bytes they are."""
    luma, half = width * height, width // 2
    chroma = half * rows // 2
    return [(0, width, width * rows), (luma, half, chroma), (luma * 5 // 4, half, chroma)]
