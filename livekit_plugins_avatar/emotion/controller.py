"""Turns what the agent says and hears into expressions and nods of the face.

An error in here is logged once and goes no further: neither the voice nor the rest of the face
depends on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Concatenate, ParamSpec

from ..audio.placement import Placement
from ..log import logger
from ..timeline import Clock, samples
from .cue_timing import LATE_SAMPLES, CueTiming, SpeechVisemes
from .estimate import EmotionClassifier, EmotionEstimate
from .listening import FAILED_TOOL, INTERRUPTED, Listening
from .remote import RemoteClassifier
from .sentences import Cue, SentenceReader

POLL_S = 0.1
"""How often it looks for due cues and for pauses, while the agent or the user speaks."""

ANSWER_SAMPLES = samples(2.5)
"""A classifier's estimate of what was heard is shown within this: as long as a listener's face may
take to react to a sentence."""

P = ParamSpec("P")


def _contained(
    method: Callable[Concatenate[EmotionController, P], None],
) -> Callable[Concatenate[EmotionController, P], None]:
    """Log the first error instead of raising it; do nothing once the controller is closed."""

    @wraps(method)
    def contained(self: EmotionController, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if self._closed:
            return
        try:
            method(self, *args, **kwargs)
        except Exception:
            if not self._failed:
                logger.exception(
                    "emotion: following the conversation failed; the voice goes on, "
                    "expressions may be missing"
                )
            self._failed = True

    return contained


class EmotionController:
    """Follows one conversation; belongs to the agent's event loop.

    Args:
        express: Called with the published sample, emotion and strength of an expression.
        nod: Called with the published sample of a nod.
        now: Earliest published sample whose frame can still be redrawn.
        placement: As for `CueTiming`.
        visemes: As for `CueTiming`.
        word_start: As for `CueTiming`.
        clock: Real time.
        classifier: Asked besides the lexicon; closed with this.
    """

    def __init__(
        self,
        *,
        express: Callable[[int, str, float], None],
        nod: Callable[[int], None],
        now: Callable[[], int],
        placement: Placement,
        visemes: SpeechVisemes,
        word_start: Callable[[int], int | None],
        clock: Clock,
        classifier: EmotionClassifier | None = None,
    ) -> None:
        self._express = express
        self._nod = nod
        self._now = now
        self._clock = clock
        self._remote = RemoteClassifier(classifier) if classifier is not None else None
        self._cue_timing = CueTiming(placement, visemes, word_start)
        self._listening = Listening()
        self._text: SentenceReader | None = None
        self._turn = 0
        """Counts transcripts: an estimate of an earlier one comes too late."""
        self._shown: dict[Cue, int] = {}
        """Cues that a classifier may still correct, and the sample of each."""
        self._poll: asyncio.Task[None] | None = None
        self._failed = False
        self._closed = False

    async def aclose(self) -> None:
        """Stop, and close the classifier; takes about a second at most, whatever that does."""
        self._closed = True
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)
        remote, self._remote = self._remote, None
        if remote is not None:
            await remote.aclose()

    @_contained
    def push_text(self, text: str) -> None:
        """Take a piece of the text that is to be spoken next."""
        if self._text is None:
            self._text = SentenceReader()
            self._cue_timing.begin_text()
        self._add(self._text.push(text))

    @_contained
    def end_text(self) -> None:
        """The text that is to be spoken is complete."""
        text, self._text = self._text, None
        if text is not None:
            self._add(text.flush())
            self._cue_timing.end_text(text.length)

    @_contained
    def segment_started(self, start: int) -> None:
        """A segment of speech begins at this speech sample."""
        self._cue_timing.segment_started(start)
        self._start_poll()

    @_contained
    def segment_ended(self, end: int) -> None:
        """The current segment is complete, and ends before this speech sample."""
        self._cue_timing.segment_ended(end)

    def segment_cleared(self) -> None:
        """Speech was cut; `playback_finished` drops what was not heard of it."""

    def timed_text(self, pieces: Sequence[object]) -> None:
        """Ignored: the text itself comes through `push_text`."""

    @_contained
    def playback_finished(self, interrupted: bool) -> None:
        """The oldest segment was played, or cut."""
        self._cue_timing.segment_finished()
        self._shown.clear()
        if interrupted:
            self._show(INTERRUPTED)

    @_contained
    def user_transcribed(self, text: str, *, final: bool, language: str | None = None) -> None:
        """The user said this; a transcript that is not final may still change."""
        sample = self._now()
        self._show(self._listening.hear(sample, text, final=final, language=language))
        if final and self._remote is not None:
            self._turn += 1
            self._remote.ask(text, "heard", partial(self._answer, self._turn, sample))

    @_contained
    def user_speaking(self, speaking: bool) -> None:
        """The user starts or stops speaking."""
        sample = self._now()
        if self._listening.set_speaking(sample, speaking):
            self._nod(sample)
        self._start_poll()

    @_contained
    def tools_executed(self, failed: bool) -> None:
        """Function tools have run; `failed` if one of them did."""
        if failed:
            self._show(FAILED_TOOL)

    @_contained
    def agent_state(self, state: str) -> None:
        """The agent's state changes."""
        if state == "thinking":
            self._turn += 1  # The agent replies to what was heard: estimates of it come too late.

    def _add(self, cues: list[Cue]) -> None:
        self._cue_timing.add(cues)
        self._start_poll()
        for cue in cues:
            if self._remote is not None and not cue.tagged:
                self._remote.ask(cue.text, "spoken", partial(self._correct, cue))

    @_contained
    def _correct(self, cue: Cue, estimate: EmotionEstimate) -> None:
        """Let a classifier's estimate of a sentence replace the lexicon's."""
        if self._cue_timing.revise(cue, estimate):
            return
        now = self._now()
        in_time = cue in self._shown and now - self._shown[cue] <= LATE_SAMPLES
        if in_time and estimate.emotion != cue.estimate.emotion:
            self._express(now, estimate.emotion, estimate.strength)

    @_contained
    def _answer(self, turn: int, asked: int, estimate: EmotionEstimate) -> None:
        """Show a classifier's estimate of what was heard."""
        now = self._now()
        if turn == self._turn and now - asked <= ANSWER_SAMPLES:
            self._show(self._listening.express(now, estimate))

    def _show(self, estimate: EmotionEstimate) -> None:
        if estimate.strength:
            self._express(self._now(), estimate.emotion, estimate.strength)

    def _start_poll(self) -> None:
        if self._poll is None:
            self._poll = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._cue_timing.waiting or self._listening.speaking:
                self._look()
                await self._clock.sleep(POLL_S)
        finally:
            self._poll = None

    @_contained
    def _look(self) -> None:
        now = self._now()
        for sample, cue in self._cue_timing.due(now):
            self._shown[cue] = sample
            if cue.estimate.strength or cue.tagged:
                self._express(sample, cue.estimate.emotion, cue.estimate.strength)
        if self._listening.pause(now):
            self._nod(now)
