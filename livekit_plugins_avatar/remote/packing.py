"""Packs speech for a message without loss: frames of FLAC, each after its length in two bytes.

Speech takes a quarter of its size so. What a reliable packet costs of a processor, at the agent,
the server and the worker, goes by its size (docs/measurements.md).
"""

from __future__ import annotations

import threading
from functools import cache
from struct import Struct

import av
import numpy as np

from ..audio.pcm_buffer import NO_PCM, Pcm
from ..timeline import SAMPLE_RATE

FRAME_SAMPLES, MOST_SAMPLES = 7_200, 28_800
"""Of a frame, 0.15 s, and of a message. A worker whose rooms begin to speak at one moment takes a
few long messages sooner than many."""

LEVEL = "5"
"""FFmpeg's own choice; 0.2 ms for 0.15 s of speech."""

LENGTH = Struct("<H")

_lock = threading.Lock()


class PackingError(ValueError):
    """What should be packed speech is not."""


@cache
def _encoder() -> av.AudioCodecContext:
    """Opening one takes ten times as long as packing a frame."""
    encoder = av.CodecContext.create("flac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    encoder.options = {"frame_size": str(FRAME_SAMPLES), "compression_level": LEVEL}
    return encoder


def pack(pcm: Pcm, most_bytes: int) -> tuple[bytes, int]:
    """Pack int16 [N], N at most `MOST_SAMPLES`, or as many whole frames of it as fit, and at least
    one; returns how many samples they are, too. From any thread."""
    packed, count = b"", 0
    while count < len(pcm):
        samples = pcm[count : count + FRAME_SAMPLES]
        frame = _frame(samples)
        if count and len(packed) + LENGTH.size + len(frame) > most_bytes:
            break
        packed += LENGTH.pack(len(frame)) + frame
        count += len(samples)
    return packed, count


def _frame(pcm: Pcm) -> bytes:
    # The encoder takes frames of one size only; the sample that is repeated takes no room.
    whole = np.pad(pcm, (0, FRAME_SAMPLES - len(pcm)), "edge").reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    with _lock:
        return b"".join(map(bytes, _encoder().encode(frame)))


def unpack(data: bytes, count: int) -> Pcm:
    """Unpack int16 [count]; raises a PackingError where `data` is not the frames of so much."""
    decoder = av.CodecContext.create("flac", "r")
    decoder.options = {"err_detect": "crccheck+explode"}
    parts, at = [NO_PCM], 0
    while at < len(data):
        length = LENGTH.unpack_from(data, at)[0] if at + LENGTH.size <= len(data) else 0
        at += LENGTH.size + length
        if not length or at > len(data):
            raise PackingError("a frame is cut")
        parts.append(_samples(decoder, data[at - length : at]))
    if len(parts) - 1 != -(-count // FRAME_SAMPLES):
        raise PackingError(f"{len(parts) - 1} frames for {count:,} samples")
    return np.concatenate(parts)[:count]


def _samples(decoder: av.CodecContext, data: bytes) -> Pcm:
    try:
        [frame] = decoder.decode(av.Packet(data))
    except (av.FFmpegError, ValueError) as error:
        raise PackingError(f"no frame of FLAC: {error}") from None
    if (frame.format.name, frame.layout.nb_channels, frame.samples) != ("s16", 1, FRAME_SAMPLES):
        raise PackingError(
            f"{frame.samples:,} samples of {frame.layout.nb_channels} channels as "
            f"{frame.format.name}; {FRAME_SAMPLES:,} of 1 as s16 are expected"
        )
    pcm: Pcm = frame.to_ndarray().reshape(-1)
    return pcm
