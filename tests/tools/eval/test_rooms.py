"""How many rooms a machine holds is told by the worst of them."""

from __future__ import annotations

import argparse
import json

import pytest

from livekit_plugins_avatar.tools.eval import rooms
from livekit_plugins_avatar.tools.eval.rooms import Level, level_of, summary, table


def said(at_s: float, cpu_s: float, *faces: tuple[int, int, int]) -> dict[str, object]:
    """What a process prints whose faces have shown, missed and starved so many."""
    names = ("frames_shown", "frames_missed", "underrun_samples")
    counts = [dict(zip(names, face, strict=True)) | {"frames_skipped": 0} for face in faces]
    return {"at_s": at_s, "cpu_s": cpu_s, "faces": counts}


def test_level() -> None:
    """The worst room's frames count, the sound and the processor of all."""
    level = level_of(
        "processes",
        [
            (said(10, 3, (100, 0, 5)), said(20, 5, (400, 0, 5))),
            (said(11, 1, (0, 0, 0)), said(21, 4, (270, 30, 48))),
        ],
        0.25,
    )
    assert level == Level("processes", 2, 27.0, 10.0, 48, 0.5, 0.25)
    assert level.cores_per_room == 0.375


@pytest.mark.parametrize(
    ("figures", "passed"),
    [
        ((30.0, 0.0, 0), True),
        ((24.8, 0.9, 0), True),
        ((24.7, 0.0, 0), False),
        ((30.0, 1.0, 0), False),
        ((30.0, 0, 1), False),
    ],
)
def test_gates(figures: tuple[float, float, int], passed: bool) -> None:
    """Frames a second, dropped frames and starved sound each have a gate."""
    assert Level("shared", 1, *figures, 0.3, 0.2).passed is passed


def test_summary() -> None:
    """A way holds as many rooms as passed; what a room costs is told for these."""
    levels = [
        Level("one-process", 1, 30.0, 0.0, 0, 0.5, 0.0),
        Level("one-process", 2, 30.0, 0.0, 0, 0.8, 0.0),
        Level("one-process", 3, 20.0, 0.0, 0, 1.4, 0.0),
        Level("shared", 1, 20.0, 0.0, 0, 1.4, 0.1),
    ]
    results = summary(levels, 0.05)
    assert results["holds"] == {"one-process": 2, "shared": 0}
    assert results["cores_per_room"] == {"one-process": 0.4}
    assert results["room_hour"] == {"one-process": 0.02}
    text = table(levels, results)
    assert text.count("missed") == 2
    assert "one-process holds 2 rooms, 0.40 cores a room, 0.02 a room-hour" in text
    assert json.dumps(results)


def test_impossible(capsys: pytest.CaptureFixture[str]) -> None:
    """Levels that there are not are refused."""
    parser = argparse.ArgumentParser()
    rooms.add_arguments(parser)
    assert rooms.run(parser.parse_args(["--first", "3", "--most", "2"])) == 2
    assert "first <= most" in capsys.readouterr().err
    assert rooms.run(parser.parse_args(["--fps", "29"])) == 2
    assert "fps lies between 10 and 60" in capsys.readouterr().err
