"""Measures what a picture costs to encode as VP8, as a room encodes it."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np

from ...render.renderer import Frames

KNOWN_MS = 2.1
"""Of one core for a picture of 512x512: the project's figure, where nothing here encodes."""

PICTURES = 120


def encode_ms(frames: Frames) -> tuple[float, str]:
    """Milliseconds of one core for a picture, and where the figure comes from.

    Args:
        frames: Of a face that moves.
    """
    try:
        return _measured_ms(frames), "measured here with libvpx"
    except Exception:
        return KNOWN_MS, "not measured here: the project's figure for 512x512"


def _measured_ms(frames: Frames) -> float:
    """Encode the pictures forwards and back again.

    Raises:
        Exception: There is no PyAV, or it has no VP8.
    """
    import av

    context = av.CodecContext.create("libvpx", "w")
    context.height, context.width = frames.shape[1] * 2 // 3, frames.shape[2]
    context.pix_fmt, context.bit_rate = "yuv420p", 300_000
    context.options = {"deadline": "realtime", "cpu-used": "6", "threads": "1"}
    context.time_base = Fraction(1, 30)
    pictures = [
        av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "yuv420p") for frame in frames
    ]
    began_s = time.process_time()
    for number in range(PICTURES):
        at = number % (2 * len(pictures))
        picture = pictures[min(at, 2 * len(pictures) - 1 - at)]
        picture.pts = number
        context.encode(picture)
    return 1e3 * (time.process_time() - began_s) / PICTURES
