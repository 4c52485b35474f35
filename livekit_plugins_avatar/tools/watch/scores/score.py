"""A score: figures, how far they can be trusted, and the moments that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..heard import Heard
from ..recording import Recording
from ..signals import Signals

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the scores are computed of.

    Args:
        recording: What was watched.
        signals: What is seen in each frame.
        heard: What is heard.
    """

    recording: Recording
    signals: Signals
    heard: Heard


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that a viewer may notice.

    Args:
        what: Such as "glitch".
        start_s: On the recording's clock.
        end_s: The same.
        size: How large it is, in `unit`.
        unit: Such as "ms".
        severity: How bad it is; 1 is the threshold from which it counts.
    """

    what: str
    start_s: float
    end_s: float
    size: float
    unit: str
    severity: float


@dataclass(frozen=True, slots=True)
class Score:
    """One score.

    Args:
        name: Such as "sync".
        figures: By name, with units; None where something cannot be told.
        confidence: How far it can be trusted, in [0, 1]; 0 where there was nothing to measure.
        moments: What was noticed, in order of time.
        times_s: Where the score is known over time: the middle of each window.
        values: The score there, in the unit of its first figure.
    """

    name: str
    figures: Mapping[str, float | None]
    confidence: float
    moments: tuple[Moment, ...] = ()
    times_s: Floats = field(default_factory=lambda: np.zeros(0))
    values: Floats = field(default_factory=lambda: np.zeros(0))


def minutes(seen: Seen) -> float:
    """How long was watched; at least a second, so that rates are finite."""
    return max(1.0, seen.recording.seconds) / 60


def running_median(values: Floats, count: int) -> Floats:
    """The median of up to `count` values around each, [N]."""
    half = count // 2
    return np.array(
        [np.median(values[max(0, at - half) : at + half + 1]) for at in range(len(values))]
    )
