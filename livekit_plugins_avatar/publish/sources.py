"""The audio and video sources that the conductor makes, feeds and closes on its event loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE, samples, seconds
from .audio_source import AudioSource
from .video_source import VideoSource

QUEUE_SAMPLES = samples(0.25)
"""What the audio source holds: for so long may this process not run before the voice has a gap. It
adds no latency to an interruption, as what is held can be taken back."""

KEYFRAME_ROWS = 4
"""A change of height that WebRTC answers with a keyframe; fewer rows it does not pass on."""


class Sources:
    """One audio source, and one video source of a size where there is a face."""

    def __init__(self, size: tuple[int, int] | None) -> None:
        self.audio = AudioSource(SAMPLE_RATE, 1, queue_size_ms=round(1000 * seconds(QUEUE_SAMPLES)))
        self.video = None if size is None else VideoSource(*size)
        self._cropped = False

    async def push_audio(self, pcm: Pcm) -> None:
        """Queue int16 [N]; returns when the source has room again."""
        await self.audio.push(pcm)

    def clear(self) -> None:
        """Empty the audio queue."""
        self.audio.clear_queue()

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        """Capture a planar I420 picture, uint8 [H * 3 / 2, W], now."""
        if self.video is None:
            return
        rows = picture.shape[0] * 2 // 3 - (KEYFRAME_ROWS if self._cropped else 0)
        self.video.capture(picture, rows, sample=sample, timestamp_us=timestamp_us)

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
