"""The command `watch`, without a room."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from livekit_plugins_avatar.tools.watch import command


def status(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "--url and --token"),
        (("--url", "ws://x"), "--token of the room"),
        (("--url", "http://x", "--token", "t"), "wss://"),
        (("--url", "ws://x", "--token", "t"), "JWT"),
        (("--url", "ws://x", "--room", "r"), "LIVEKIT_API_KEY"),
        (("--url", "ws://x", "--token", "t", "--minutes", "0"), "--minutes"),
        (("film.mp4", "--url", "ws://x"), "not both"),
        (("film.mp4", "--html", "/no/such/folder/report.html"), "no folder"),
    ],
)
def test_arguments_that_make_no_sense_name_the_remedy(
    words: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*words) == 2
    assert expected in capsys.readouterr().err


def test_a_film_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(str(tmp_path / "no.mp4")) == 1
    assert "no.mp4" in capsys.readouterr().err
