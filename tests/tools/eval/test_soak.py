"""The command of the soak, without the hour."""

from __future__ import annotations

import argparse

import pytest

from livekit_plugins_avatar.tools.eval import soak


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    soak.add_arguments(parser)
    return parser.parse_args(words)


def test_a_soak_too_short_to_tell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.run(arguments("--minutes", "0.5")) == 2
    assert "--minutes is at least 1" in capsys.readouterr().err


def test_a_run_that_was_stopped_at_once_says_that_it_cannot_tell() -> None:
    assert "too few to judge" in soak.table({"minutes": 0.1})
