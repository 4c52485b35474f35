"""EmotionController: what a conversation makes the face show, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from livekit_plugins_avatar.audio.placement import FixedPlacement, Run
from livekit_plugins_avatar.emotion.controller import ANSWER_SAMPLES, EmotionController
from livekit_plugins_avatar.emotion.estimate import EmotionClassifier, EmotionEstimate, Side

from ..manual_clock import ManualClock

SECOND = 48_000


@dataclass
class Conversation:
    """A controller on manual time, and what it told the face."""

    runs: list[Run] = field(default_factory=list)
    expressions: list[tuple[float, str]] = field(default_factory=list)
    nods: list[float] = field(default_factory=list)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.placement = FixedPlacement(self.runs)
        self.passed = 0

    def now(self) -> int:
        return self.passed

    def express(self, sample: int, emotion: str, strength: float) -> None:
        self.expressions.append((sample / SECOND, emotion))

    def controller(self, classifier: EmotionClassifier | None = None) -> EmotionController:
        return EmotionController(
            express=lambda *args: self.express(*args),
            nod=lambda sample: self.nods.append(sample / SECOND),
            now=self.now,
            placement=self.placement,
            visemes=lambda start, end: [],
            word_start=lambda index: None,
            clock=self.clock,
            classifier=classifier,
        )

    def publish(self, at_s: float) -> None:
        """Publish speech sample 0 and what follows it at `at_s`."""
        self.runs.append(Run(round(at_s * SECOND), 0, 60 * SECOND))

    async def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.passed += SECOND // 10
            self.clock.advance(0.1)
            for _ in range(5):
                await asyncio.sleep(0)


class Answers:
    """A classifier whose answers a test gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Side]] = []
        self.answers: list[asyncio.Future[EmotionEstimate]] = []

    async def classify(self, text: str, side: Side) -> EmotionEstimate:
        self.asked.append((text, side))
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]

    async def aclose(self) -> None:
        pass


Running = tuple[Conversation, EmotionController]


@asynccontextmanager
async def running(classifier: EmotionClassifier | None = None) -> AsyncIterator[Running]:
    conversation = Conversation()
    controller = conversation.controller(classifier)
    try:
        yield conversation, controller
    finally:
        await controller.aclose()


def write(controller: EmotionController, text: str) -> None:
    """Let the language model write `text`, long before it sounds."""
    for word in text.split(" "):
        controller.push_text(word + " ")
    controller.end_text()


async def test_expressions_wait_for_the_sound() -> None:
    """A sentence is shown when it sounds, not when it is written or synthesised."""
    async with running() as (conversation, controller):
        write(controller, "Unfortunately, your flight was cancelled. But congratulations on this!")
        await conversation.run(3.0)
        controller.segment_started(0)
        await conversation.run(1.0)
        assert conversation.expressions == []
        conversation.publish(at_s=5.0)
        await conversation.run(6.0)
        (first, second) = conversation.expressions
        assert first == (5.0, "concern")
        assert second[1] == "warm"
        assert 6.5 < second[0] < 9.0


async def test_interruption() -> None:
    """After an interruption, what was not said is dropped and the face shows interest."""
    async with running() as (conversation, controller):
        conversation.publish(at_s=0.0)
        write(controller, "I have a long story to tell. Congratulations on the job!")
        controller.segment_started(0)
        await conversation.run(0.5)
        controller.playback_finished(interrupted=True)
        await conversation.run(6.0)
        assert conversation.expressions == [(0.5, "interest")]


async def test_heard_text() -> None:
    """What the user says is shown at once, and only if it calls for an expression."""
    async with running() as (conversation, controller):
        await conversation.run(1.0)
        controller.user_transcribed("My father died.", final=True)
        controller.user_transcribed("Four, eight, fifteen.", final=True)
        assert conversation.expressions == [(1.0, "concern")]


async def test_nod_at_a_pause() -> None:
    """The face nods when the user pauses after saying enough."""
    async with running() as (conversation, controller):
        controller.user_speaking(True)
        await conversation.run(2.0)
        controller.user_transcribed("it was on a Tuesday I think that we ordered it", final=False)
        await conversation.run(0.5)
        assert conversation.nods == []
        await conversation.run(1.0)
        (nod_s,) = conversation.nods
        assert 2.7 <= nod_s <= 2.9


async def test_one_now() -> None:
    """Nods, answers and interruptions begin at the earliest sample that can be redrawn."""
    async with running() as (conversation, controller):
        controller.user_speaking(True)
        await conversation.run(2.0)
        controller.user_transcribed("we have waited for it for three weeks now", final=True)
        controller.user_speaking(False)
        controller.tools_executed(failed=True)
        assert conversation.nods == [2.0]
        await conversation.run(1.0)
        controller.playback_finished(interrupted=True)
        assert conversation.expressions == [(2.0, "concern"), (3.0, "interest")]


async def test_failed_tools() -> None:
    """The face shows concern at a tool that failed, and nothing at one that worked."""
    async with running() as (conversation, controller):
        controller.tools_executed(failed=False)
        assert conversation.expressions == []
        controller.tools_executed(failed=True)
        assert conversation.expressions == [(0.0, "concern")]


async def test_idle_costs_nothing() -> None:
    """No task runs while neither the agent nor the user speaks."""
    async with running() as (conversation, controller):
        idle = asyncio.all_tasks()
        conversation.publish(at_s=0.0)
        write(controller, "Thank you.")
        controller.segment_started(0)
        assert asyncio.all_tasks() != idle
        await conversation.run(1.0)
        assert asyncio.all_tasks() == idle
        assert conversation.expressions != []


async def test_classifier_on_heard_text() -> None:
    """A classifier's estimate of what was heard is shown when it arrives."""
    classifier = Answers()
    async with running(classifier) as (conversation, controller):
        controller.user_transcribed("we had to put the cat down", final=True)
        await conversation.run(0.5)
        assert classifier.asked == [("we had to put the cat down", "heard")]
        classifier.answers[0].set_result(EmotionEstimate("concern", 0.9))
        await conversation.run(0.1)
        assert conversation.expressions == [(0.6, "concern")]


def _wait_too_long(controller: EmotionController) -> float:
    return ANSWER_SAMPLES / SECOND + 0.2


def _hear_more(controller: EmotionController) -> float:
    controller.user_transcribed("four five six", final=True)
    return 0.1


def _reply(controller: EmotionController) -> float:
    controller.agent_state("thinking")
    return 0.1


@pytest.mark.parametrize("overtake", [_wait_too_long, _hear_more, _reply])
async def test_late_answers(overtake: Callable[[EmotionController], float]) -> None:
    """An estimate is dropped once it is late, the user said more or the agent replies."""
    classifier = Answers()
    async with running(classifier) as (conversation, controller):
        controller.user_transcribed("we had to put the cat down", final=True)
        await conversation.run(0.1)
        await conversation.run(overtake(controller))
        classifier.answers[0].set_result(EmotionEstimate("concern", 0.9))
        await conversation.run(0.2)
        assert conversation.expressions == []


async def test_classifier_on_spoken_text() -> None:
    """A classifier's estimate of what will be said replaces the lexicon's."""
    classifier = Answers()
    async with running(classifier) as (conversation, controller):
        conversation.publish(at_s=3.0)
        write(controller, "We will see you in court.")
        controller.segment_started(0)
        await conversation.run(0.1)
        classifier.answers[0].set_result(EmotionEstimate("concern", 0.7))
        await conversation.run(4.0)
        assert conversation.expressions == [(3.0, "concern")]


async def test_classifier_corrects_the_lexicon() -> None:
    """An estimate that arrives soon after its sentence began is shown from then on."""
    classifier = Answers()
    async with running(classifier) as (conversation, controller):
        conversation.publish(at_s=0.0)
        write(controller, "Great, that went wrong once more.")
        controller.segment_started(0)
        await conversation.run(0.5)
        classifier.answers[0].set_result(EmotionEstimate("concern", 0.7))
        await conversation.run(0.1)
        assert conversation.expressions[-1] == (0.6, "concern")


async def test_tags_are_not_classified() -> None:
    """A sentence with a tag is not sent to the classifier: its writer knows better."""
    classifier = Answers()
    async with running(classifier) as (conversation, controller):
        write(controller, '<expr type="expression" label="sad"/> We will see you.')
        await conversation.run(0.1)
        assert classifier.asked == []


async def test_errors_are_logged_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error reaches no caller, and the log has it once."""

    def fail(*_: object) -> None:
        raise ValueError("no face here")

    async with running() as (conversation, controller):
        monkeypatch.setattr(conversation, "express", fail)
        controller.user_transcribed("My father died.", final=True)
        write(controller, "Thank you.")
        controller.segment_started(0)
        conversation.publish(at_s=0.0)
        await conversation.run(1.0)
        assert caplog.text.count("following the conversation failed") == 1


async def test_closed() -> None:
    """It closes any number of times, leaves no task and then does nothing."""
    async with running() as (conversation, controller):
        idle = asyncio.all_tasks()
        controller.user_speaking(True)
        await controller.aclose()
        await controller.aclose()
        assert asyncio.all_tasks() == idle
        controller.user_transcribed("My father died.", final=True)
        controller.user_speaking(True)
        assert conversation.expressions == []
        assert asyncio.all_tasks() == idle
