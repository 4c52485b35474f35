"""The demo as a visitor meets it: a page in a browser, an agent that hears and answers."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from livekit_plugins_avatar.demo import browser, demo, page, piper
from livekit_plugins_avatar.demo.check import watch
from livekit_plugins_avatar.demo.server import LiveKitServer
from livekit_plugins_avatar.demo.web_server import web_server

pytestmark = pytest.mark.browser

SEEN = Path(__file__).parents[2] / "artifacts"
"""Where a person can look at what the browser saw."""
DEADLINE_MS = 60_000
LEAD_S = 1.0
"""Silence before the spoken question, so that its first sound is not cut."""


@pytest.fixture(scope="module")
def backend() -> Iterator[LiveKitServer]:
    with demo.backend() as server:
        yield server


def test_a_typed_question_gets_a_spoken_and_visible_answer(backend: LiveKitServer) -> None:
    SEEN.mkdir(exist_ok=True)

    async def visit() -> list[str]:
        async with web_server(page.provide(), backend) as address:
            return await watch(address, browser.provide(), SEEN)

    assert asyncio.run(visit()) == []
    assert (SEEN / "answer.png").stat().st_size > 10_000
    assert (SEEN / "answer.webm").stat().st_size > 100_000


def test_a_question_spoken_into_the_microphone_is_heard_and_answered(
    backend: LiveKitServer, tmp_path: Path
) -> None:
    question = tmp_path / "question.wav"
    with wave.open(str(question), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(piper.SAMPLE_RATE_HZ)
        file.writeframes(bytes(2 * round(LEAD_S * piper.SAMPLE_RATE_HZ)))
        file.writeframes(piper.speak("What is your name?"))
        file.writeframes(bytes(2 * round(LEAD_S * piper.SAMPLE_RATE_HZ)))

    async def visit() -> list[tuple[str, str]]:
        flags = [
            *browser.flags(),
            "--disable-gpu",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={question}%noloop",
        ]
        async with web_server(page.provide(), backend) as address, async_playwright() as driver:
            visitor = await driver.chromium.launch(executable_path=browser.provide(), args=flags)
            try:
                return await _ask_aloud(await visitor.new_page(bypass_csp=True), address)
            finally:
                await visitor.close()

    (_, asked), (_, answered) = asyncio.run(visit())[-2:]
    assert "your name" in asked.lower()
    assert "Joe" in answered


async def _ask_aloud(tab: Page, address: str) -> list[tuple[str, str]]:
    """Switch the microphone on once the greeting is over; the transcript after the answer."""
    await tab.goto(address)
    for state in ("speaking", "listening"):
        await _state(tab, state)
    await tab.click("#mic")
    for state in ("speaking", "listening"):
        await _state(tab, state)
    lines: list[list[str]] = await tab.evaluate(
        "avatarDemo.transcript.map((line) => [line.speaker, line.text])"
    )
    return [(speaker, text) for speaker, text in lines]


async def _state(tab: Page, state: str) -> None:
    await tab.wait_for_function(
        f"window.avatarDemo?.agentState === '{state}'", timeout=DEADLINE_MS, polling=100
    )
