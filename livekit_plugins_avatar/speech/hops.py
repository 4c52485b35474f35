"""What a recogniser knows of each hop before anything is decided.

A hop is 10 ms; hop `i` of a piece covers the samples from `start + i * HOP_SAMPLES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import HOP_SAMPLES
from .visemes import VISEMES

__all__ = ["HOP_SAMPLES", "Hops"]


@dataclass(frozen=True, slots=True)
class Hops:
    """Some hops that follow one another.

    Args:
        start: First sample, on the timeline of the stream; a multiple of `HOP_SAMPLES`.
        end: The sample after the last; the last hop of a stream may be cut short by it.
        log_probabilities: float32 [n, 15], in the order of `VISEMES`: how likely each viseme is.
        levels_db: float32 [n]: loudness in dBFS, a sine of full scale being 0.
    """

    start: int
    end: int
    log_probabilities: NDArray[np.float32]
    levels_db: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.levels_db)

    @staticmethod
    def none(start: int) -> Hops:
        """No hops, at `start`."""
        return Hops(start, start, np.zeros((0, len(VISEMES)), np.float32), np.zeros(0, np.float32))

    @staticmethod
    def joined(parts: Sequence[Hops]) -> Hops:
        """At least one piece, each beginning where the one before it ends, as one."""
        return Hops(
            parts[0].start,
            parts[-1].end,
            np.concatenate([part.log_probabilities for part in parts]),
            np.concatenate([part.levels_db for part in parts]),
        )
