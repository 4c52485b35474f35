"""What the README tells people to type works."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import AgentServer, AgentSession
from numpy.typing import NDArray

import livekit_plugins_avatar as avatar
from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.tools import cli

from .simulated_room import SimulatedRoom

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)
PYTHON = [code for language, code in BLOCKS if language == "python"]
COMMANDS = sorted(set(re.findall(r"`(?:livekit-avatar )?((?:eval )?[a-z]+)(?: [^`]*)?`", README)))

NEEDS_A_KEY = ("inference.LLM",)
"""Names in blocks that call a service: these are run with a key that the service would refuse."""


class MyRenderer:
    """The renderer that the README supposes its reader to have."""

    size = (8, 4)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 8), np.uint8)

    def close(self) -> None:
        pass


@pytest.fixture
async def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What the README's blocks suppose: an agent in a room with anna, and a persona file."""
    monkeypatch.chdir(tmp_path)
    for name in ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.setenv(name, "refused")
    sketch = ROOT / "livekit_plugins_avatar/resources/sketch.onnx"
    shutil.copy(sketch, tmp_path / "me.onnx")
    room, anna = SimulatedRoom(), Mock(spec=rtc.RemoteParticipant)
    anna.identity, anna.kind, anna.attributes = "anna", 0, {}
    room.remote_participants = {"anna": anna}
    session: AgentSession[Any] = AgentSession()
    face = AvatarSession(renderer=MyRenderer())
    names: dict[str, Any] = {
        "AgentServer": AgentServer,
        "MyRenderer": MyRenderer,
        "ctx": SimpleNamespace(room=room.as_room),
        "session": session,
        "face": face,
    }
    exec("from livekit.plugins import avatar", names)
    await face.start(AgentSession(), room=room.as_room)
    yield names
    for each in (face, names["face"]):
        await each.aclose()


@pytest.mark.parametrize("code", PYTHON)
async def test_its_python_runs(code: str, names: dict[str, Any]) -> None:
    """Every block, as it stands."""
    compiled = compile(code, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, names)
    if inspect.isawaitable(result):
        await result


def test_blocks_that_need_a_key_are_said_to() -> None:
    for name in NEEDS_A_KEY:
        before, _ = README.split(f"{name}(", 1)
        paragraph = before.rpartition("```python")[0].strip().split("\n\n")[-1]
        assert "needs" in paragraph and "key" in paragraph


def test_its_shell_commands_install_this_package() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    [shell] = [code for language, code in BLOCKS if language == "sh"]
    install, extras = shell.split("#")
    assert install.split() == ["pip", "install", "livekit-plugins-avatar"]
    assert 'name = "livekit-plugins-avatar"' in project
    for extra in re.findall(r"\[(\w+)\]", extras):
        assert f"\n{extra} = [" in project, extra


def test_every_block_is_run_by_a_test_here() -> None:
    """Blocks without a language are drawings."""
    assert {language for language, _ in BLOCKS} == {"python", "sh", ""}


@pytest.mark.parametrize("command", [words for words in COMMANDS if words.startswith("eval ")])
def test_its_commands_are_known(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*command.split(), "--help"])
    assert left.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.name)
def test_the_examples_use_names_that_exist(path: Path) -> None:
    """They need keys and other plugins, so they are read and not run."""
    known = inspect.signature(AvatarSession).parameters
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            if ast.unparse(node.value) == "avatar":
                assert hasattr(avatar, node.attr), node.attr
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "avatar.AvatarSession":
            assert {keyword.arg for keyword in node.keywords} <= set(known)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(
            ("face.", "self._face.")
        ):
            assert hasattr(AvatarSession, ast.unparse(node.func).rpartition(".")[2])


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_its_scripts_are_there() -> None:
    for command in re.findall(r"`(scripts/[\w-]+)", README):
        assert (ROOT / command).stat().st_mode & 0o100, command
