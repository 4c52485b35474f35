"""Measures an answer of the agent as it reached the page, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LOUD_RMS = 0.01
"""-40 dB of full scale: speech is far above it, the silence of the track far below."""
MIN_SPOKEN_S = 1.0
MIN_FPS = 10.0
"""Well under the rate at which the face is published: the browser shares the machine."""
MIN_MOUTH_RATIO = 1.5
"""How much more the mouth's part of the picture must change in speech than in silence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it reached the page.

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
    """Evaluate what `browser_check.js` recorded.

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
        # A picture without any change in silence would give an endless ratio.
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
