"""The cue_timing: when each sentence of the agent's speech begins to sound.

In flow cues, read off the text before it is spoken, and the segments of speech as they open and
close; out flow cues that are due, each with its sample on the published timeline. Where in the
sound a sentence begins nobody says; it is reckoned by its share of the text, and then moved to the
pause nearest to that, because sentences begin after pauses::

    text      I am sorry to hear that. | Could you give me your order number?
    letters   0                        24                                   60
    speech    |======================__|===================================|
                        pause nearest to 24/60 of it ^

Measured on 14 sentences of seven texts in one voice (Piper), starts come out within 22 ms at the
median and 110 ms at p95 once all of a text's sound is there; before that, by the pace of the voice,
within 25 ms and 590 ms.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ..speech.visemes import VisemeEvent
from ..timeline import samples
from .estimate import EmotionEstimate
from .sentences import Cue

Pauses = Callable[[int, int], Sequence[VisemeEvent]]
"""What the mouth does in [start, end) of the speech: `VisemeSchedule.between`."""

Placed = Callable[[int], "int | None"]
"""Where a speech sample is or will be published: `Playout.published_at`."""

LETTER_S = 0.062
"""How long a letter takes until the voice is known better: 160 words a minute, about as fast as TTS
speak (Piper's "joe" takes 0.058 s)."""

PACE_KEPT = 0.5
"""How much of the pace known so far is kept when another text shows it."""

PACE_FROM_LETTERS = 30
"""What is shorter says little about the pace: silence at both ends counts for too much."""

PAUSE_SAMPLES = samples(0.08)
"""A pause between sentences is at least so long, as the mouth shows it: shorter ones are closures
of a p or t."""

SNAP_SAMPLES = samples(0.3)
SNAP_SHARE = 0.1
"""A pause counts as the one meant if it ends so near to where the sentence is reckoned to begin,
and that share of the way from the start: the reckoning errs more the further it goes."""

LEAD_SAMPLES = samples(0.3)
"""A cue is given out so long before its sample: longer than frames are drawn ahead by default."""

LATE_SAMPLES = samples(1.0)
"""A cue that comes to be known later than this after its sample is left out: the moment has passed,
and a smile at the next sentence would be a misunderstanding."""

_KEPT_TEXTS = 8
"""Texts that wait to be spoken. Full: the oldest is dropped."""


@dataclass(slots=True)
class _Text:
    """One text and its speech."""

    cues: list[Cue] = field(default_factory=list)
    """Those that are not due yet, in order."""
    length: int | None = None
    """Of all of it, once it is complete."""
    start: int | None = None
    """The speech sample at which it begins, once it does."""
    end: int | None = None
    """The sample after the last, once all of it is there."""


class CueTiming:
    """Puts cues to their moments. Pure: no thread, no clock; belongs to one thread."""

    def __init__(self) -> None:
        self._texts: deque[_Text] = deque(maxlen=_KEPT_TEXTS)
        self._letter = LETTER_S * samples(1.0)

    @property
    def waiting(self) -> bool:
        """Whether a cue waits for its moment in speech that has come."""
        return any(text.cues for text in self._texts if text.start is not None)

    def begin_text(self) -> None:
        """Another text begins; one that no speech came for is forgotten."""
        last = self._texts[-1] if self._texts else None
        if last is not None and last.start is None:
            self._texts.pop()
        elif last is not None and last.length is None and not last.cues:
            return  # Its speech came first: a realtime model's does.
        self._texts.append(_Text())

    def add(self, cues: Sequence[Cue]) -> None:
        """What the text says next."""
        if self._texts:
            self._texts[-1].cues.extend(cues)

    def end_text(self, length: int) -> None:
        """The text is complete, and as long as that."""
        if self._texts:
            self._texts[-1].length = length
            self._learn_pace(self._texts[-1])

    def begin_speech(self, start: int) -> None:
        """A segment opens at this speech sample."""
        if not self._texts or self._texts[-1].start is not None:
            self._texts.append(_Text())
        self._texts[-1].start = start

    def end_speech(self, end: int) -> None:
        """All of the open segment is there."""
        for text in reversed(self._texts):
            if text.start is not None and text.end is None:
                text.end = end
                self._learn_pace(text)
                return

    def finish_speech(self) -> None:
        """The oldest segment was played, or cut: what of it has not been shown never will be."""
        for text in self._texts:
            if text.start is not None:
                self._texts.remove(text)
                return

    def revise(self, cue: Cue, estimate: EmotionEstimate) -> bool:
        """Let a cue that is not due yet read otherwise; returns whether there was one."""
        for text in self._texts:
            if cue in text.cues:
                text.cues[text.cues.index(cue)] = replace(cue, estimate=estimate)
                return True
        return False

    def due(self, published: int, placed: Placed, pauses: Pauses) -> list[tuple[int, Cue]]:
        """The cues whose moment has come, each with its published sample; each is given out once.

        Args:
            published: The sample that is published next.
            placed: Where speech is published.
            pauses: What the mouth does in the speech.
        """
        found: list[tuple[int, Cue]] = []
        for text in self._texts:
            while text.cues and text.start is not None:
                speech = self._speech_sample(text, text.start, text.cues[0].at, pauses)
                sample = placed(speech)
                if sample is None or sample > published + LEAD_SAMPLES:
                    break
                cue = text.cues.pop(0)
                if sample > published - LATE_SAMPLES:
                    found.append((max(sample, published), cue))
        return found

    def _speech_sample(self, text: _Text, start: int, at: int, pauses: Pauses) -> int:
        """Where in the speech a sentence begins, as far as can be told by now."""
        if at == 0:
            return start
        reckoned = at * self._letter
        if text.end is not None and text.length:
            reckoned = at / text.length * (text.end - start)
        reach = SNAP_SAMPLES + SNAP_SHARE * reckoned
        near = pauses(start + round(reckoned - reach), start + round(reckoned + reach))
        ends = [
            event.end - start
            for event in near
            if event.viseme == "sil" and event.duration >= PAUSE_SAMPLES
        ]
        nearest = min(ends, key=lambda end: abs(end - reckoned), default=reckoned)
        return start + round(nearest if abs(nearest - reckoned) <= reach else reckoned)

    def _learn_pace(self, text: _Text) -> None:
        if text.start is None or text.end is None or (text.length or 0) < PACE_FROM_LETTERS:
            return
        shown = (text.end - text.start) / (text.length or 1)
        self._letter = PACE_KEPT * self._letter + (1 - PACE_KEPT) * shown
