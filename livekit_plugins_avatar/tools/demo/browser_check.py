"""Opens the demo's page in a headless browser, asks a question and checks the answer.

Sound and picture are measured in the page, where a visitor hears and sees them. A screenshot and a
short recording with sound are kept.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from playwright.async_api import Page, ViewportSize, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from . import browser, cache
from .answer_quality import describe, findings, measure
from .environment import child_environment

QUESTION = "What is your name?"
"""Its answer is short."""
SILENCE_S = 2.0
"""How long the silent face is recorded before the question: a breath and a blink or two."""
SCREENSHOT_AFTER_S = 1.5
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}

ARRIVE_DEADLINE_MS = 60_000
GREET_DEADLINE_MS = 45_000
ANSWER_DEADLINE_MS = 30_000
FINISH_DEADLINE_MS = 90_000

SCRIPT = Path(__file__).with_name("browser_check.js")


async def check(address: str, chromium: Path, out: Path) -> list[str]:
    """Visit the demo at `address` once; one sentence for each defect.

    Args:
        address: Of the page.
        chromium: The browser's executable.
        out: Folder for `answer.png` and `answer.webm`, or `failed.png`; it exists.
    """
    async with async_playwright() as playwright:
        visitor = await playwright.chromium.launch(
            executable_path=chromium,
            args=[*browser.flags(), "--disable-gpu"],
            env={**child_environment()},
        )
        try:
            # Playwright waits by evaluating text, which the page's policy forbids.
            page = await visitor.new_page(viewport=VIEWPORT, bypass_csp=True)
            return await _visit(page, address, out)
        finally:
            await visitor.close()


async def _visit(page: Page, address: str, out: Path) -> list[str]:
    await page.goto(address)
    steps = (
        ("The face did not appear.", "window.avatarDemo?.faceShown", ARRIVE_DEADLINE_MS),
        ("The agent did not greet.", _state("speaking"), GREET_DEADLINE_MS),
        ("The greeting did not end.", _state("listening"), GREET_DEADLINE_MS),
    )
    for failure, condition, deadline_ms in steps:
        if not await _comes(page, condition, deadline_ms):
            return await _failed(page, out, failure)
    await page.add_script_tag(path=SCRIPT)
    await page.wait_for_timeout(1000 * SILENCE_S)
    await page.evaluate("(question) => avatarCheck.ask(question)", QUESTION)
    if not await _comes(page, _state("speaking"), ANSWER_DEADLINE_MS):
        return await _failed(page, out, "The question was not answered.")
    await page.wait_for_timeout(1000 * SCREENSHOT_AFTER_S)
    await page.screenshot(path=out / "answer.png")
    if not await _comes(page, _state("listening"), FINISH_DEADLINE_MS):
        return await _failed(page, out, "The answer did not end.")
    return await _verdict(page, out)


async def _verdict(page: Page, out: Path) -> list[str]:
    film = base64.b64decode(await page.evaluate("avatarCheck.film()"))
    (out / "answer.webm").write_bytes(film)
    rows: list[list[float]] = await page.evaluate("avatarCheck.rows")
    asked_s: float = await page.evaluate("avatarCheck.asked")
    answer = measure(np.array(rows, np.float64), asked_s)
    cache.say(f"  asked {QUESTION!r}: {describe(answer)}")
    cache.say(f"  kept {out / 'answer.png'} and {out / 'answer.webm'}")
    return findings(answer)


async def _comes(page: Page, condition: str, deadline_ms: float) -> bool:
    try:
        await page.wait_for_function(condition, timeout=deadline_ms, polling=100)
    except PlaywrightTimeout:
        return False
    return True


async def _failed(page: Page, out: Path, failure: str) -> list[str]:
    await page.screenshot(path=out / "failed.png")
    notice = await page.locator("#notice-text").inner_text()
    return [f"{failure} The page says: {notice or 'nothing'} ({out / 'failed.png'})"]


def _state(name: str) -> str:
    return f"window.avatarDemo?.agentState === '{name}'"
