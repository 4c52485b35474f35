"""Finds the pause from which interrupted speech resumes, so that no word begins in its middle."""

from __future__ import annotations

import numpy as np

from ..timeline import samples
from .pcm_buffer import Pcm

LOOK_BACK_SAMPLES = samples(3.0)
"""The furthest that speech goes back: people pause every two or three seconds."""

PAUSE_SAMPLES = samples(0.1)
"""Quiet for this long is a pause between words: the closures of stops within words last up to about
80 ms."""

LEAD_IN_SAMPLES = samples(0.05)
"""So much of the pause is replayed, so that the onset of the word is not clipped."""

BLOCK_SAMPLES = samples(0.01)

QUIET_PART = 0.05
"""A block is quiet below this part of the loudest (-26 dB), as speech is between its words."""


def pause_before(pcm: Pcm, *, from_start: bool) -> int:
    """Where to resume after a cut at the end of `pcm`, at most `LOOK_BACK_SAMPLES` before it.

    It is within the last pause; where there is none the beginning, if `pcm` begins where the speech
    does (`from_start`), or else the quietest moment.
    """
    first = max(0, len(pcm) - LOOK_BACK_SAMPLES)
    count = (len(pcm) - first) // BLOCK_SAMPLES
    if not count:
        return first
    begin = len(pcm) - count * BLOCK_SAMPLES
    blocks = pcm[begin:].astype(np.float32).reshape(count, BLOCK_SAMPLES)
    loudness = np.sqrt((blocks**2).mean(axis=1))
    quiet = loudness <= QUIET_PART * loudness.max()
    needed = PAUSE_SAMPLES // BLOCK_SAMPLES
    for end in range(count, needed - 1, -1):
        if quiet[end - needed : end].all():
            return begin + end * BLOCK_SAMPLES - LEAD_IN_SAMPLES
    if from_start and not first:
        return 0
    return begin + int(loudness.argmin()) * BLOCK_SAMPLES
