"""Tells when each sentence of the agent's text begins to sound.

Cues come in with the text, before it is spoken; each goes out once, shortly before its published
sample. Where the text is aligned with the speech, the aligner knows where a sentence begins.
Elsewhere the start is estimated from the share of the text before it, and moved to the nearest
pause, because sentences begin after pauses::

    text      I am sorry to hear that. | Could you give me your order number?
    letters   0                        24                                   60
    speech    |======================__|===================================|
                      pause nearest to 24/60 of it ^
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..audio.placement import Placement
from ..speech.visemes import VisemeEvent
from ..timeline import samples
from .estimate import EmotionEstimate
from .sentences import Cue

SpeechVisemes = Callable[[int, int], Sequence[VisemeEvent]]
"""The viseme events in [start, end) of the speech timeline, contiguous and in order."""

LETTER_S = 0.062
"""How long a letter takes until the voice's own pace is known: 160 words a minute, a usual pace of
TTS voices (Piper's "joe" takes 0.058 s)."""

PACE_KEPT = 0.5
"""Share of the pace known so far that is kept when a text ends."""

PACE_LETTERS = 30
"""Shorter texts do not change the pace: the silence around them counts for too much."""

SENTENCE_PAUSE_SAMPLES = samples(0.08)
"""A pause between sentences lasts at least this long; shorter ones are closures of a p or t."""

SNAP_SAMPLES = samples(0.3)
SNAP_SHARE = 0.1
"""A start moves to a pause within this distance and this share of the way from the beginning: the
error grows on the way."""

LEAD_SAMPLES = samples(0.3)
"""A cue goes out this long before its sample can no longer be redrawn."""

LATE_SAMPLES = samples(1.0)
"""A cue that becomes known later than this is dropped: its expression would seem to belong to the
next sentence."""

_KEPT_TEXTS = 8
"""Texts that wait to be spoken. Full: the oldest is dropped."""


@dataclass(slots=True)
class _Text:
    """One text, and the speech samples of its segment; what is not known yet is None."""

    cues: list[Cue] = field(default_factory=list)
    """Those that are not due yet, in order."""
    length: int | None = None
    start: int | None = None
    end: int | None = None


class CueTiming:
    """Places cues in time; belongs to one thread.

    Args:
        placement: Where speech is published.
        visemes: The mouth shapes in [start, end) of the speech.
        word_start: The speech sample at which a word of the current text begins, if it is aligned.
    """

    def __init__(
        self,
        placement: Placement,
        visemes: SpeechVisemes,
        word_start: Callable[[int], int | None],
    ) -> None:
        self._placement = placement
        self._visemes = visemes
        self._word_start = word_start
        self._texts: deque[_Text] = deque(maxlen=_KEPT_TEXTS)
        self._letter = LETTER_S * samples(1.0)

    @property
    def waiting(self) -> bool:
        """Whether speech that has begun has cues that are not due yet."""
        return any(text.cues for text in self._texts if text.start is not None)

    def begin_text(self) -> None:
        """Begin another text; one that was never spoken is dropped."""
        last = self._texts[-1] if self._texts else None
        if last is not None and last.start is None:
            self._texts.pop()
        elif last is not None and last.length is None and not last.cues:
            return  # Its speech came first, as a realtime model's does.
        self._texts.append(_Text())

    def add(self, cues: Sequence[Cue]) -> None:
        """Add cues to the current text."""
        if self._texts:
            self._texts[-1].cues.extend(cues)

    def end_text(self, length: int) -> None:
        """Complete the current text, which has this length."""
        if self._texts:
            self._texts[-1].length = length
            self._learn_pace(self._texts[-1])

    def segment_started(self, start: int) -> None:
        """A segment of speech begins at this speech sample."""
        if not self._texts or self._texts[-1].start is not None:
            self._texts.append(_Text())
        self._texts[-1].start = start

    def segment_ended(self, end: int) -> None:
        """The current segment is complete, and ends before this speech sample."""
        for text in reversed(self._texts):
            if text.start is not None and text.end is None:
                text.end = end
                self._learn_pace(text)
                return

    def segment_finished(self) -> None:
        """Forget the oldest segment, which was played or cut."""
        for text in self._texts:
            if text.start is not None:
                self._texts.remove(text)
                return

    def revise(self, cue: Cue, estimate: EmotionEstimate) -> bool:
        """Change the estimate of a cue; returns whether the cue still waits."""
        for text in self._texts:
            if cue in text.cues:
                text.cues[text.cues.index(cue)] = replace(cue, estimate=estimate)
                return True
        return False

    def due(self, now: int) -> list[tuple[int, Cue]]:
        """The cues to show next, each once and with its published sample; none is before `now`."""
        found: list[tuple[int, Cue]] = []
        for text in self._texts:
            while text.cues and text.start is not None:
                speech = self._speech_sample(text, text.start, text.cues[0])
                sample = self._placement.published_at(speech)
                if sample is None or sample > now + LEAD_SAMPLES:
                    break
                cue = text.cues.pop(0)
                if sample > now - LATE_SAMPLES:
                    found.append((max(sample, now), cue))
        return found

    def _speech_sample(self, text: _Text, start: int, cue: Cue) -> int:
        """The speech sample at which a sentence begins, as far as it is known by now."""
        if cue.at == 0:
            return start
        aligned = self._word_start(cue.word)
        # The start of a word in another segment says nothing about this one.
        if aligned is not None and aligned >= start and (text.end is None or aligned < text.end):
            return aligned
        return start + self._guess(text, start, cue.at)

    def _guess(self, text: _Text, start: int, at: int) -> int:
        """About how many samples of the speech are before the sentence at `at`."""
        guess = at * self._letter
        if text.end is not None and text.length:
            guess = at / text.length * (text.end - start)
        reach = SNAP_SAMPLES + SNAP_SHARE * guess
        near = self._visemes(start + round(guess - reach), start + round(guess + reach))
        ends = [
            event.end - start
            for event in near
            if event.viseme == "sil" and event.duration >= SENTENCE_PAUSE_SAMPLES
        ]
        nearest = min(ends, key=lambda end: abs(end - guess), default=guess)
        return round(nearest if abs(nearest - guess) <= reach else guess)

    def _learn_pace(self, text: _Text) -> None:
        if text.start is None or text.end is None or (text.length or 0) < PACE_LETTERS:
            return
        pace = (text.end - text.start) / (text.length or 1)
        self._letter = PACE_KEPT * self._letter + (1 - PACE_KEPT) * pace
