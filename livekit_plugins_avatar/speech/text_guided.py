"""Recognises speech with the help of a text.

Where the text fits the sound, the text says which viseme and the sound says when and how loud.
Where there is no text, or it does not fit, the events are exactly those that the recogniser gives
without a text. Events may be revised until they are played.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from .alignment.aligner import UNKNOWN, Aligner
from .alignment.costs import ACOUSTIC, SILENCE
from .decoder import Decoder, Floats, Hops, Ints, events_of, stretches
from .features import HOP_SAMPLES
from .recognizer import PCM
from .text.pronunciation import Word
from .visemes import VISEMES, VisemeEvent

LOUDNESS_BEFORE_HOPS = 5
"""A closure is silent: it is as strong as the speech that leads into it, so many hops before."""

SHORTEST_HOPS = 2
"""What the recogniser adds between two words lasts at least so long: less is where they meet."""


class HopSource(Protocol):
    """One utterance being recognised, hop by hop: `recognizer.HopStream` or a stand-in."""

    def push_audio(self, pcm: PCM) -> Hops:
        """Take the samples that follow; returns the hops known by now."""

    def flush(self) -> Hops:
        """The hops that are left, as if silence followed."""


@runtime_checkable
class HopRecognizer(Protocol):
    """A recogniser that can be guided by a text."""

    def hops(self) -> HopSource:
        """A fresh stream, at sample 0."""


class TextGuidedStream:
    """One utterance, recognised with the help of a text; belongs to one thread at a time.

    `expect`, `push_audio` and `flush` return events without gaps up to where the sound is decided.
    They replace all earlier events from the start of the first of them on; there may be none.
    """

    def __init__(self, hops: HopSource) -> None:
        self._hops = hops
        self._decoder = Decoder()
        self._aligner = Aligner()
        # Of the hops that may still change, those from `Aligner.begin` on.
        self._acoustic: Ints = np.zeros(0, np.int64)
        self._intensity: Floats = np.zeros(0, np.float64)
        self._text: Ints = np.zeros(0, np.int64)
        self._shown: Ints = np.zeros(0, np.int64)
        self._end = 0

    @property
    def word_starts(self) -> Ints:
        """The sample of this stream at which each word begins; `UNKNOWN` where it is not aligned,
        because it was not recognised yet or the sound does not bear the text out."""
        hops = self._aligner.word_starts
        return np.where(hops == UNKNOWN, UNKNOWN, hops * HOP_SAMPLES)

    def expect(self, words: Sequence[Word]) -> list[VisemeEvent]:
        """Give the words that follow those given before; they start in samples of this stream."""
        return self._revision(decided=0) if self._aligner.add(words) else []

    def push_audio(self, pcm: PCM) -> list[VisemeEvent]:
        """Take the samples that follow, and refuse them as `RecognizerStream.push_audio` does."""
        return self._decide(self._hops.push_audio(pcm))

    def flush(self) -> list[VisemeEvent]:
        """Decide what is left, as if silence followed; the stream is then finished."""
        return self._decide(self._hops.flush())

    def settle(self, sample: int) -> None:
        """Stop revising what lies before `sample`: it has been played."""
        begin = self._aligner.begin
        self._aligner.forget(sample // HOP_SAMPLES)
        passed = self._aligner.begin - begin
        self._acoustic, self._intensity = self._acoustic[passed:], self._intensity[passed:]
        self._text, self._shown = self._text[passed:], self._shown[passed:]

    def _decide(self, hops: Hops) -> list[VisemeEvent]:
        visemes, intensities = self._decoder.decide(hops)
        self._acoustic = np.concatenate((self._acoustic, visemes))
        self._intensity = np.concatenate((self._intensity, intensities))
        self._end = hops.end
        self._aligner.push(hops.log_probabilities)
        if self._aligner.words:
            return self._revision(decided=len(hops))
        self._shown = self._acoustic
        return events_of(hops, visemes, intensities)

    def _revision(self, decided: int) -> list[VisemeEvent]:
        """The events that replace earlier ones, after so many hops were decided."""
        before = self._shown
        self._text = self._aligner.shown()
        self._shown = _fused(self._acoustic, self._text)
        changed = np.flatnonzero(before != self._shown[: len(before)])
        if not len(changed) and not decided:
            return []
        first = int(changed[0]) if len(changed) else len(before)
        return [self._event(start, end) for start, end in stretches(self._shown) if end >= first]

    def _event(self, start: int, end: int) -> VisemeEvent:
        """The event that covers hops with the same viseme."""
        viseme, intensity = int(self._shown[start]), 0.0
        if viseme != SILENCE:
            guided = (self._text[start:end] != ACOUSTIC).any()
            loud_from = max(0, start - LOUDNESS_BEFORE_HOPS) if guided else start
            intensity = float(self._intensity[loud_from:end].max())
        begin = (self._aligner.begin + start) * HOP_SAMPLES
        until = min((self._aligner.begin + end) * HOP_SAMPLES, self._end)
        return VisemeEvent(VISEMES[viseme], begin, until - begin, intensity)


def _fused(acoustic: Ints, text: Ints) -> Ints:
    """What the mouth shows in each hop: what the text asks for, else the recogniser's answer."""
    if (text == ACOUSTIC).all():
        return acoustic
    shown = np.where(text == ACOUSTIC, acoustic, text)
    for start, end in [*stretches(shown)][1:-1]:
        if end - start < SHORTEST_HOPS and text[start] == ACOUSTIC:
            shown[start:end] = shown[start - 1]
    return shown
