"""The check tells an agent that answers from one that is silent, frozen or expressionless."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from livekit_plugins_avatar.tools.demo.answer_quality import describe, findings, measure

STEP_S = 0.05
ASKED_S, SPEAKS_S, ENDS_S, LAST_S = 2.0, 2.5, 6.5, 7.0
FPS = 25


def visit(*, sound: float = 0.1, mouth: float = 4.0, fps: float = FPS) -> NDArray[np.float64]:
    """Rows of a visit: silence, a question at 2 s, an answer from 2.5 to 6.5 s, silence."""
    time_s = np.arange(0, LAST_S, STEP_S)
    speaks = (time_s >= SPEAKS_S) & (time_s < ENDS_S)
    return np.stack(
        [
            time_s + 100.0,
            speaks,
            np.where(speaks, sound, 1e-5),
            np.where(speaks, mouth, 1.0),
            np.floor(time_s * fps),
        ],
        axis=1,
    )


def test_good_answer() -> None:
    """A good answer is measured right and has no findings."""
    answer = measure(visit(), 100.0 + ASKED_S)
    assert answer.delay_s == pytest.approx(SPEAKS_S - ASKED_S)
    assert answer.spoken_s == pytest.approx(ENDS_S - SPEAKS_S)
    assert answer.fps == pytest.approx(FPS, abs=0.5)
    assert answer.mouth_ratio == pytest.approx(4.0)
    assert findings(answer) == []
    assert "after 0.5 s" in describe(answer)


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        (visit(sound=0.0), "not heard"),
        (visit(fps=3), "hardly moves"),
        (visit(mouth=1.0), "does not speak"),
    ],
)
def test_one_defect(rows: NDArray[np.float64], finding: str) -> None:
    """Each defect is found, and no other."""
    wrong = findings(measure(rows, 100.0 + ASKED_S))
    assert len(wrong) == 1 and finding in wrong[0]


def test_sound_before_question() -> None:
    """Sound before the question is no answer."""
    rows = visit(sound=0.0)
    rows[:10, 2] = 0.5
    assert measure(rows, 100.0 + ASKED_S).delay_s is None


def test_black_picture() -> None:
    """A black picture does not pass."""
    rows = visit(mouth=0.0)
    rows[:, 3] = 0.0
    assert any("does not speak" in wrong for wrong in findings(measure(rows, 100.0 + ASKED_S)))
