"""A second opinion: never waited for, and dropped when it is late."""

from __future__ import annotations

import asyncio

import pytest

from livekit_plugins_avatar.emotion.estimate import EmotionEstimate, Side
from livekit_plugins_avatar.emotion.remote import IN_FLIGHT, RemoteClassifier

WARM = EmotionEstimate("warm", 0.8)


class Slow:
    """Answers when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0
        self.answer: asyncio.Future[EmotionEstimate] = asyncio.get_running_loop().create_future()

    async def classify(self, text: str, side: Side) -> EmotionEstimate:
        self.asked.append(text)
        return await asyncio.shield(self.answer)

    async def aclose(self) -> None:
        self.closed += 1


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_reaches_whoever_asked() -> None:
    classifier = Slow()
    got: list[EmotionEstimate] = []
    opinion = RemoteClassifier(classifier)
    opinion.ask("it went well", "heard", got.append)
    await settle()
    assert got == []
    classifier.answer.set_result(WARM)
    await settle()
    assert got == [WARM]
    await opinion.aclose()
    assert classifier.closed == 1


async def test_a_late_answer_is_dropped_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classifier = Slow()
    got: list[EmotionEstimate] = []
    opinion = RemoteClassifier(classifier, timeout_s=0.001)
    for _ in range(2):
        opinion.ask("it went well", "heard", got.append)
        await asyncio.gather(*opinion._tasks)
    classifier.answer.set_result(WARM)
    await settle()
    assert got == []
    assert caplog.text.count("did not answer within") == 1
    await opinion.aclose()


async def test_a_failure_is_said_once_until_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    classifier = Slow()
    got: list[EmotionEstimate] = []
    opinion = RemoteClassifier(classifier)
    classifier.answer.set_exception(ConnectionError("no way there"))
    for _ in range(3):
        opinion.ask("it went well", "heard", got.append)
        await settle()
    assert got == []
    assert caplog.text.count("ConnectionError: no way there") == 1
    await opinion.aclose()


async def test_no_more_than_a_few_questions_are_in_flight() -> None:
    classifier = Slow()
    opinion = RemoteClassifier(classifier)
    for number in range(IN_FLIGHT + 3):
        opinion.ask(f"it went {number}", "heard", lambda _: None)
    await settle()
    assert len(classifier.asked) == IN_FLIGHT
    await opinion.aclose()
    assert not opinion._tasks


async def test_a_word_is_not_worth_a_question() -> None:
    classifier = Slow()
    opinion = RemoteClassifier(classifier)
    opinion.ask("okay", "heard", lambda _: None)
    await settle()
    assert classifier.asked == []
    await opinion.aclose()
