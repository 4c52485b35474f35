"""The demo as a visitor meets it: a page in a browser, an agent that hears and answers."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, Playwright, ViewportSize, async_playwright

from livekit_plugins_avatar.speech.visemes import VISEMES
from livekit_plugins_avatar.tools.demo import browser, demo, page, piper
from livekit_plugins_avatar.tools.demo.browser_check import VIEWPORT, check
from livekit_plugins_avatar.tools.demo.web_server import web_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SEEN = Path(__file__).parents[2] / "artifacts"
"""Screenshots, for a person to look at."""
DEADLINE_MS = 60_000
LEAD_S = 1.0
"""Silence around each spoken sentence, so that its first sound is not cut."""

PHONE: ViewportSize = {"width": 390, "height": 844}
POLLS, POLL_MS = 20, 100
VISEMES_AT_LEAST = 4
"""In two seconds of speech, polled ten times a second."""


@pytest.fixture(scope="module")
def backend() -> Iterator[demo.Backend]:
    SEEN.mkdir(exist_ok=True)
    with demo.backend() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(backend: demo.Backend) -> AsyncIterator[str]:
    """Where the demo's page is."""
    async with web_server(page.provide(), *backend) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driver() -> AsyncIterator[Playwright]:
    async with async_playwright() as driver:
        yield driver


async def test_question_and_picture(address: str) -> None:
    """A typed question gets a spoken and visible answer, and so does one to a picture's face."""
    assert await check(address, browser.provide(), SEEN) == []
    assert (SEEN / "answer.png").stat().st_size > 10_000
    assert (SEEN / "answer.webm").stat().st_size > 100_000


async def test_second_visitor(address: str, driver: Playwright, tmp_path: Path) -> None:
    """The status is shown, and the face turns to a second visitor, who is heard and answered."""
    talk = tmp_path / "talk.wav"
    # The first words turn the face; the question after them is heard.
    record("Hello there! I am the second one here.", talk, then="What is your name?")
    visitor = await driver.chromium.launch(
        executable_path=browser.provide(), args=flags_with_microphone(f"{talk}%noloop")
    )
    try:
        host = await visitor.new_page(viewport=VIEWPORT, bypass_csp=True)
        visemes = await _greeted(host, address)
        guest = await visitor.new_page(viewport=PHONE, bypass_csp=True)
        await _turned_to(host, guest)
        await _answered(host, guest)
        await _typed(host, guest)
    finally:
        await visitor.close()
    assert visemes <= set(VISEMES)
    assert len(visemes) >= VISEMES_AT_LEAST


async def test_unknown_conversation(address: str, driver: Playwright) -> None:
    """An address of no conversation says so, and offers a new one."""
    visitor = await driver.chromium.launch(
        executable_path=browser.provide(), args=[*browser.flags(), "--disable-gpu"]
    )
    try:
        # With the page's own policy: everything that it needs is allowed.
        tab = await visitor.new_page()
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        await tab.goto(f"{address}/?room=demo-0%22%3E%3Cscript")
        await tab.locator("#rejoin").wait_for(state="visible", timeout=DEADLINE_MS)
        assert "not here" in await tab.inner_text("#notice-text")
        await tab.click("#rejoin")
        await tab.wait_for_url(f"{address}/", timeout=DEADLINE_MS)
        await tab.locator("#face.shown").wait_for(timeout=DEADLINE_MS)
        assert not [text for text in complaints if "Content Security Policy" in text]
    finally:
        await visitor.close()


async def _greeted(tab: Page, address: str) -> set[str]:
    """Visit the demo; the visemes that the status panel shows while the agent greets."""
    await tab.goto(address)
    await _state(tab, "speaking")
    await _status(tab, "state", "Speaking")
    seen: list[str] = []
    for _ in range(POLLS):
        seen.append(await tab.inner_text("[data-status=viseme]"))
        await tab.wait_for_timeout(POLL_MS)
    await tab.screenshot(path=SEEN / "status.png")
    await _status(tab, "look", "at you")
    return {words.partition(" ")[0] for words in seen if words != "at rest"}


async def _turned_to(host: Page, guest: Page) -> None:
    """Invite the guest, who speaks at once: the panels of both say that the face turns there."""
    await host.click("#invite")
    await guest.goto(host.url)
    await guest.wait_for_function("window.avatarDemo?.faceShown", timeout=DEADLINE_MS, polling=100)
    assert "now Visitor 1" in await guest.inner_text("#others")
    await guest.click("#status summary")
    await _state(host, "listening")
    await guest.click("#mic")
    await _status(host, "look", "at Visitor 2")
    await host.screenshot(path=SEEN / "turned.png")
    await _status(guest, "look", "at your seat")
    await guest.screenshot(path=SEEN / "turned-phone.png")


async def _answered(host: Page, guest: Page) -> None:
    """The guest's words after the face has turned are heard, shown to both, and answered."""
    for tab, speaker in ((host, "other"), (guest, "user")):
        await tab.wait_for_function(
            f"""avatarDemo.transcript.some((line) => line.speaker === '{speaker}'
                && line.text.toLowerCase().includes('your name'))""",
            timeout=DEADLINE_MS,
            polling=100,
        )
    assert "now you" in await guest.inner_text("#others")
    await host.wait_for_function(
        "avatarDemo.transcript.at(-1).text.includes('Joe')", timeout=DEADLINE_MS, polling=100
    )
    await host.screenshot(path=SEEN / "others.png")


async def _typed(host: Page, guest: Page) -> None:
    """The host types, is answered though the guest is heard, and then leaves."""
    await host.fill("#message", "Thanks!")
    await host.press("#message", "Enter")
    await guest.wait_for_function(
        """avatarDemo.transcript.at(-2)?.text === 'Thanks!'
            && avatarDemo.transcript.at(-2).name === 'Visitor 1'
            && avatarDemo.transcript.at(-1).speaker === 'agent'""",
        timeout=DEADLINE_MS,
        polling=100,
    )
    await host.close()
    await guest.wait_for_function(
        "document.getElementById('others').textContent === ''", timeout=DEADLINE_MS, polling=100
    )
    assert await guest.evaluate("avatarDemo.agentState") in ("speaking", "listening")


async def _status(tab: Page, name: str, words: str) -> None:
    await tab.wait_for_function(
        f"document.querySelector('[data-status={name}]').textContent === '{words}'",
        timeout=DEADLINE_MS,
        polling=50,
    )


def record(words: str, path: Path, *, then: str = "") -> None:
    """Speak `words`, and then more, into a file that a browser uses as its microphone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(piper.SAMPLE_RATE_HZ)
        file.writeframes(bytes(2 * round(LEAD_S * piper.SAMPLE_RATE_HZ)))
        for sentence in filter(None, (words, then)):
            file.writeframes(piper.speak(sentence))
            file.writeframes(bytes(2 * round(LEAD_S * piper.SAMPLE_RATE_HZ)))


def flags_with_microphone(sound: str) -> list[str]:
    return [
        *browser.flags(),
        "--disable-gpu",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
    ]


async def _state(tab: Page, state: str) -> None:
    await tab.wait_for_function(
        f"window.avatarDemo?.agentState === '{state}'", timeout=DEADLINE_MS, polling=100
    )
