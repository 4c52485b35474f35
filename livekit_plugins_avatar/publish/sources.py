"""The audio and video sources that the conductor makes, feeds and closes on its event loop."""

from __future__ import annotations

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE, samples, seconds
from .audio_source import AudioSource

QUEUE_SAMPLES = samples(0.25)
"""What the audio source holds: for so long may this process not run before the voice has a gap. It
adds no latency to an interruption, as what is held can be taken back."""

KEYFRAME_ROWS = 4
"""A change of height that WebRTC answers with a keyframe; fewer rows it does not pass on."""


class Sources:
    """One audio source, and one video source of a size where there is a face."""

    def __init__(self, size: tuple[int, int] | None) -> None:
        self.audio = AudioSource(SAMPLE_RATE, 1, queue_size_ms=round(1000 * seconds(QUEUE_SAMPLES)))
        self.video = None if size is None else rtc.VideoSource(*size)
        self._cropped = False

    async def push_audio(self, pcm: Pcm) -> None:
        """Queue int16 [N]; returns when the source has room again."""
        await self.audio.push(pcm)

    def clear(self) -> None:
        """Empty the audio queue."""
        self.audio.clear_queue()

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        """Capture a planar I420 picture, uint8 [H * 3 / 2, W], now.

        Receivers that read frame metadata find its published sample as `user_timestamp`.
        """
        if self.video is None:
            return
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        if self._cropped:
            data, height = cropped(picture, KEYFRAME_ROWS).data, height - KEYFRAME_ROWS
        else:
            # Not a copy; the SDK takes flat memory only.
            data = np.ascontiguousarray(picture).reshape(-1).data
        frame = rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data)
        metadata = rtc.FrameMetadata(user_timestamp=sample)
        self.video.capture_frame(frame, timestamp_us=timestamp_us, metadata=metadata)

    def request_keyframe(self) -> None:
        """Make the encoder encode the next frame as a keyframe; thread-safe.

        A workaround for livekit 1.1.21, whose `VideoSource` takes no request for a keyframe: only
        `EncodedVideoSource` has one, and that takes no raw frames. A changed size makes one, so
        each request takes the last rows off, or puts them back. Can go once a raw source takes the
        request, or when frames are encoded here.
        """
        self._cropped = not self._cropped

    async def aclose(self) -> None:
        """Free the sources."""
        await self.audio.aclose()
        if self.video is not None:
            await self.video.aclose()


def cropped(picture: NDArray[np.uint8], rows: int) -> NDArray[np.uint8]:
    """A planar I420 picture, uint8 [H * 3 / 2, W], without its last rows, an even number."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    parts = picture[: height - rows], *chroma[:, : (height - rows) // 2]
    return np.concatenate([part.reshape(-1) for part in parts])
