"""Packs speech for a message without loss: one frame of FLAC.

Speech takes a quarter of its size so. What a reliable packet costs of a processor, at the agent,
the server and the worker, goes by its size (docs/measurements.md).
"""

from __future__ import annotations

import threading
from functools import cache

import av
import numpy as np

from ..audio.pcm_buffer import NO_PCM, Pcm
from ..timeline import SAMPLE_RATE

SHORT_SAMPLES, MOST_SAMPLES = 7_200, 24_000
"""Of a message: 0.15 s, which fits into a packet whatever it is, and at most 0.5 s, where it fits.
A worker whose rooms begin to speak at one moment takes a few long messages sooner than many."""

LEVEL = "5"
"""FFmpeg's own choice; 0.2 ms for 0.15 s of speech."""

_lock = threading.Lock()


class PackingError(ValueError):
    """What should be packed speech is not."""


@cache
def _encoder(count: int) -> av.AudioCodecContext:
    """For so many samples; opening one takes ten times as long as packing a message."""
    encoder = av.CodecContext.create("flac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    encoder.options = {"frame_size": str(count), "compression_level": LEVEL}
    return encoder


def pack(pcm: Pcm) -> bytes:
    """Pack int16 [N], N at most `MOST_SAMPLES`; from any thread."""
    if not len(pcm):
        return b""
    # The encoder takes frames of one size only; the sample that is repeated takes no room.
    count = SHORT_SAMPLES if len(pcm) <= SHORT_SAMPLES else MOST_SAMPLES
    whole = np.pad(pcm, (0, count - len(pcm)), "edge").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    with _lock:
        return b"".join(map(bytes, _encoder(count).encode(frame)))


def unpack(data: bytes, count: int) -> Pcm:
    """Unpack int16 [count]; raises a PackingError where `data` is not one frame of speech."""
    if not count and not data:
        return NO_PCM
    decoder = av.CodecContext.create("flac", "r")
    decoder.options = {"err_detect": "crccheck+explode"}
    try:
        [frame] = decoder.decode(av.Packet(data))
    except (av.FFmpegError, ValueError) as error:
        raise PackingError(f"no frame of FLAC: {error}") from None
    if frame.format.name != "s16" or frame.layout.nb_channels != 1 or frame.samples < count:
        raise PackingError(
            f"{frame.samples:,} samples of {frame.layout.nb_channels} channels as "
            f"{frame.format.name}; at least {count:,} of 1 as s16 are expected"
        )
    pcm: Pcm = frame.to_ndarray().reshape(-1)
    return pcm[:count]
