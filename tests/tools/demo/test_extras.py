"""`uvx livekit-avatar demo` fetches the extra that the demo needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

import pytest

from livekit_plugins_avatar.tools.demo import extras

UVX = "/home/someone/.cache/uv/archive-v0/abc"


@pytest.fixture
def run_as(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Sequence[str], Mapping[str, str]]]:
    """What this process would go on as."""
    became: list[tuple[Sequence[str], Mapping[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _, words, env: became.append((words, env)))
    monkeypatch.setenv("UV", "/bin/uv")
    monkeypatch.delenv(extras.FETCHED, raising=False)
    monkeypatch.setattr(sys, "prefix", UVX)
    return became


def test_again(run_as: list[tuple[Sequence[str], Mapping[str, str]]]) -> None:
    """The same command, from where the package came, with the extra; once."""
    extras.run_again_with("demo", ["demo", "--check"])
    [(words, env)] = run_as
    assert words[:4] == ["/bin/uv", "tool", "run", "--from"]
    assert words[4].startswith("livekit-plugins-avatar[demo]")
    assert list(words[5:]) == ["livekit-avatar", "demo", "--check"]
    assert env[extras.FETCHED] == "demo"


def test_two(
    run_as: list[tuple[Sequence[str], Mapping[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that needs a second extra keeps the first."""
    monkeypatch.setenv(extras.FETCHED, "demo")
    extras.run_again_with("eval", ["demo", "--check"])
    [(words, env)] = run_as
    assert words[4].startswith("livekit-plugins-avatar[demo,eval]")
    assert env[extras.FETCHED] == "demo,eval"
    monkeypatch.setenv(extras.FETCHED, "demo,eval")
    extras.run_again_with("demo", ["demo", "--check"])
    assert len(run_as) == 1


def test_once(
    run_as: list[tuple[Sequence[str], Mapping[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What still misses it then is told, and so is what is installed in the usual way."""
    monkeypatch.setenv(extras.FETCHED, "demo")
    extras.run_again_with("demo", ["demo"])
    monkeypatch.delenv(extras.FETCHED)
    monkeypatch.setattr(sys, "prefix", "/home/someone/project/.venv")
    extras.run_again_with("demo", ["demo"])
    assert not run_as
