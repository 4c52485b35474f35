"""The command of the eval of sync, without the eval."""

from __future__ import annotations

import argparse

import pytest

from livekit_plugins_avatar.tools.eval import sync


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    sync.add_arguments(parser)
    return parser.parse_args(words)


def figures(median_ms: float | None) -> dict[str, float | int | None]:
    return {
        "median_ms": median_ms,
        "p5_ms": -8.0,
        "p95_ms": 19.0,
        "p95_abs_ms": 19.0,
        "n": 17,
        "lost_audio_ms": 0.0,
        "silence_ms": 0.0,
        "concealed_ms": 0.0,
        "longer_ms": 0.2,
        "missing_flashes": 0,
        "missing_beeps": 0,
        "fps": 25.0,
        "sound_buffer_ms": 30.0,
        "picture_buffer_ms": 8.0,
    }


def test_a_stall_is_a_length_in_milliseconds_and_an_interval_in_seconds() -> None:
    assert sync.stall("400:3") == (0.4, 3.0)
    assert sync.stall(None)[0] == 0.0


@pytest.mark.parametrize("text", ["400", "400:0", "-1:3", "a:b", "1:2:3"])
def test_a_stall_that_makes_no_sense_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync.run(arguments(f"--stall={text}")) == 2
    assert "stall" in capsys.readouterr().err


def test_a_run_too_short_for_a_clap_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert sync.run(arguments("--seconds", "1")) == 2
    assert "--seconds is at least 5" in capsys.readouterr().err


def test_a_delay_out_of_range_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert sync.run(arguments("--video-delay-ms", "900")) == 2
    assert "video_delay_s" in capsys.readouterr().err


def test_the_table_has_both_publishers_side_by_side() -> None:
    text = sync.table(
        figures(5.3) | {"method": "by eye", "av_synchronizer": figures(-89.7)}
    ).splitlines()
    assert text[0].split()[-3:] == ["this", "package", "AVSynchronizer"]
    assert text[1].split() == ["median", "5.3", "ms", "-89.7", "ms"]
    assert text[-1].endswith("by eye")


def test_the_table_has_a_worker_where_it_was_asked_for() -> None:
    assert arguments("--worker").worker and not arguments().worker
    text = sync.table(figures(5.3) | {"method": "by eye", "worker": figures(-3.2)}).splitlines()
    assert text[0].split()[-3:] == ["by", "a", "worker"]
    assert text[1].split() == ["median", "5.3", "ms", "-3.2", "ms"]


def test_a_figure_that_could_not_be_had_is_a_dash() -> None:
    text = sync.table(figures(None) | {"method": "by eye"}).splitlines()
    assert text[1].split() == ["median", "-"]


def test_no_round_is_no_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert sync.run(arguments("--rounds", "0")) == 2
    assert "--rounds is at least 1" in capsys.readouterr().err
