"""The bench says what it measured, and says so when it could not."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from livekit_plugins_avatar.options import DEFAULT_PERSONA
from livekit_plugins_avatar.timeline import SAMPLE_RATE
from livekit_plugins_avatar.tools.eval import bench, costs
from livekit_plugins_avatar.tools.eval.bench import Row


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    return parser.parse_args(words)


def broken() -> costs.Floats:
    raise RuntimeError("no such part")


def test_a_row_is_the_median_and_the_distance_of_the_outer_percentiles() -> None:
    row = Row.of("face_at_us", np.arange(101.0))
    assert row.as_dict() == {
        "name": "face_at_us",
        "value": 50.0,
        "unit": "us",
        "spread": 90.0,
        "n": 101,
    }


def test_a_row_may_be_another_percentile() -> None:
    row = Row.of("added_first_audio_p95_ms", np.arange(101.0), percentile=95)
    assert (row.value, row.spread) == (95.0, 90.0)


def test_a_part_that_is_missing_is_named_in_its_row_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(bench.COSTS, "import_ms", lambda: np.array([1.0, 2.0, 3.0]))
    monkeypatch.setitem(bench.COSTS, "memory_mb", broken)
    assert bench.run(arguments("--json", "--only", "import_ms", "--only", "memory_mb")) == 1
    whole, missing = json.loads(capsys.readouterr().out)
    assert (whole["name"], whole["value"], whole["n"]) == ("import_ms", 2.0, 3)
    assert "note" not in whole
    assert (missing["name"], missing["value"], missing["n"]) == ("memory_mb", None, 0)
    assert missing["note"] == "RuntimeError: no such part"


def test_without_json_the_same_rows_are_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(bench.COSTS, "import_ms", lambda: np.array([1.0, 2.0, 3.0]))
    assert bench.run(arguments("--only", "import_ms")) == 0
    _heading, line = capsys.readouterr().out.splitlines()
    assert line.split() == ["import_ms", "2.00", "1.80", "3", "ms"]


def test_every_measurement_has_a_unit() -> None:
    assert set(bench.COSTS) | {bench.FIRST_AUDIO} <= set(bench.UNITS)


def test_the_speech_that_costs_are_measured_with_is_neither_silent_nor_clipped() -> None:
    pcm = costs.speech(1.0)
    assert len(pcm) == SAMPLE_RATE
    assert 4_000 < np.abs(pcm.astype(int)).max() < 32_767
    assert np.mean(np.abs(pcm.astype(int)) > 500) > 0.1


@pytest.mark.parametrize(
    "script", [costs.ADDED_MEMORY_SCRIPT, costs.WHOLE_MEMORY_SCRIPT, costs.START_SCRIPT]
)
def test_scripts_open_the_default_persona(script: str) -> None:
    """A script for a process of its own is complete: no name is left to be filled in."""
    compile(script, "script", "exec")
    assert f'Persona.load("{DEFAULT_PERSONA}")' in script


def test_costs_of_the_parts_that_need_nothing_are_positive() -> None:
    assert costs.face_at_us().min() > 0
    assert costs.recognizer_core_percent().min() > 0
