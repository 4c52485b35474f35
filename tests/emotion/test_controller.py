"""The conversation: what the framework tells of, and what the face makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import (
    AgentSession,
    FunctionToolsExecutedEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)
from livekit.agents.llm import FunctionCall, FunctionCallOutput
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities, PlaybackFinishedEvent

from livekit_plugins_avatar.emotion.controller import ANSWERED_WITHIN_SAMPLES, EmotionController
from livekit_plugins_avatar.emotion.estimate import EmotionClassifier, EmotionEstimate, Side
from livekit_plugins_avatar.timeline import ManualClock

SECOND = 48_000


class Silent(AudioOutput):
    """An output whose playback a test reports."""

    def __init__(self) -> None:
        super().__init__(label="silent", capabilities=AudioOutputCapabilities(pause=True))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        pass


@dataclass
class Track:
    """Speech is published where a test says, from `begins` on."""

    published: int = 0
    begins: int | None = None

    def published_at(self, speech: int) -> int | None:
        return None if self.begins is None else self.begins + speech


@dataclass
class Talk:
    """A conversation and what came of it."""

    conversation: EmotionController
    session: AgentSession[Any]
    output: Silent
    track: Track
    clock: ManualClock
    felt: list[tuple[float, str]]
    nods: list[float] = field(default_factory=list)

    async def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.track.published += SECOND // 10
            self.clock.advance(0.1)
            for _ in range(5):
                await asyncio.sleep(0)

    def hear(self, text: str, *, final: bool = True) -> None:
        event = UserInputTranscribedEvent(transcript=text, is_final=final)
        self.session.emit("user_input_transcribed", event)

    def user(self, old: Any, new: Any) -> None:
        self.session.emit("user_state_changed", UserStateChangedEvent(old_state=old, new_state=new))


@asynccontextmanager
async def talking(classifier: EmotionClassifier | None = None) -> AsyncIterator[Talk]:
    track, clock = Track(), ManualClock()
    felt: list[tuple[float, str]] = []
    nods: list[float] = []
    conversation = EmotionController(
        express=lambda sample, emotion, _: felt.append((sample / SECOND, emotion)),
        nod=lambda sample: nods.append(sample / SECOND),
        track=track,
        pauses=lambda start, end: [],
        clock=clock,
        classifier=classifier,
    )
    session: AgentSession[Any] = AgentSession()
    output = Silent()
    conversation.attach(session, output)
    try:
        yield Talk(conversation, session, output, track, clock, felt, nods)
    finally:
        await conversation.aclose()


def say(talk: Talk, text: str) -> None:
    """The language model has written `text`, long before it sounds."""
    for word in text.split(" "):
        talk.conversation.expect_text(word + " ")
    talk.conversation.end_text()


async def test_what_is_said_is_shown_when_it_sounds_and_not_when_it_is_written() -> None:
    async with talking() as talk:
        say(talk, "Unfortunately, your flight was cancelled. But congratulations on the job!")
        await talk.run(3.0)
        assert talk.felt == []
        talk.conversation.begin_speech(0)
        await talk.run(1.0)
        assert talk.felt == []
        talk.track.begins = 5 * SECOND
        await talk.run(6.0)
        (first, second) = talk.felt
        assert first == (5.0, "concern")
        assert second[1] == "warm"
        assert 6.5 < second[0] < 9.0


async def test_an_interruption_drops_what_was_not_said_and_gives_the_word() -> None:
    async with talking() as talk:
        talk.track.begins = 0
        say(talk, "I have a long story to tell. Congratulations on the job!")
        talk.conversation.begin_speech(0)
        await talk.run(0.5)
        finished = PlaybackFinishedEvent(playback_position=0.5, interrupted=True)
        talk.output.emit("playback_finished", finished)
        await talk.run(6.0)
        assert [emotion for _, emotion in talk.felt] == ["interest"]


async def test_what_is_heard_is_felt() -> None:
    async with talking() as talk:
        await talk.run(1.0)
        talk.hear("My father died.")
        talk.hear("Four, eight, fifteen.")
        assert talk.felt == [(1.0, "concern")]


async def test_it_nods_when_the_user_pauses() -> None:
    async with talking() as talk:
        talk.user("listening", "speaking")
        await talk.run(2.0)
        talk.hear("it was on a Tuesday I think that we ordered it", final=False)
        await talk.run(0.5)
        assert talk.nods == []
        await talk.run(1.0)
        (nod_s,) = talk.nods
        assert 2.7 <= nod_s <= 2.9


async def test_a_tool_that_failed_is_regretted_and_one_that_worked_is_not() -> None:
    def ran(*, is_error: bool) -> FunctionToolsExecutedEvent:
        call = FunctionCall(call_id="1", name="look_up", arguments="{}")
        output = FunctionCallOutput(call_id="1", name="look_up", output="-", is_error=is_error)
        return FunctionToolsExecutedEvent(function_calls=[call], function_call_outputs=[output])

    async with talking() as talk:
        talk.session.emit("function_tools_executed", ran(is_error=False))
        assert talk.felt == []
        talk.session.emit("function_tools_executed", ran(is_error=True))
        assert talk.felt == [(0.0, "concern")]


async def test_when_nobody_speaks_nothing_is_looked_for() -> None:
    async with talking() as talk:
        talk.track.begins = 0
        say(talk, "Thank you.")
        talk.conversation.begin_speech(0)
        await talk.run(1.0)
        assert talk.conversation._looking is None
        assert talk.felt != []


class Answers:
    """A classifier that answers after some of the conversation's time."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Side, asyncio.Future[EmotionEstimate]]] = []

    async def read(self, text: str, side: Side) -> EmotionEstimate:
        answer: asyncio.Future[EmotionEstimate] = asyncio.get_running_loop().create_future()
        self.waiting.append((text, side, answer))
        return await answer

    async def aclose(self) -> None:
        pass


async def test_a_second_opinion_on_what_was_heard_is_shown_while_it_matters() -> None:
    classifier = Answers()
    async with talking(classifier) as talk:
        talk.hear("we had to put the cat down")
        await talk.run(0.5)
        ((text, side, answer),) = classifier.waiting
        assert (text, side) == ("we had to put the cat down", "heard")
        answer.set_result(EmotionEstimate("concern", 0.9))
        await talk.run(0.1)
        assert talk.felt == [(0.6, "concern")]


async def test_a_second_opinion_that_is_late_or_overtaken_is_dropped() -> None:
    classifier = Answers()
    async with talking(classifier) as talk:
        talk.hear("we had to put the cat down")
        await talk.run(ANSWERED_WITHIN_SAMPLES / SECOND + 0.2)
        classifier.waiting[0][2].set_result(EmotionEstimate("concern", 0.9))
        await talk.run(0.2)
        talk.hear("and so we did it")
        talk.hear("four five six")
        await talk.run(0.1)
        classifier.waiting[1][2].set_result(EmotionEstimate("concern", 0.9))
        await talk.run(0.2)
        assert talk.felt == []


async def test_a_second_opinion_on_what_will_be_said_replaces_the_lexicons() -> None:
    classifier = Answers()
    async with talking(classifier) as talk:
        talk.track.begins = 3 * SECOND
        say(talk, "We will see you in court.")
        talk.conversation.begin_speech(0)
        await talk.run(0.1)
        classifier.waiting[0][2].set_result(EmotionEstimate("concern", 0.7))
        await talk.run(4.0)
        assert talk.felt == [(3.0, "concern")]


async def test_a_tag_is_nobody_elses_to_judge() -> None:
    classifier = Answers()
    async with talking(classifier) as talk:
        say(talk, '<expr type="expression" label="sad"/> We will see you.')
        await talk.run(0.1)
        assert classifier.waiting == []


async def test_whatever_goes_wrong_is_said_once_and_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with talking() as talk:

        def fail(*_: object) -> None:
            raise ValueError("no face here")

        talk.conversation._express = fail
        talk.hear("My father died.")
        talk.conversation.expect_text("Thank you. ")
        talk.conversation.begin_speech(0)
        talk.track.begins = 0
        await talk.run(1.0)
        assert caplog.text.count("could not follow the conversation") == 1


async def test_it_closes_before_it_is_attached_and_twice_and_then_hears_nothing() -> None:
    async with talking() as talk:
        await talk.conversation.aclose()
        await talk.conversation.aclose()
        talk.hear("My father died.")
        assert talk.felt == []
