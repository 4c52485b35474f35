"""The measurement of expression looks at the face, and the face does what is asked of it."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from livekit_plugins_avatar.emotion import lexicon, listening
from livekit_plugins_avatar.emotion import sentences as spoken
from livekit_plugins_avatar.emotion.estimate import NEUTRAL, EmotionEstimate
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools.eval.expression import Shown, figured, show
from livekit_plugins_avatar.tools.eval.lines import LINES, VALENCE, Line


def test_there_are_as_many_lines_of_each_kind_in_each_half_and_none_twice() -> None:
    counts = Counter((line.kind, line.half) for line in LINES)
    assert len(LINES) >= 60
    assert set(counts.values()) == {8}
    assert len({line.text for line in LINES}) == len(LINES)
    assert {kind for kind, _ in counts} == set(VALENCE)


def test_the_face_agrees_with_the_lines_that_were_held_out() -> None:
    figures = figured([show(line, seed) for seed, line in enumerate(LINES)])
    for half in ("dev", "held_out"):
        assert figures[f"{half}_sign_agreement"] >= 0.85
        assert figures[f"{half}_neutral_kept"] >= 0.90
        assert 200 <= figures[f"{half}_onset_ms_min"] <= figures[f"{half}_onset_ms_max"] <= 500


@pytest.mark.parametrize("side", ["heard", "spoken"])
def test_what_is_measured_is_what_is_shown(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that is wrong is found out, and one that says nothing too."""
    line = next(each for each in LINES if each.kind == "good news" and each.side == side)
    assert show(line, 1).agrees
    for wrong in (EmotionEstimate("concern", 1.0), NEUTRAL):
        for module in (listening, spoken):
            monkeypatch.setattr(module.lexicon, "classify", lambda *_, wrong=wrong: wrong)
        shown = show(line, 1)
        assert not shown.agrees
        assert shown.still == (wrong == NEUTRAL)
    assert lexicon.classify("", "heard") == NEUTRAL


def test_a_question_without_raised_brows_is_none() -> None:
    question = Line("question", "dev", "heard", "Why?")
    assert Shown(question, 0.0, 0.1, None).agrees
    assert not Shown(question, 0.0, 0.0, None).agrees
    assert not Shown(question, 0.2, 0.1, None).agrees


def test_the_command_prints_one_flat_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livekit_plugins_avatar.tools.eval.expression.LINES", LINES[::12])
    assert cli.main(["eval", "expression", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["lines"] == 8
    assert not any(isinstance(value, dict | list) for value in figures.values())
