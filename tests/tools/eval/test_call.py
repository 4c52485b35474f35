"""The command of the eval of a call, without the call."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from livekit_plugins_avatar.tools.eval import call, call_table


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    call.add_arguments(parser)
    return parser.parse_args(words)


def figures() -> dict[str, Any]:
    """A call that was as promised."""
    results: dict[str, Any] = {"method": "by eye"}
    results |= {f"ours_{key}": 0 for _, key, _ in call_table.OF_THE_PUBLISHER}
    for name in ("good", "bad"):
        results |= {f"ours_{name}_{key}": 0.0 for _, key, _ in call_table.ROWS}
        results |= {f"ours_{name}_freezes{kind}_longest_ms": 0.0 for kind in ("", "_renderer")}
    return results | {"broken_promises": [], "ours_moments": []}


def test_a_call_that_is_as_it_should_be_breaks_no_promise() -> None:
    assert call.broken(figures()) == []


def test_a_short_call_waits_for_what_a_bad_line_loses_twice() -> None:
    for longest_ms, kept in ((690.0, True), (710.0, False)):
        short = figures() | {"ours_bad_freezes_longest_ms": longest_ms}
        assert (call.broken_but_sync(short) == []) is kept


@pytest.mark.parametrize(
    ("key", "value", "promise"),
    [
        ("good_offset_median_ms", 21.0, "median"),
        ("good_offset_median_ms", None, "median"),
        ("good_offset_p95_ms", 46.0, "45 ms"),
        ("good_offset_p5_ms", -46.0, "45 ms"),
        ("track_gaps_ms", 10.0, "gap"),
        ("stuck_count", 1, "stuck"),
        ("face_jumps_reconnect_count", 1, "jump"),
        ("bad_freezes_longest_ms", 510.0, "bad viewer's picture"),
        ("good_freezes_renderer_longest_ms", 510.0, "good viewer's picture"),
    ],
)
def test_each_promise_can_be_broken(key: str, value: float | None, promise: str) -> None:
    broken = call.broken(figures() | {f"ours_{key}": value})
    assert broken and promise in broken[0]


def test_the_table_has_a_column_for_each_viewer_and_says_what_is_broken() -> None:
    results = figures() | {"broken_promises": ["no turn is stuck"], "ours_bad_delay_ms": None}
    lines = call_table.table(results).splitlines()
    assert lines[0].split() == ["this", "package,", "good", "this", "package,", "bad"]
    assert any(line.split()[-1] == "-" for line in lines if line.startswith("publisher to ear"))
    assert "BROKEN: no turn is stuck" in lines[-2]


def test_the_table_says_what_happened_before_each_bad_moment() -> None:
    moment = {"at_s": 207.5, "viewer": "good", "what": "clap", "ms": 61.0, "cause": "none"}
    row = moment | {"before": ("reconnect 0.3 s, 2.4 s ago",)}
    lines = call_table.table(figures() | {"ours_moments": [row]}).splitlines()
    assert "  207.5 s  good clap      +61 ms  reconnect 0.3 s, 2.4 s ago" in lines


def test_a_call_too_short_for_a_turn_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call.run(arguments("--seconds", "1")) == 2
    assert "lasts 3 s at least" in capsys.readouterr().err
