"""Listening: what the face does while somebody else speaks.

In flow transcripts as they come to be known, the user's pauses, tools that failed; out flow
emotions and nods. A transcript that is still being revised counts once it has said the same twice.
Nods come at pauses, never often, and never to somebody who insults.
"""

from __future__ import annotations

from ..timeline import samples
from . import lexicon
from .estimate import NEUTRAL, EmotionEstimate

NOD_WORDS = 7
"""A listener acknowledges no more than every so many words (about one backchannel per seven words
and at pauses, in task dialogues: Cathcart, Carletta and Klein 2003, digest)."""

NOD_APART_SAMPLES = samples(5.0)
"""From one nod to the next at least this: half as often as listeners do something (a signal every
few seconds, Clancy et al. 1996, digest), because an agent hears pauses late and errs."""

GAP_SAMPLES = samples(0.7)
"""A speaker of whom nothing new is heard for so long pauses: backchannels follow some 700 ms after
the cue that invites them (Ward and Tsukahara 2000)."""

SPOKEN_SAMPLES = samples(1.5)
"""Nobody nods at less speech than this."""

AGAIN_SAMPLES = samples(3.0)
"""The same emotion is felt anew by then: it has begun to fade."""

UNMOVED_SAMPLES = samples(6.0)
"""For so long after an insult there is no nod."""

TAIL_CHARACTERS = 300
"""How much of a transcript that still grows is looked at: its last sentences."""

FAILED_TOOL = EmotionEstimate("concern", 0.5)
"""Something did not work out: slight, because nobody is hurt."""

INTERRUPTED = EmotionEstimate("interest", 0.5)
"""Somebody else has the word: the brows say that it is theirs."""


class Listening:
    """What one face makes of what it hears. Pure: samples in, reactions out; one thread."""

    def __init__(self) -> None:
        self._speaking_since: int | None = None
        self._heard_at = 0
        self._words = 0
        self._nodded_at = -NOD_APART_SAMPLES
        self._last = NEUTRAL
        self._before = NEUTRAL
        self._felt_at = -AGAIN_SAMPLES

    @property
    def speaking(self) -> bool:
        """Whether the user speaks."""
        return self._speaking_since is not None

    def set_speaking(self, sample: int, speaking: bool) -> bool:
        """The user starts or stops; returns whether to nod at it."""
        if speaking:
            if self._speaking_since is None:
                self._speaking_since, self._heard_at = sample, sample
            return False
        nods = self._nods(sample)
        self._speaking_since = None
        return nods

    def pause(self, sample: int) -> bool:
        """Looks whether the user pauses; returns whether to nod at it."""
        return sample - self._heard_at >= GAP_SAMPLES and self._nods(sample)

    def hear(
        self, sample: int, text: str, *, final: bool, language: str | None = None
    ) -> EmotionEstimate:
        """Take a transcript, of all that is not final yet; returns what is to be felt now."""
        text = text[-lexicon.LONGEST_TEXT :]
        self._heard_at = sample
        self._words = max(self._words, len(text.split()))
        estimate = lexicon.classify(text[-TAIL_CHARACTERS:], "heard", language)
        before, self._before = self._before, NEUTRAL if final else estimate
        if not final and (estimate.emotion != before.emotion or estimate.emotion == "interest"):
            return NEUTRAL  # Said once, it may be revised; and a question ends in its last word.
        return self.express(sample, estimate)

    def express(self, sample: int, estimate: EmotionEstimate) -> EmotionEstimate:
        """What is to be felt, where it is not felt already; else `NEUTRAL`."""
        felt = estimate.emotion == self._last.emotion and sample - self._felt_at < AGAIN_SAMPLES
        if not estimate.strength or felt:
            return NEUTRAL
        self._last, self._felt_at = estimate, sample
        return estimate

    def _nods(self, sample: int) -> bool:
        since = self._speaking_since
        insulted = self._last.emotion == "hurt" and sample - self._felt_at < UNMOVED_SAMPLES
        if (
            since is None
            or insulted
            or sample - since < SPOKEN_SAMPLES
            or sample - self._nodded_at < NOD_APART_SAMPLES
            or self._words < NOD_WORDS
        ):
            return False
        self._nodded_at, self._words = sample, 0
        return True
