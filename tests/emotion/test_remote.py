"""A second opinion: never waited for, and dropped when it is late."""

from __future__ import annotations

import asyncio

import pytest

from livekit_plugins_avatar.emotion.estimate import Reading, Side
from livekit_plugins_avatar.emotion.remote import IN_FLIGHT, SecondOpinion

WARM = Reading("warm", 0.8)


class Slow:
    """Answers when told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0
        self.answer: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

    async def read(self, text: str, side: Side) -> Reading:
        self.asked.append(text)
        return await asyncio.shield(self.answer)

    async def aclose(self) -> None:
        self.closed += 1


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_reaches_whoever_asked() -> None:
    reader = Slow()
    got: list[Reading] = []
    opinion = SecondOpinion(reader)
    opinion.ask("it went well", "heard", got.append)
    await settle()
    assert got == []
    reader.answer.set_result(WARM)
    await settle()
    assert got == [WARM]
    await opinion.aclose()
    assert reader.closed == 1


async def test_a_late_answer_is_dropped_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = Slow()
    got: list[Reading] = []
    opinion = SecondOpinion(reader, timeout_s=0.001)
    for _ in range(2):
        opinion.ask("it went well", "heard", got.append)
        await asyncio.gather(*opinion._tasks)
    reader.answer.set_result(WARM)
    await settle()
    assert got == []
    assert caplog.text.count("did not answer within") == 1
    await opinion.aclose()


async def test_a_failure_is_said_once_until_it_works_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reader = Slow()
    got: list[Reading] = []
    opinion = SecondOpinion(reader)
    reader.answer.set_exception(ConnectionError("no way there"))
    for _ in range(3):
        opinion.ask("it went well", "heard", got.append)
        await settle()
    assert got == []
    assert caplog.text.count("ConnectionError: no way there") == 1
    await opinion.aclose()


async def test_no_more_than_a_few_questions_are_in_flight() -> None:
    reader = Slow()
    opinion = SecondOpinion(reader)
    for number in range(IN_FLIGHT + 3):
        opinion.ask(f"it went {number}", "heard", lambda _: None)
    await settle()
    assert len(reader.asked) == IN_FLIGHT
    await opinion.aclose()
    assert not opinion._tasks


async def test_a_word_is_not_worth_a_question() -> None:
    reader = Slow()
    opinion = SecondOpinion(reader)
    opinion.ask("okay", "heard", lambda _: None)
    await settle()
    assert reader.asked == []
    await opinion.aclose()
