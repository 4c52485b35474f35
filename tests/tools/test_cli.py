"""The command line says what it can do, and in one line what stands in its way."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from livekit_plugins_avatar import __version__
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools import eval as evaluation
from livekit_plugins_avatar.tools.demo import page
from livekit_plugins_avatar.tools.demo.cache import Missing


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert all(command in said for command in cli.COMMANDS)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"livekit-avatar {__version__}\n"


@pytest.mark.parametrize("words", [["frobnicate"], ["eval"], ["eval", "taste"], ["demo", "--loud"]])
def test_a_command_that_there_is_not_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 2
    assert "usage: livekit-avatar" in capsys.readouterr().err


def test_a_missing_extra_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(evaluation, "sync", raising=False)
    monkeypatch.setitem(sys.modules, "livekit_plugins_avatar.tools.eval.sync", None)
    assert cli.main(["eval", "sync", "--seconds", "0"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "pip install 'livekit-plugins-avatar[eval]'" in said


def test_a_missing_part_is_one_line_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> None:
        raise Missing("the demo's page", reason="it is gone", remedy="Build it.")

    monkeypatch.setattr(page, "provide", none)
    assert cli.main(["demo"]) == 1
    wanted = "livekit-avatar: the demo's page is missing: it is gone. Build it.\n"
    assert capsys.readouterr().err == wanted


def test_the_doctor_reports_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    for part in ("onnxruntime", "livekit-agents", "CPU", "piper-tts", "LiveKit server", "browser"):
        assert part in said


def test_measurements_take_their_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--json", "--only", "face_at_us"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["name"] == "face_at_us" and row["value"] > 0
    assert cli.main(["eval", "sync", "--seconds", "0"]) == 2


def test_the_command_line_opens_nothing_heavy_before_it_must() -> None:
    seen = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, livekit_plugins_avatar.tools.cli as cli\n"
            "heavy = {'faster_whisper', 'piper', 'playwright', 'ctranslate2'}\n"
            "print(sorted(heavy & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert seen.stdout == "[]\n"
