"""Opens the demo's page in a headless browser, asks a question and checks the answer; then hands in
a picture and checks that its face speaks.

Sound and picture are measured in the page, where a visitor hears and sees them. Screenshots and a
recording with sound are kept.
"""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Page, ViewportSize, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from ...face.state import FaceState
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Persona
from ...timeline import Timed
from ..i420 import rgb
from . import browser, cache
from .answer_quality import describe, findings, measure
from .environment import child_environment

QUESTION = "What is your name?"
AGAIN = "And what is your name now?"
"""Their answers are short."""
PERSON, BEFORE = "woman", "man"
"""Whose picture is handed in, and who speaks until then. Both are computed."""
SILENCE_S = 2.0
"""How long the silent face is recorded before the question: a breath and a blink or two."""
SCREENSHOT_AFTER_S = 1.5
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}

ARRIVE_DEADLINE_MS = 60_000
GREET_DEADLINE_MS = 45_000
ANSWER_DEADLINE_MS = 30_000
FINISH_DEADLINE_MS = 90_000
PICTURE_DEADLINE_MS = 180_000

PICTURE_DONE = """!document.getElementById("faces").open || avatarDemo.shown.face === "picture"
    || !document.getElementById("use-picture").disabled"""
"""The button is enabled again once a picture was refused."""

SCRIPT = Path(__file__).with_name("browser_check.js")


class CheckFailed(Exception):
    """The visit cannot go on; the message is a sentence."""


async def check(address: str, chromium: Path, out: Path) -> list[str]:
    """Visit the demo at `address` once; one sentence for each defect.

    Args:
        address: Of the page.
        chromium: The browser's executable.
        out: Folder for screenshots and a film, or `failed.png`; it exists.
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
    try:
        await _arrive(page, address)
        asked_s = await _answer(page, out / "answer.png", QUESTION)
        await _use_picture(page)
        again_s = await _answer(page, out / "picture.png", AGAIN)
    except CheckFailed as failure:
        return await _failed(page, out, str(failure))
    return await _verdict(page, out, asked_s, again_s)


async def _arrive(page: Page, address: str) -> None:
    await page.goto(address)
    await _until(page, "window.avatarDemo?.faceShown", ARRIVE_DEADLINE_MS, "No face appeared.")
    await _until(page, _state("speaking"), GREET_DEADLINE_MS, "The agent did not greet.")
    await _until(page, _state("listening"), GREET_DEADLINE_MS, "The greeting did not end.")
    await page.add_script_tag(path=SCRIPT)
    await page.wait_for_timeout(1000 * SILENCE_S)


async def _answer(page: Page, screenshot: Path, question: str) -> float:
    """Ask, and wait for the end of the answer; when it was asked, on the clock of the rows."""
    await page.evaluate("(question) => avatarCheck.ask(question)", question)
    unanswered = f"{question!r} was not answered."
    await _until(page, _state("speaking"), ANSWER_DEADLINE_MS, unanswered)
    await page.wait_for_timeout(1000 * SCREENSHOT_AFTER_S)
    await page.screenshot(path=screenshot)
    endless = f"The answer to {question!r} did not end."
    await _until(page, _state("listening"), FINISH_DEADLINE_MS, endless)
    asked_s: float = await page.evaluate("avatarCheck.asked")
    return asked_s


async def _use_picture(page: Page) -> None:
    """Hand in a picture of `PERSON`, and wait for the face."""
    picture = io.BytesIO()
    _at_rest(PERSON).save(picture, "PNG")
    await page.click("#open-faces")
    await page.set_input_files(
        "#picture-file", {"name": "me.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    await page.check("#right")
    began_s = time.monotonic()
    await page.click("#use-picture")
    await _until(page, PICTURE_DONE, PICTURE_DEADLINE_MS, "The picture took too long.")
    if await page.evaluate("avatarDemo.shown.face") != "picture":
        refusal = await page.inner_text("#picture-words")
        raise CheckFailed(f"The picture did not become a face: {refusal}")
    cache.say(f"  a picture became the face within {time.monotonic() - began_s:.1f} s")


async def _verdict(page: Page, out: Path, asked_s: float, again_s: float) -> list[str]:
    seen = np.array(await page.evaluate("avatarCheck.look()"))
    film = base64.b64decode(await page.evaluate("avatarCheck.film()"))
    (out / "answer.webm").write_bytes(film)
    rows = np.array(await page.evaluate("avatarCheck.rows"), np.float64)
    wrong = []
    for question, asked, until in ((QUESTION, asked_s, again_s), (AGAIN, again_s, np.inf)):
        answer = measure(rows[rows[:, 0] < until], asked)
        cache.say(f"  asked {question!r}: {describe(answer)}")
        wrong += findings(answer)
    cache.say(f"  kept answer.png, picture.png and answer.webm in {out}")
    apart = {name: np.abs(_colours(_at_rest(name)) - seen).mean() for name in (PERSON, BEFORE)}
    if not apart[PERSON] < 0.5 * apart[BEFORE]:
        wrong.append("The face is not that of the picture.")
    return wrong


def _at_rest(persona: str) -> Image.Image:
    """A persona's picture at rest."""
    drawn = OnnxRenderer(Persona.load(persona)).render([Timed(0, 0, FaceState.of())])
    return Image.fromarray(rgb(drawn[0]))


def _colours(picture: Image.Image) -> NDArray[np.float64]:
    """As `avatarCheck.look` sees a picture."""
    small = np.asarray(picture.resize((16, 16), Image.Resampling.BOX), np.float64)
    return (small[..., 0] - small[..., 2]).ravel()


async def _until(page: Page, condition: str, deadline_ms: float, failure: str) -> None:
    try:
        await page.wait_for_function(condition, timeout=deadline_ms, polling=100)
    except PlaywrightTimeout:
        raise CheckFailed(failure) from None


async def _failed(page: Page, out: Path, failure: str) -> list[str]:
    await page.screenshot(path=out / "failed.png")
    notice = await page.locator("#notice-text").inner_text()
    return [f"{failure} The page says: {notice or 'nothing'} ({out / 'failed.png'})"]


def _state(name: str) -> str:
    return f"window.avatarDemo?.agentState === '{name}'"
