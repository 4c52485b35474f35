"""The command line lists what it can do, and names in one line what stands in its way."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from livekit_plugins_avatar import __version__
from livekit_plugins_avatar.tools import cli
from livekit_plugins_avatar.tools import eval as evaluation
from livekit_plugins_avatar.tools.demo import page
from livekit_plugins_avatar.tools.demo.cache import Missing

CHECKOUT = Path(__file__).parents[2]


def helped(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints that ends with success by itself."""
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 0
    return capsys.readouterr().out


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Without words every command is listed, in groups."""
    listed = helped(capsys)
    assert all(f"  {command.words} " in listed for command in cli.COMMANDS)
    assert all(f"\n{command.group}:\n" in listed for command in cli.COMMANDS)
    assert helped(capsys, "--help") == listed


def test_group(capsys: pytest.CaptureFixture[str]) -> None:
    """`eval` alone lists its parts, and nothing else."""
    listed = helped(capsys, "eval")
    parts = [command.words for command in cli.COMMANDS if command.words.startswith("eval ")]
    assert [line.strip()[: len(part)] for line in listed.splitlines() for part in parts
            if line.strip().startswith(part)] == parts  # fmt: skip
    assert "doctor" not in listed.replace(cli.DESCRIPTION, "")
    assert helped(capsys, "eval", "--help") == listed


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The version is the package's."""
    assert helped(capsys, "--version") == f"livekit-avatar {__version__}\n"


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["eval", "taste"], ["demo", "--loud"], ["demo", "--host", "0.0.0.0"]]
)
def test_wrong_arguments(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A command or an argument that does not exist is refused with the usage."""
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 2
    assert "usage: livekit-avatar" in capsys.readouterr().err


@pytest.fixture
def without_eval(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra `eval`."""
    monkeypatch.delattr(evaluation, "sync", raising=False)
    monkeypatch.setitem(sys.modules, "livekit_plugins_avatar.tools.eval.sync", None)


@pytest.mark.usefixtures("without_eval")
def test_missing_extra(capsys: pytest.CaptureFixture[str]) -> None:
    """A missing extra is one line that says what to install; help works without it."""
    assert cli.main(["eval", "sync", "--seconds", "0"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pip install 'livekit-plugins-avatar[eval]'" in error
    assert cli.main(["eval", "sync", "--help"]) == 0
    assert "[eval]" in capsys.readouterr().out


def test_missing_part(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing part is one line with its remedy."""

    def missing() -> None:
        raise Missing("the demo's page", reason="it is gone", remedy="Build it.")

    monkeypatch.setattr(page, "provide", missing)
    assert cli.main(["demo", "--port", "0"]) == 1
    wanted = "livekit-avatar: the demo's page is missing: it is gone. Build it.\n"
    assert capsys.readouterr().err == wanted


def test_taken_port(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A taken port ends the demo before anything is fetched or started."""
    monkeypatch.setattr(page, "provide", lambda: pytest.fail("the page was built first"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["demo", "--port", str(port)]) == 1
    error = capsys.readouterr().err
    assert str(port) in error and error.count("\n") == 1


def test_host_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A demo that other devices can reach says so first."""

    def missing() -> None:
        raise Missing("the demo's page", reason="it is gone", remedy="Build it.")

    monkeypatch.setattr(page, "provide", missing)
    assert cli.main(["demo", "--port", "0"]) == 1
    assert "WARNING" not in capsys.readouterr().out
    address = next(
        each.address
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family == socket.AF_INET
    )
    assert cli.main(["demo", "--port", "0", "--host", address]) == 1
    exposed = not address.startswith("127.")
    assert ("WARNING" in capsys.readouterr().out) == exposed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt(
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ctrl-C and SIGTERM during the start end the demo and its child processes."""
    binary, started = tmp_path / "livekit-server", tmp_path / "started"
    # A server that never answers and ignores the first request to end.
    binary.write_text(f"#!/bin/sh\ntrap : TERM\necho $$ >{started}\nwhile :; do sleep 0.05; done\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(page, "provide", lambda: tmp_path)

    def interrupt() -> None:
        while not (started.exists() and started.read_text()):
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    # A process that was begun in the background may have been told to ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt, daemon=True).start()
    assert cli.main(["demo", "--port", "0"]) == 130
    signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""
    assert not psutil.pid_exists(int(started.read_text()))


def test_measurement_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Measurements take their own options."""
    assert cli.main(["bench", "--json", "--only", "face_at_us"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["name"] == "face_at_us" and row["value"] > 0
    assert cli.main(["eval", "sync", "--seconds", "0"]) == 2


STUB = """
import sys, types
package = types.ModuleType("livekit_plugins_avatar")
package.__path__ = [sys.argv[1] + "/livekit_plugins_avatar"]
sys.modules[package.__name__] = package
import livekit_plugins_avatar.tools.cli, livekit_plugins_avatar.tools.demo.command
print(sorted({name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names))
"""
"""Imports the command line without the package's own `__init__`, which needs LiveKit."""


def test_imports() -> None:
    """The command line imports nothing but the standard library before a command needs it."""
    command = [sys.executable, "-I", "-S", "-c", STUB, str(CHECKOUT)]
    seen = subprocess.run(command, capture_output=True, text=True, check=True)
    assert seen.stdout == "['__main__', 'livekit_plugins_avatar']\n"


def test_script_help(tmp_path: Path) -> None:
    """`scripts/demo --help` lists the options before anything is installed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [str(CHECKOUT / "scripts" / "demo"), "--help"]
    seen = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "--check" in seen.stdout and "installing" not in seen.stdout
    assert not list(tmp_path.iterdir())
