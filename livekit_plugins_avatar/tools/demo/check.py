"""The check: a browser opens the demo's page, asks a question and looks whether a face answers.

In flows the address of a running demo; out flow the findings, what was measured, a screenshot and a
short film with sound. Everything is measured in the page, where a visitor would see and hear it:
the sound as it leaves the agent's track, the picture as it stands in the video element.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page, ViewportSize, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from . import browser, cache

QUESTION = "How do you stay in sync?"
SILENCE_S = 2.0
"""How long the silent face is looked at before the question: a breath and a blink or two."""
SCREENSHOT_AFTER_S = 1.5
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}

ARRIVE_DEADLINE_MS = 60_000
GREET_DEADLINE_MS = 45_000
ANSWER_DEADLINE_MS = 30_000
FINISH_DEADLINE_MS = 90_000

LOUD_RMS = 0.01
"""-40 dB of full scale: speech is far above it, the silence of the track far below."""
MIN_SPOKEN_S = 1.0
MIN_FPS = 10.0
"""Well under what the face is published at: the browser shares the machine with all the rest."""
MIN_MOUTH_RATIO = 1.5
"""How much more the mouth's part of the picture must change in speech than in silence."""

# Runs in the page. A row every 50 ms: time, whether the agent says it speaks, loudness of its track
# (RMS, full scale 1), mean change of the mouth's part of the picture since the row before (luma, 0
# to 255), and frames shown so far.
_WATCH = """
() => {
  const room = window.avatarDemo.room;
  const face = document.getElementById("face");
  const sound = [...room.remoteParticipants.values()]
    .flatMap((who) => [...who.trackPublications.values()])
    .find((publication) => publication.kind === "audio" && publication.track)
    .track.mediaStreamTrack;
  const audio = new AudioContext();
  const ear = new AnalyserNode(audio, { fftSize: 2048 });
  audio.createMediaStreamSource(new MediaStream([sound])).connect(ear);
  const heard = new Float32Array(ear.fftSize);

  const [columns, rows] = [48, 32];
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let before = null;
  const mouthMoved = () => {
    const [w, h] = [face.videoWidth, face.videoHeight];
    if (!w) return 0;
    pen.drawImage(face, 0.3 * w, 0.5 * h, 0.4 * w, 0.35 * h, 0, 0, columns, rows);
    const now = pen.getImageData(0, 0, columns, rows).data;
    let sum = 0;
    if (before) for (let i = 0; i < now.length; i += 4) {
      sum += Math.abs(0.3 * (now[i] - before[i]) + 0.6 * (now[i + 1] - before[i + 1])
        + 0.1 * (now[i + 2] - before[i + 2]));
    }
    before = now;
    return sum / (columns * rows);
  };

  const tape = [];
  const recorder = new MediaRecorder(
    new MediaStream([...face.srcObject.getVideoTracks(), sound]),
    { mimeType: "video/webm;codecs=vp8,opus", videoBitsPerSecond: 1_500_000 },
  );
  recorder.ondataavailable = (event) => tape.push(event.data);
  recorder.start(1000);

  const check = { rows: [], asked: null };
  const timer = setInterval(() => {
    ear.getFloatTimeDomainData(heard);
    const rms = Math.sqrt(heard.reduce((sum, x) => sum + x * x, 0) / heard.length);
    const speaks = window.avatarDemo.agentState === "speaking" ? 1 : 0;
    const frames = face.getVideoPlaybackQuality().totalVideoFrames;
    check.rows.push([performance.now() / 1000, speaks, rms, mouthMoved(), frames]);
  }, 50);
  check.ask = (question) => {
    const field = document.getElementById("message");
    field.value = question;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("send").click();
    check.asked = performance.now() / 1000;
  };
  check.film = async () => {
    clearInterval(timer);
    await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
    const bytes = new Uint8Array(await new Blob(tape).arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768) {
      text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    }
    return btoa(text);
  };
  window.avatarCheck = check;
}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, as it reached the page.

    Args:
        delay_s: From the question to the first sound; None when there was none.
        spoken_s: How long sound was heard after the question, pauses left out.
        fps: Frames shown a second.
        mouth_ratio: Change of the mouth's part of the picture while the agent speaks, as a
            multiple of its change before the question.
    """

    delay_s: float | None
    spoken_s: float
    fps: float
    mouth_ratio: float


def measure(rows: NDArray[np.float64], asked_s: float) -> Answer:
    """Read the page's notes.

    Args:
        rows: float64 [N, 5]: time in seconds, speaking (0 or 1), RMS, mouth's change, frames shown.
        asked_s: When the question was sent, on the clock of the rows.
    """
    time_s, speaks, rms, mouth, frames = rows.T
    after = time_s >= asked_s
    loud = after & (rms > LOUD_RMS)
    step_s = float(np.median(np.diff(time_s)))
    speaking, silent = after & (speaks > 0), ~after & (rms <= LOUD_RMS)
    still = float(mouth[silent].mean()) if silent.any() else 0.0
    moved = float(mouth[speaking].mean()) if speaking.any() else 0.0
    return Answer(
        delay_s=float(time_s[loud][0] - asked_s) if loud.any() else None,
        spoken_s=float(loud.sum()) * step_s,
        fps=float((frames[-1] - frames[0]) / (time_s[-1] - time_s[0])),
        # A picture that never changes in silence is a moving one as soon as it changes at all.
        mouth_ratio=moved / max(still, 0.01),
    )


def findings(answer: Answer) -> list[str]:
    """What is wrong with an answer, one sentence each; none if all is well."""
    wrong = []
    if answer.delay_s is None or answer.spoken_s < MIN_SPOKEN_S:
        wrong.append(f"The answer was not heard: {answer.spoken_s:.1f} s of sound.")
    if answer.fps < MIN_FPS:
        wrong.append(f"The picture hardly moves: {answer.fps:.1f} frames a second.")
    if answer.mouth_ratio < MIN_MOUTH_RATIO:
        wrong.append(
            f"The mouth does not speak: it moves {answer.mouth_ratio:.1f} times as much as in "
            "silence."
        )
    return wrong


def describe(answer: Answer) -> str:
    """The measurements as one line."""
    delay = "never" if answer.delay_s is None else f"after {answer.delay_s:.1f} s"
    return (
        f"first sound {delay}, {answer.spoken_s:.1f} s of speech, {answer.fps:.0f} frames a second,"
        f" mouth moving {answer.mouth_ratio:.1f} times as much as in silence"
    )


async def watch(address: str, chromium: Path, out: Path) -> list[str]:
    """Visit the demo at `address` once; what is wrong, one sentence each, none if all is well.

    Args:
        address: Of the page.
        chromium: The browser's executable.
        out: Folder for `answer.png` and `answer.webm`, or `failed.png`; it exists.
    """
    async with async_playwright() as playwright:
        visitor = await playwright.chromium.launch(
            executable_path=chromium, args=[*browser.flags(), "--disable-gpu"]
        )
        try:
            # Playwright waits by evaluating text, which the page's own policy forbids.
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
    await page.evaluate(_WATCH)
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
