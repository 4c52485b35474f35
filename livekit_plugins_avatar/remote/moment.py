"""Finds a moment in speech at which one voice may take over from another."""

from __future__ import annotations

import numpy as np

from ..audio.pcm_buffer import PcmBuffer
from ..audio.resume_point import BLOCK_SAMPLES, PAUSE_SAMPLES, QUIET_PART
from ..timeline import samples

SPOKEN_SAMPLES = samples(1.5)
"""How loud speech is shows in so much of it."""


def pause_between(pcm: PcmBuffer, first: int, last: int) -> int | None:
    """The middle of the first pause between words that begins in samples [first, last) of speech;
    None where there is none, or where it has not been made yet."""
    wanted = pcm.read(first, last + PAUSE_SAMPLES)
    around = pcm.read(first - SPOKEN_SAMPLES, last + SPOKEN_SAMPLES)
    count = len(wanted) // BLOCK_SAMPLES
    blocks = np.abs(wanted[: count * BLOCK_SAMPLES].astype(np.int32)).reshape(-1, BLOCK_SAMPLES)
    loudest = float(np.abs(around.astype(np.int32)).max(initial=0))
    quiet = blocks.max(axis=1, initial=0) <= QUIET_PART * loudest
    needed = PAUSE_SAMPLES // BLOCK_SAMPLES
    for begin in range(count - needed + 1):
        if quiet[begin : begin + needed].all():
            return first + begin * BLOCK_SAMPLES + PAUSE_SAMPLES // 2
    return None
