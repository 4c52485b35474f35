"""The conversation, as the agents framework tells of it: the one file here that knows LiveKit.

In flow the agent's text on its way to being spoken, the segments of its speech, what the user says
and when, and what tools came to; out flow emotions and nods for the face. Nothing that goes wrong
here is felt anywhere else: the voice goes on, and the face keeps still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Concatenate, ParamSpec, Protocol

from livekit.agents import (
    AgentSession,
    AgentStateChangedEvent,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.voice.io import AudioOutput, PlaybackFinishedEvent

from ..log import logger
from ..timeline import Clock, samples
from .cue_timing import LATE_SAMPLES, CueTiming, Pauses
from .estimate import EmotionClassifier, EmotionEstimate
from .listening import FAILED_TOOL, INTERRUPTED, Listening
from .remote import RemoteClassifier
from .sentences import Cue, SentenceReader

LOOKED_AT_EVERY_S = 0.1
"""How often, while somebody speaks, it is looked whether a cue is due or the user pauses."""

ANSWERED_WITHIN_SAMPLES = samples(2.5)
"""A second opinion on what was heard is shown within this: the slow end of how long a listener's
face takes to a sentence. Later, the talk has moved on."""

P = ParamSpec("P")


class Track(Protocol):
    """What is asked of `Playout`."""

    @property
    def published(self) -> int:
        """The sample that is published next."""
        ...

    def published_at(self, speech: int) -> int | None:
        """Where a speech sample is or will be published."""
        ...


def _harmless(
    method: Callable[Concatenate[EmotionController, P], None],
) -> Callable[Concatenate[EmotionController, P], None]:
    """Whatever goes wrong in `method` is said once and goes no further."""

    def guarded(self: EmotionController, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:
            self._stumble()

    return guarded


class EmotionController:
    """Follows one agent session; belongs to its event loop.

    Args:
        feel: Told a sample, a emotion and its strength.
        nod: Told the sample of a nod.
        track: Where and when speech is published.
        pauses: What the mouth does in the speech.
        clock: Real time.
        classifier: A service that is asked besides; closed with this.
    """

    def __init__(
        self,
        *,
        express: Callable[[int, str, float], None],
        nod: Callable[[int], None],
        track: Track,
        pauses: Pauses,
        clock: Clock,
        classifier: EmotionClassifier | None = None,
    ) -> None:
        self._express = express
        self._nod = nod
        self._track = track
        self._pauses = pauses
        self._clock = clock
        self._opinion = RemoteClassifier(classifier) if classifier is not None else None
        self._cue_timing = CueTiming()
        self._listening = Listening()
        self._text: SentenceReader | None = None
        self._turn = 0
        """Counts what was heard: an answer to something earlier is late."""
        self._shown: dict[Cue, int] = {}
        """Cues that a second opinion may still correct, and the sample of each."""
        self._session: AgentSession[Any] | None = None
        self._output: AudioOutput | None = None
        self._looking: asyncio.Task[None] | None = None
        self._stumbled = False

    def attach(self, session: AgentSession[Any], output: AudioOutput) -> None:
        """Follow a session whose speech `output` plays."""
        self._session, self._output = session, output
        for event, handler in self._handlers():
            session.on(event, handler)
        output.on("playback_finished", self._on_playback_finished)

    async def aclose(self) -> None:
        """Follow it no more; works before `attach` and any number of times."""
        session, self._session = self._session, None
        output, self._output = self._output, None
        if session is not None:
            for event, handler in self._handlers():
                session.off(event, handler)
        if output is not None:
            output.off("playback_finished", self._on_playback_finished)
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        opinion, self._opinion = self._opinion, None
        if opinion is not None:
            await opinion.aclose()

    def _handlers(self) -> list[tuple[Any, Callable[[Any], None]]]:
        return [
            ("user_input_transcribed", self._on_user_input_transcribed),
            ("user_state_changed", self._on_user_state_changed),
            ("function_tools_executed", self._on_function_tools_executed),
            ("agent_state_changed", self._on_agent_state_changed),
        ]

    # What the agent says.

    @_harmless
    def expect_text(self, text: str) -> None:
        """Read along with what is to be said next, piece by piece."""
        if self._text is None:
            self._text = SentenceReader()
            self._cue_timing.begin_text()
        self._expect(self._text.push(text))

    @_harmless
    def end_text(self) -> None:
        """What is to be said is complete."""
        text, self._text = self._text, None
        if text is not None:
            self._expect(text.flush())
            self._cue_timing.end_text(text.length)

    @_harmless
    def begin_speech(self, start: int) -> None:
        """A segment of speech opens at this speech sample."""
        self._cue_timing.begin_speech(start)
        self._look()

    @_harmless
    def end_speech(self, end: int) -> None:
        """The open segment ends before this speech sample."""
        self._cue_timing.end_speech(end)

    def _expect(self, cues: list[Cue]) -> None:
        self._cue_timing.add(cues)
        self._look()
        for cue in cues:
            if self._opinion is not None and not cue.tagged:
                self._opinion.ask(cue.text, "spoken", partial(self._correct, cue))

    @_harmless
    def _correct(self, cue: Cue, estimate: EmotionEstimate) -> None:
        """A second opinion on what is said."""
        if self._cue_timing.revise(cue, estimate):
            return
        sample, now = self._shown.get(cue), self._track.published
        late = sample is None or now - sample > LATE_SAMPLES
        if not late and estimate.emotion != cue.estimate.emotion:
            self._express(now, estimate.emotion, estimate.strength)

    @_harmless
    def _on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        self._cue_timing.finish_speech()
        self._shown.clear()
        if event.interrupted:
            self._show(INTERRUPTED)

    # What the agent hears.

    @_harmless
    def _on_user_input_transcribed(self, event: UserInputTranscribedEvent) -> None:
        sample = self._track.published
        text, language = event.transcript, event.language
        estimate = self._listening.hear(sample, text, final=event.is_final, language=language)
        self._show(estimate)
        if event.is_final and self._opinion is not None:
            self._turn += 1
            self._opinion.ask(text, "heard", partial(self._answer, self._turn, sample))

    @_harmless
    def _answer(self, turn: int, asked: int, estimate: EmotionEstimate) -> None:
        """A second opinion on what was heard."""
        now = self._track.published
        if turn == self._turn and now - asked <= ANSWERED_WITHIN_SAMPLES:
            self._show(self._listening.express(now, estimate))

    @_harmless
    def _on_user_state_changed(self, event: UserStateChangedEvent) -> None:
        sample = self._track.published
        if self._listening.set_speaking(sample, event.new_state == "speaking"):
            self._nod(sample)
        self._look()

    @_harmless
    def _on_function_tools_executed(self, event: FunctionToolsExecutedEvent) -> None:
        if any(output is not None and output.is_error for output in event.function_call_outputs):
            self._show(FAILED_TOOL)

    @_harmless
    def _on_agent_state_changed(self, event: AgentStateChangedEvent) -> None:
        if event.new_state == "thinking":
            self._turn += 1  # What was heard is being answered.

    def _show(self, estimate: EmotionEstimate) -> None:
        if estimate.strength:
            self._express(self._track.published, estimate.emotion, estimate.strength)

    # What comes due.

    def _look(self) -> None:
        """Keep looking for as long as there is something to look for."""
        if self._session is not None and self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        try:
            while self._cue_timing.waiting or self._listening.speaking:
                self._look_once()
                await self._clock.sleep(LOOKED_AT_EVERY_S)
        finally:
            self._looking = None

    @_harmless
    def _look_once(self) -> None:
        published = self._track.published
        for sample, cue in self._cue_timing.due(published, self._track.published_at, self._pauses):
            self._shown[cue] = sample
            if cue.estimate.strength or cue.tagged:
                self._express(sample, cue.estimate.emotion, cue.estimate.strength)
        if self._listening.pause(published):
            self._nod(published)

    def _stumble(self) -> None:
        if not self._stumbled:
            logger.exception("the face could not follow the conversation; the voice goes on")
        self._stumbled = True
