"""RemoteClassifier: a classifier is never waited for, and what it may cost is limited."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Any

import pytest

from livekit_plugins_avatar.emotion.estimate import EmotionEstimate, Side
from livekit_plugins_avatar.emotion.remote import IN_FLIGHT, MAX_CHARACTERS, RemoteClassifier

WARM = EmotionEstimate("warm", 0.8)


class Manual:
    """A classifier that answers when a test sets `answer`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = 0
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def classify(self, text: str, side: Side) -> EmotionEstimate:
        self.asked.append(text)
        answer: EmotionEstimate = await asyncio.shield(self.answer)
        return answer

    async def aclose(self) -> None:
        self.closed += 1


class Stubborn(Manual):
    """A classifier that swallows some cancellations, asked and closed alike."""

    def __init__(self, swallowed: int) -> None:
        super().__init__()
        self.swallowed = swallowed

    async def hang(self) -> None:
        for _ in range(self.swallowed + 1):
            try:
                await asyncio.shield(self.answer)
                return
            except asyncio.CancelledError:
                pass
        raise asyncio.CancelledError

    async def classify(self, text: str, side: Side) -> EmotionEstimate:
        self.asked.append(text)
        await self.hang()
        return WARM

    async def aclose(self) -> None:
        self.closed += 1
        await self.hang()


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_answer() -> None:
    """The estimate reaches its caller when it is there."""
    classifier = Manual()
    got: list[EmotionEstimate] = []
    remote = RemoteClassifier(classifier)
    remote.ask("it went well", "heard", got.append)
    await settle()
    assert got == []
    classifier.answer.set_result(WARM)
    await settle()
    assert got == [WARM]
    await remote.aclose()
    assert classifier.closed == 1


@pytest.mark.parametrize("swallowed", [0, 3])
async def test_late_answers(swallowed: int, caplog: pytest.LogCaptureFixture) -> None:
    """A late answer is dropped, and logged once, even if the request cannot be cancelled."""
    classifier = Stubborn(swallowed)
    got: list[EmotionEstimate] = []
    remote = RemoteClassifier(classifier, timeout_s=0.001)
    for _ in range(2):
        remote.ask("it went well", "heard", got.append)
        await asyncio.sleep(0.01)
    classifier.answer.set_result(WARM)
    await settle()
    assert got == []
    assert caplog.text.count("did not answer within") == 1
    await remote.aclose()


@pytest.mark.parametrize("answer", [ConnectionError("no way there"), None, ("warm", 0.5)])
async def test_failures(answer: object, caplog: pytest.LogCaptureFixture) -> None:
    """Errors and answers that are no estimates are logged once until an estimate arrives."""
    classifier = Manual()
    got: list[EmotionEstimate] = []
    remote = RemoteClassifier(classifier)
    for outage in (1, 2):
        if isinstance(answer, Exception):
            classifier.answer.set_exception(answer)
        else:
            classifier.answer.set_result(answer)
        for _ in range(3):
            remote.ask("it went well", "heard", got.append)
            await settle()
        assert got == [WARM] * (outage - 1)
        assert caplog.text.count("Manual failed") == outage
        classifier.answer = asyncio.get_running_loop().create_future()
        classifier.answer.set_result(WARM)
        remote.ask("it went well", "heard", got.append)
        await settle()
        classifier.answer = asyncio.get_running_loop().create_future()
    await remote.aclose()


async def test_limits() -> None:
    """Only a few requests are in flight, with texts of bounded length."""
    classifier = Manual()
    idle = asyncio.all_tasks()
    remote = RemoteClassifier(classifier)
    for _ in range(IN_FLIGHT + 3):
        remote.ask("it went well " * MAX_CHARACTERS, "heard", lambda _: None)
    await settle()
    assert [len(text) for text in classifier.asked] == [MAX_CHARACTERS] * IN_FLIGHT
    await remote.aclose()
    assert asyncio.all_tasks() == idle


async def test_single_words() -> None:
    """A single word is not sent."""
    classifier = Manual()
    remote = RemoteClassifier(classifier)
    remote.ask("okay", "heard", lambda _: None)
    await settle()
    assert classifier.asked == []
    await remote.aclose()


@pytest.mark.parametrize("swallowed", [0, 1, 1_000_000])
async def test_closing_is_bounded(swallowed: int, caplog: pytest.LogCaptureFixture) -> None:
    """A classifier that hangs or swallows cancellation cannot hang closing, and is logged."""
    classifier = Stubborn(swallowed)
    idle = asyncio.all_tasks()
    remote = RemoteClassifier(classifier)
    remote.ask("it went well", "heard", lambda _: None)
    await settle()
    began = perf_counter()
    await asyncio.wait_for(remote.aclose(), 5.0)
    assert perf_counter() - began < 4.0
    assert classifier.closed == 1
    left = asyncio.all_tasks() - idle
    assert bool(left) == (swallowed > 3)
    assert caplog.text.count("does not end when it is cancelled") == bool(left)
    classifier.answer.set_result(WARM)
    await settle()
    assert asyncio.all_tasks() == idle


async def test_closing_fails(caplog: pytest.LogCaptureFixture) -> None:
    """An error of the classifier's own closing is logged."""

    class Failing(Manual):
        async def aclose(self) -> None:
            raise ConnectionError("no way there")

    await RemoteClassifier(Failing()).aclose()
    assert "Failing could not be closed" in caplog.text
