"""Writes frames and sound to a file: H.264 and AAC, in sync throughout.

The encoder runs on one thread, so that the same film gives the same file.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ...audio.pcm_buffer import Pcm
from ...timeline import SAMPLE_RATE

CRF = 18
"""x264's quality: lower values look hardly different."""

AUDIO_BITRATE_BPS = 128_000

BT709, BT601 = 1, 6
"""FFmpeg's codes: BT.709 primaries and transfer, and the BT.601 matrix of our I420."""
LIMITED_RANGE = 1


class MovieError(ValueError):
    """A film cannot be written; the message has the reason."""


def write(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    sound: Pcm,
    *,
    size: tuple[int, int],
    fps: int,
) -> None:
    """Write a film.

    Args:
        path: A name that ends in .mp4, .mov or .mkv.
        pictures: I420, uint8 [H * 3 / 2, W]; the first is shown with the first sample.
        sound: int16 [N]; padded with silence to the end of the last picture.
        size: Width and height in pixels.
        fps: Pictures a second; divides `SAMPLE_RATE`.

    Raises:
        MovieError: The file cannot be opened, or writing failed.
    """
    try:
        container, video, audio = _opened(path, size, fps)
    except (OSError, ValueError) as error:
        raise MovieError(f"{path} cannot be written: {error}; use a name like film.mp4") from error
    try:
        with container:
            _fill(container, video, audio, pictures, sound, fps)
    except av.FFmpegError as error:
        raise MovieError(f"{path} breaks off: {error}") from error


def _fill(
    container: av.container.OutputContainer,
    video: av.VideoStream,
    audio: av.AudioStream,
    pictures: Iterable[NDArray[np.uint8]],
    sound: Pcm,
    fps: int,
) -> None:
    period = SAMPLE_RATE // fps
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, fps)
        container.mux(video.encode(frame))
        heard = sound[number * period : (number + 1) * period]
        container.mux(audio.encode(_audio_frame(heard, number * period, period)))
    container.mux(video.encode(None))
    container.mux(audio.encode(None))


def _opened(
    path: Path, size: tuple[int, int], fps: int
) -> tuple[av.container.OutputContainer, av.VideoStream, av.AudioStream]:
    """An open container with one video and one audio stream."""
    container = av.open(str(path), "w")
    try:
        video = container.add_stream("libx264", fps, options={"crf": str(CRF)})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.thread_count = 1
        context = video.codec_context
        context.color_primaries = context.color_trc = BT709
        context.colorspace, context.color_range = BT601, LIMITED_RANGE
        audio = container.add_stream("aac", SAMPLE_RATE, layout="mono")
        audio.bit_rate = AUDIO_BITRATE_BPS
        container.start_encoding()
    except BaseException:
        container.close()
        raise
    return container, video, audio


def _audio_frame(heard: Pcm, start: int, length: int) -> av.AudioFrame:
    filled = np.zeros((1, length), np.int16)
    filled[0, : len(heard)] = heard
    frame = av.AudioFrame.from_ndarray(filled, format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    frame.pts, frame.time_base = start, Fraction(1, SAMPLE_RATE)
    return frame
