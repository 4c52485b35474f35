"""Child processes get the variables that they need, and no secrets."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from livekit_plugins_avatar.tools.demo import cache, worker_process
from livekit_plugins_avatar.tools.demo.environment import INSTALLERS, child_environment
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, ServerDied, livekit_server

SECRETS = ("OPENAI_API_KEY", "DEEPGRAM_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN")
SERVER = LiveKitServer(url="ws://127.0.0.1:1", api_key="key", api_secret="secret")


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell with secrets."""
    for name in SECRETS:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("https_proxy", "http://proxy:3128")


@pytest.fixture
def program(tmp_path: Path) -> tuple[Path, Path]:
    """A program that writes its environment to a file and ends; the program and the file."""
    program, seen = tmp_path / "program", tmp_path / "environment.json"
    program.write_text(
        f"#!{sys.executable} -S\nimport json, os\n"
        f"json.dump(dict(os.environ), open({str(seen)!r}, 'w'))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, seen


def test_allow_list() -> None:
    """Only variables of the list are passed on, whatever the others are called."""
    assert child_environment()["PATH"] == os.environ["PATH"]
    assert not set(SECRETS) & set(child_environment(*INSTALLERS))
    assert "https_proxy" not in child_environment()
    assert child_environment(*INSTALLERS)["https_proxy"] == "http://proxy:3128"
    assert child_environment("GITHUB_*")["GITHUB_TOKEN"] == "hush"


def test_livekit_server(program: tuple[Path, Path]) -> None:
    """The LiveKit server gets no key of another service."""
    binary, seen = program
    with pytest.raises(ServerDied), livekit_server(binary):
        pass
    assert not set(SECRETS) & set(json.loads(seen.read_text()))


def test_installer(program: tuple[Path, Path]) -> None:
    """Installers get the proxy and no key."""
    command, seen = program
    cache.run([command], part="a part", remedy="Get it.", env={"GOBIN": "/there"})
    given = json.loads(seen.read_text())
    assert (given["https_proxy"], given["GOBIN"]) == ("http://proxy:3128", "/there")
    assert not set(SECRETS) & set(given)


def test_worker(
    program: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent gets the keys of its services, LiveKit's of this run, and no other."""
    command, seen = program
    monkeypatch.setattr(sys, "executable", str(command))
    with (
        pytest.raises(worker_process.WorkerDied),
        worker_process.worker_process(SERVER, tmp_path / "agent.log", tmp_path),
    ):
        pass
    given = json.loads(seen.read_text())
    assert set(SECRETS) & set(given) == {"OPENAI_API_KEY", "DEEPGRAM_API_KEY"}
    assert given.items() >= SERVER.environment.items()
