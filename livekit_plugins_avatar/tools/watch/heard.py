"""What the sound of a recording says: visemes as the recogniser hears them, speech and silence.

Everything is sampled once a hop of 10 ms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...speech.features import HOP_SAMPLES
from ...speech.recognizer import built_in
from ...speech.visemes import VISEME_INDEX, VISEMES
from ...timeline import SAMPLE_RATE, samples
from .recording import Recording

Floats = NDArray[np.float64]
Span = tuple[float, float]
"""Start and end in seconds."""

HOP_S = HOP_SAMPLES / SAMPLE_RATE
PIECE_SAMPLES = samples(10.0)

OPENING: Mapping[str, float] = {
    "sil": 0.0, "PP": 0.0, "FF": 0.12, "TH": 0.3, "DD": 0.3, "kk": 0.4, "CH": 0.3, "SS": 0.25,
    "nn": 0.35, "RR": 0.3, "aa": 1.0, "E": 0.75, "I": 0.45, "O": 0.7, "U": 0.25,
}  # fmt: skip
"""How far the lips are apart for each viseme, as a share of the widest: in the order in which jaws
(Keating et al. 1994, "Variability in jaw height for segments in English and Swedish") and lips
(Fromkin 1964, "Lip positions in American English vowels") open."""

COARTICULATION_S = 0.08
"""How far a sound's shape reaches to either side, as a raised cosine: lips and jaw take 60-120 ms
from one target to the next (Löfqvist and Gracco 1997), about as long before as after."""

QUIETER_DB = 35.0
"""Speech is louder than its loud parts less this."""

LOUD_PERCENT = 95
PAUSE_S = 0.25
"""Shorter rests belong to speech: the closure of a stop, a breath."""

SHORTEST_S = 0.06
"""Shorter sounds are clicks."""

CLOSED_P = 0.5
CLOSURE_S = 0.03
"""A closure is heard where p, b or m is likelier than this for as long."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is heard.

    Args:
        times_s: The middle of each hop, on the recording's clock, [H].
        likely: How likely each viseme is, in the order of `VISEMES`, [H, 15].
        opening: How far lips that say this are expected to be apart, in [0, 1], [H].
        level_db: Loudness in dBFS, [H].
        speech: Spans of speech in order.
        closures: Spans in which p, b or m is heard, in order.
    """

    times_s: Floats
    likely: Floats
    opening: Floats
    level_db: Floats
    speech: tuple[Span, ...]
    closures: tuple[Span, ...]

    @property
    def speech_s(self) -> float:
        """How long is spoken."""
        return sum(end - start for start, end in self.speech)

    def speaking(
        self, at_s: Floats, before_s: float = 0.0, after_s: float = 0.0
    ) -> NDArray[np.bool_]:
        """Where times lie in speech, or so long before or after it."""
        inside = np.zeros(len(at_s), bool)
        for start, end in self.speech:
            inside |= (at_s >= start - before_s) & (at_s < end + after_s)
        return inside


def hear(recording: Recording) -> Heard:
    """Listen to the sound of a recording."""
    likely, level_db = _hops(recording.sound)
    times_s: Floats = np.arange(len(likely), dtype=np.float64) + 0.5
    times_s = recording.sound_began_s + times_s * HOP_S
    loud = float(np.percentile(level_db, LOUD_PERCENT)) if len(level_db) else 0.0
    spoken = (level_db > loud - QUIETER_DB) & (likely[:, VISEME_INDEX["sil"]] < 0.5)
    speech = merged(spans(times_s, spoken), PAUSE_S)
    return Heard(
        times_s,
        likely,
        expected_opening(likely),
        level_db,
        tuple(span for span in speech if span[1] - span[0] >= SHORTEST_S),
        tuple(
            span
            for span in spans(times_s, likely[:, VISEME_INDEX["PP"]] > CLOSED_P)
            if span[1] - span[0] >= CLOSURE_S - 1e-6
        ),
    )


def expected_opening(likely: Floats) -> Floats:
    """How far lips are expected to be apart, in [0, 1], [H], of how likely visemes are, [H, 15]."""
    shares = np.array([OPENING[viseme] for viseme in VISEMES])
    reach = round(COARTICULATION_S / HOP_S)
    return smoothed(likely @ shares, bell(reach))


def bell(reach: int) -> Floats:
    """A raised cosine that reaches so many values to either side, [2 * reach + 1]."""
    return np.hanning(2 * reach + 3)[1:-1]


def smoothed(values: Floats, kernel: Floats) -> Floats:
    """A weighted mean around each value, [N]; at the rims, of what is there."""
    if not len(values):
        return values
    sums = np.convolve(values, kernel, "full"), np.convolve(np.ones(len(values)), kernel, "full")
    first = len(kernel) // 2
    return np.asarray((sums[0] / sums[1])[first : first + len(values)])


def spans(times_s: Floats, true: NDArray[np.bool_]) -> list[Span]:
    """Where hops are true, from the beginning of the first to the end of the last of a stretch."""
    edges = np.flatnonzero(np.diff(true.astype(np.int8), prepend=0, append=0))
    return [
        (float(times_s[first] - HOP_S / 2), float(times_s[last - 1] + HOP_S / 2))
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def merged(found: Iterable[Span], gap_s: float) -> list[Span]:
    """Spans joined over gaps that are shorter than `gap_s`."""
    joined: list[Span] = []
    for start, end in found:
        if joined and start - joined[-1][1] < gap_s:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def between(found: Iterable[Span], start_s: float, end_s: float) -> list[Span]:
    """What lies between spans, from `start_s` to `end_s`."""
    edges = [start_s, *(edge for span in found for edge in span), end_s]
    return [(a, b) for a, b in list(pairwise(edges))[::2] if b > a]


def _hops(sound: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Probabilities [H, 15] and levels in dBFS [H]."""
    if not len(sound):
        return np.zeros((0, len(VISEMES))), np.zeros(0)
    stream = built_in().hops()
    # Resampling may overshoot.
    pieces = np.clip(sound, -1, 1)
    found = [
        stream.push_audio(pieces[start : start + PIECE_SAMPLES])
        for start in range(0, len(sound), PIECE_SAMPLES)
    ]
    found.append(stream.flush())
    logs = np.concatenate([each.log_probabilities for each in found]).astype(np.float64)
    likely = np.exp(logs)
    levels = np.concatenate([each.levels_db for each in found]).astype(np.float64)
    return likely / likely.sum(axis=1, keepdims=True), levels
