"""Recognising visemes in speech as it streams by, without a transcript.

In flows speech as samples at `SAMPLE_RATE`, in chunks of any size; out flow viseme events that
cover it without gaps, each decided as soon as `lookahead_samples` beyond it have been heard. What a
recogniser knows is shared and immutable; what one voice has said so far is in its stream. The same
speech gives the same events however it is cut into chunks, because every hop is computed alone
from the same samples.

`BandRecognizer` reads a few cues a phonetician would read from a spectrogram and compares them with
a table of visemes. It is wrong about many a consonant; it is meant to be calm and to be right about
what is seen first: an open mouth in vowels, rounded lips, hissing teeth, closures, and silence.
"""

from __future__ import annotations

from collections import deque
from math import log10
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..timeline import SAMPLE_RATE, samples
from .band_cues import (
    BAND_EDGES_HZ,
    CUES,
    FIRST_FORMANT_HZ,
    SECOND_FORMANT_HZ,
    SPECTRAL,
    VISEME_CUES,
)
from .levels import Levels
from .recognizer import PCM, as_float
from .visemes import VISEMES, VisemeEvent

Vector = NDArray[np.float64]


HOP_SAMPLES = samples(0.010)
WINDOW_SAMPLES = samples(0.025)
"""Short enough for the burst of a stop, long enough to resolve a low voice's formants."""

BEHIND_HOPS = 5
AHEAD_HOPS = 4
"""How far the surroundings of a hop reach: together about the longest closure of a stop in fluent
speech, so that a closure is seen to have speech on both sides."""

SETTLING_HOPS = 2
"""How long evidence gathers before it outweighs `SWITCH_COST`; decisions are dated back by it."""

_MARGIN_SAMPLES = (WINDOW_SAMPLES - HOP_SAMPLES) // 2
_LOOKAHEAD_SAMPLES = (AHEAD_HOPS + SETTLING_HOPS + 1) * HOP_SAMPLES + _MARGIN_SAMPLES

SILENT_DBFS = -100.0
"""The level of nothing at all."""


SILENCE_SHORTEST_S = 0.05
SILENCE_SPREAD_DB = 1.0
SILENCE_LIKENESS = (-24.0, 0.0)
"""How unlike and how like silence a hop can be, by its level alone: from a sound that no row of
the table fits, which is speech all the same, to as much as one that fits perfectly."""

CLEAR_DB = (-6.0, 6.0)
"""Level against the edge of silence from which spectral cues count at all, and in full."""

SWITCH_COST = 3.0
"""How much likelier, summed over hops, another viseme must be before it takes over."""

SILENCE_COST = 6.0
"""The same for silence: a closure is as silent, but shorter."""

INDEPENDENCE = 0.6
"""Share of each cue's evidence that counts: cues overlap, hops do too."""

FARTHEST = 3.0
"""A cue further off than this many spreads counts as this far: one odd cue decides nothing."""

INTENSITY_DB = (-24.0, 2.0)
"""Loudness against the voice's own that maps to intensity 0 and 1."""


class _Hop(NamedTuple):
    """What one hop sounds like by itself; levels in dB."""

    level: float
    f1: float
    f2: float
    hiss: float
    sharp: float
    murmur: float
    front: float
    amplitude: float


_NOTHING = _Hop(SILENT_DBFS, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class _Ear:
    """Turns the samples of one window into a hop; immutable."""

    def __init__(self) -> None:
        bin_hz = SAMPLE_RATE // WINDOW_SAMPLES
        window = np.hanning(WINDOW_SAMPLES + 1)[:-1]
        # A sine of full scale has the power 1, 0 dBFS.
        self._window = window * (2 / window.sum()) / np.sqrt(1.5)
        self._hz = np.arange(WINDOW_SAMPLES // 2 + 1, dtype=np.float64) * bin_hz
        self._bands = np.array(BAND_EDGES_HZ[:-1]) // bin_hz
        self._top = BAND_EDGES_HZ[-1] // bin_hz
        self._first = slice(FIRST_FORMANT_HZ[0] // bin_hz, FIRST_FORMANT_HZ[1] // bin_hz)
        self._second = slice(SECOND_FORMANT_HZ[0] // bin_hz, SECOND_FORMANT_HZ[1] // bin_hz)
        # A voice falls by 12 dB an octave and the lips give back 6; this gives back the rest.
        self._tilt = self._hz[self._second] ** 2

    def hear(self, pcm: Vector) -> _Hop:
        spectrum = np.fft.rfft(pcm * self._window)
        power = spectrum.real**2 + spectrum.imag**2
        bands = np.add.reduceat(power[: self._top], self._bands).tolist()
        voice, low, mid, back, front, sh, s = (band + 1e-11 for band in bands)
        formants = low + mid + back + front
        level = 10 * log10(formants + sh + s)
        return _Hop(
            level=max(level, SILENT_DBFS),
            f1=_centre(power[self._first], self._hz[self._first]),
            f2=_centre(power[self._second] * self._tilt, self._hz[self._second]),
            hiss=10 * log10((sh + s) / formants),
            sharp=10 * log10(s / sh),
            murmur=10 * log10(voice / formants),
            front=10 * log10(front / back),
            amplitude=formants**0.5,
        )


def _centre(power: Vector, hz: Vector) -> float:
    return float((power * hz).sum() / (power.sum() + 1e-30))


def _ramp(value: float, between: tuple[float, float]) -> float:
    """0 up to the first of two values, 1 from the second on, straight between them."""
    low, high = between
    return max(0.0, min(1.0, (value - low) / (high - low)))


class _Knowledge:
    """The table, made ready for arithmetic; immutable."""

    def __init__(self) -> None:
        rows = [VISEME_CUES[viseme] for viseme in VISEMES[1:]]
        self.spread = np.array([cue.spread for cue in CUES.values()])
        self.spectral = np.array([name in SPECTRAL for name in CUES], np.float64)
        self.centres = np.array([row.cues for row in rows]) / self.spread
        self.bias = np.array([row.bias for row in rows])
        self.cost = np.array([SILENCE_COST] + [SWITCH_COST] * len(rows))
        hop_s = HOP_SAMPLES / SAMPLE_RATE
        shortest_s = [SILENCE_SHORTEST_S, *(row.shortest_s for row in rows)]
        self.shortest_hops = [round(shortest / hop_s) for shortest in shortest_s]


class BandRecognizer:
    """Recognises visemes by the energies of a few bands: no model, no training, next to no cost."""

    def __init__(self) -> None:
        self._ear = _Ear()
        self._knowledge = _Knowledge()

    @property
    def lookahead_samples(self) -> int:
        """How far beyond a sample a stream must hear to decide it."""
        return _LOOKAHEAD_SAMPLES

    def stream(self) -> BandStream:
        """A fresh stream, at sample 0."""
        return BandStream(self._ear, self._knowledge)


class BandStream:
    """One utterance heard by a `BandRecognizer`; made by its `stream`."""

    def __init__(self, ear: _Ear, knowledge: _Knowledge) -> None:
        self._ear = ear
        self._decider = _Decider(knowledge)
        # The first window is centred on the first hop: half of what surrounds it is silence.
        self._pending = np.zeros(_MARGIN_SAMPLES)
        self._around = deque([_NOTHING] * BEHIND_HOPS, maxlen=BEHIND_HOPS + 1 + AHEAD_HOPS)
        self._pushed = 0
        # Below 0 while the first decision, dated back, would lie before the beginning.
        self._decided = -SETTLING_HOPS * HOP_SAMPLES
        self._finished = False

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        """See `RecognizerStream.push_audio`."""
        if self._finished:
            raise ValueError("this stream was flushed; take a new one from BandRecognizer.stream")
        heard = as_float(pcm).astype(np.float64)
        self._pushed += len(heard)
        return self._hear(heard)

    def flush(self) -> list[VisemeEvent]:
        """See `RecognizerStream.flush`."""
        self._finished = True
        return self._hear(np.zeros(_LOOKAHEAD_SAMPLES + HOP_SAMPLES))

    def _hear(self, heard: Vector) -> list[VisemeEvent]:
        pending = np.concatenate((self._pending, heard))
        events: list[VisemeEvent] = []
        start = 0
        while start + WINDOW_SAMPLES <= len(pending):
            # One hop at a time: what comes out cannot depend on how many came in.
            self._around.append(self._ear.hear(pending[start : start + WINDOW_SAMPLES]))
            start += HOP_SAMPLES
            if len(self._around) == self._around.maxlen:
                self._decide(events)
        self._pending = pending[start:]
        return events

    def _decide(self, events: list[VisemeEvent]) -> None:
        """Decide the next hop by what is around, and add it to `events`."""
        start, end = self._decided, min(self._decided + HOP_SAMPLES, self._pushed)
        if end <= start:
            return
        self._decided = end
        viseme, intensity = self._decider.decide(list(self._around))
        if start < 0:
            return
        if events and events[-1].viseme == viseme:
            last = events.pop()
            start, intensity = last.start, max(last.intensity, intensity)
        events.append(VisemeEvent(viseme, start, end - start, intensity))


class _Decider:
    """Which viseme each hop is, given its surroundings, with the calm of hysteresis."""

    def __init__(self, knowledge: _Knowledge) -> None:
        self._knowledge = knowledge
        self._levels = Levels(hops_per_s=SAMPLE_RATE // HOP_SAMPLES)
        # Relative to the likeliest; a stream begins in silence.
        self._evidence = -knowledge.cost
        self._evidence[0] = 0.0
        self._current = 0
        self._held_hops = 0

    def decide(self, around: list[_Hop]) -> tuple[str, float]:
        """Viseme and intensity of the hop `SETTLING_HOPS` before the one at `BEHIND_HOPS`."""
        hop = around[BEHIND_HOPS]
        before = max(other.level for other in around[: BEHIND_HOPS + 1])
        after = max(other.level for other in around[BEHIND_HOPS:])
        self._levels.hear(hop.level, max(before, after))
        # A gap with speech close on both sides is a closure, not silence.
        spoken = min(before, after) - self._levels.silent_below
        loudness = hop.level - self._levels.loud

        likeness = np.empty(len(VISEMES))
        least, most = SILENCE_LIKENESS
        likeness[0] = max(least, min(most, -spoken / SILENCE_SPREAD_DB))
        likeness[1:] = self._likeness(hop, around, loudness)
        self._settle(likeness)
        if self._current == 0:
            return VISEMES[0], 0.0
        decided = around[BEHIND_HOPS - SETTLING_HOPS].level - self._levels.loud
        return VISEMES[self._current], _ramp(decided, INTENSITY_DB)

    def _likeness(self, hop: _Hop, around: list[_Hop], loudness: float) -> Vector:
        """How much the hop is like each viseme but silence, as a log-likelihood."""
        amplitude = sum(other.amplitude for other in around) + 1e-9
        locus = sum(other.amplitude * other.f2 for other in around) / amplitude
        audible = self._levels.silent_below + CLEAR_DB[0]
        burst = max((other.hiss for other in around if other.level > audible), default=hop.hiss)
        # In the order of CUES.
        cues = np.array(
            (
                loudness,
                hop.f1,
                hop.f2,
                hop.hiss,
                hop.sharp,
                hop.murmur,
                hop.front,
                burst,
                locus,
            )
        )
        know = self._knowledge
        clear = _ramp(hop.level - self._levels.silent_below, CLEAR_DB)
        off = np.minimum(np.abs(cues / know.spread - know.centres), FARTHEST)
        counts = 1 - (1 - clear) * know.spectral
        distance: Vector = (off * off * counts).sum(axis=1)
        return know.bias - 0.5 * INDEPENDENCE * distance

    def _settle(self, likeness: Vector) -> None:
        """Move to another viseme once the evidence for it outweighs the cost of moving."""
        evidence = np.maximum(self._evidence, -self._knowledge.cost) + likeness
        self._evidence = evidence - evidence.max()
        self._held_hops += 1
        best = int(self._evidence.argmax())
        shortest_hops = self._knowledge.shortest_hops[self._current]
        if best != self._current and self._held_hops >= shortest_hops:
            self._current = best
            self._held_hops = 0
