"""Decides what the face shows while the user speaks: emotions and nods.

A transcript that may still change counts once two versions agree. Nods come at pauses, seldom, and
never after an insult.
"""

from __future__ import annotations

from ..timeline import samples
from . import lexicon
from .estimate import NEUTRAL, EmotionEstimate

NOD_WORDS = 7
"""Words between nods, at least. Listeners in task dialogues give about one backchannel per seven
words, at pauses (Cathcart, Carletta and Klein 2003)."""

NOD_APART_SAMPLES = samples(5.0)
"""Time between nods, at least. Listeners give a signal every few seconds (Clancy et al. 1996); an
agent notices pauses late and sometimes wrongly, so it nods half as often."""

GAP_SAMPLES = samples(0.7)
"""A user whose transcript has not changed for this long pauses: backchannels follow about 700 ms
after the cue that invites them (Ward and Tsukahara 2000)."""

SPOKEN_SAMPLES = samples(1.5)
"""Shorter speech gets no nod."""

AGAIN_SAMPLES = samples(3.0)
"""The same emotion is shown again after this: it has begun to fade."""

UNMOVED_SAMPLES = samples(6.0)
"""For this long after an insult there is no nod."""

TAIL_CHARACTERS = 300
"""The end of a transcript that counts: its last sentences."""

FAILED_TOOL = EmotionEstimate("concern", 0.5)
"""Slight: something failed, but no harm was done."""

INTERRUPTED = EmotionEstimate("interest", 0.5)
"""Raised brows give the turn to the user."""


class Listening:
    """The reactions of one face to one user; belongs to one thread."""

    def __init__(self) -> None:
        self._speaking_since: int | None = None
        self._heard_at = 0
        self._words = 0
        self._nodded_at = -NOD_APART_SAMPLES
        self._shown = NEUTRAL
        self._shown_at = -AGAIN_SAMPLES
        self._interim = NEUTRAL

    @property
    def speaking(self) -> bool:
        """Whether the user speaks."""
        return self._speaking_since is not None

    def set_speaking(self, sample: int, speaking: bool) -> bool:
        """The user starts or stops speaking; returns whether to nod."""
        nods = not speaking and self._nods(sample)
        if not speaking:
            self._speaking_since = None
        elif self._speaking_since is None:
            self._speaking_since = self._heard_at = sample
        return nods

    def pause(self, sample: int) -> bool:
        """Returns whether the user pauses and is to get a nod."""
        return sample - self._heard_at >= GAP_SAMPLES and self._nods(sample)

    def hear(
        self, sample: int, text: str, *, final: bool, language: str | None = None
    ) -> EmotionEstimate:
        """Take a transcript of what is not final yet; returns what to show now."""
        text = text[-lexicon.LONGEST_TEXT :]
        self._heard_at = sample
        self._words = max(self._words, len(text.split()))
        estimate = lexicon.classify(text[-TAIL_CHARACTERS:], "heard", language)
        before, self._interim = self._interim, NEUTRAL if final else estimate
        if not final and (estimate.emotion != before.emotion or estimate.emotion == "interest"):
            return NEUTRAL  # It may still change, and a question is known by its end.
        return self.express(sample, estimate)

    def express(self, sample: int, estimate: EmotionEstimate) -> EmotionEstimate:
        """Returns what to show: `NEUTRAL` if the face shows this emotion already."""
        same = estimate.emotion == self._shown.emotion
        if not estimate.strength or (same and sample - self._shown_at < AGAIN_SAMPLES):
            return NEUTRAL
        self._shown, self._shown_at = estimate, sample
        return estimate

    def _nods(self, sample: int) -> bool:
        insulted = self._shown.emotion == "hurt" and sample - self._shown_at < UNMOVED_SAMPLES
        if (
            self._speaking_since is None
            or insulted
            or sample - self._speaking_since < SPOKEN_SAMPLES
            or sample - self._nodded_at < NOD_APART_SAMPLES
            or self._words < NOD_WORDS
        ):
            return False
        self._nodded_at, self._words = sample, 0
        return True
