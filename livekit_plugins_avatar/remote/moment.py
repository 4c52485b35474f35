"""Finds a moment in speech at which one voice may take over from another."""

from __future__ import annotations

import numpy as np

from ..audio.pcm_buffer import PcmBuffer
from ..audio.resume_point import PAUSE_SAMPLES, QUIET_PART
from ..timeline import samples

LEAD_SAMPLES = samples(0.05)
"""A voice stops this much after it is asked to."""

SPOKEN_SAMPLES = samples(1.5)
"""How loud speech is shows in so much of it."""


def is_pause(pcm: PcmBuffer, at: int) -> bool:
    """Whether speech that is about to be heard from sample `at` on is a pause between words."""
    soon = pcm.read(at + LEAD_SAMPLES, at + LEAD_SAMPLES + PAUSE_SAMPLES)
    if not len(soon):
        return True
    around = pcm.read(at - SPOKEN_SAMPLES, at + SPOKEN_SAMPLES)
    loudest = float(np.abs(around.astype(np.int32)).max(initial=0))
    return float(np.abs(soon.astype(np.int32)).max()) <= QUIET_PART * loudest
