"""What README, docs and examples tell people to type works."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, Mock

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import AgentServer, AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment
from livekit_plugins_avatar.remote import avatar as remote_avatar
from livekit_plugins_avatar.tools import cli

from .simulated_room import SimulatedRoom

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in PAGES}
BLOCKS = [
    (page, language, code)
    for page, text in TEXTS.items()
    for language, code in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL)
]
PYTHON = [(page, code) for page, language, code in BLOCKS if language == "python"]
SHELL = [
    (page, line)
    for page, language, code in BLOCKS
    if language == "sh"
    for line in code.splitlines()
    if line
]
SHOWN = {"", "yaml", "toml", "dockerfile"}
"""Drawings, texts and other programs' files: not run."""
NEEDS_A_KEY = ("inference.LLM",)
"""Names in blocks that call a service: these are run with a key that the service would refuse."""
EXAMPLES = {path.name: path.read_text() for path in sorted((ROOT / "examples").glob("*.py"))}
SCREEN = 70
"""Lines."""


class MyRenderer:
    """The renderer that pages suppose their reader to have."""

    size = (8, 4)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        return np.zeros((len(moments), 6, 8), np.uint8)

    def close(self) -> None:
        pass


@pytest.fixture
async def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What the blocks suppose: an agent in a room with anna, and a persona file."""
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


@pytest.mark.parametrize(("page", "code"), PYTHON)
async def test_python(page: str, code: str, names: dict[str, Any]) -> None:
    """Every block of Python runs as it stands."""
    compiled = compile(code, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, names)
    if inspect.isawaitable(result):
        await result


def test_keys() -> None:
    """Before a block that needs a key, the text says so."""
    for text in TEXTS.values():
        for name in NEEDS_A_KEY:
            for before in text.split(f"{name}(")[:-1]:
                paragraph = before.rpartition("```python")[0].strip().split("\n\n")[-1]
                assert "needs" in paragraph and "key" in paragraph


def test_languages() -> None:
    """Every block is run by a test here, or is no program of ours."""
    assert {language for _, language, _ in BLOCKS} - SHOWN == {"python", "sh"}


def extras() -> set[str]:
    """The extras of the package."""
    project = (ROOT / "pyproject.toml").read_text()
    table = project.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    return set(re.findall(r"^(\w+) = \[", table, re.MULTILINE))


@pytest.mark.parametrize(("page", "line"), SHELL)
def test_shell(page: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of a block is ours, with options that it has, or installs what exists."""
    words = shlex.split(line, comments=True)
    if words[0] == "livekit-avatar":
        check_command(words[1:], capsys)
    elif words[0] == "uvx":
        assert words[1:4] == ["--from", "livekit-plugins-avatar", "livekit-avatar"]
        check_command(words[4:], capsys)
    elif words[0] == "pip":
        for package in words[2:]:
            if package.startswith("livekit-plugins-avatar"):
                wanted = re.fullmatch(r"[\w-]+(?:\[([\w,]+)\])?", package)
                assert wanted and set((wanted[1] or "").split(",")) - {""} <= extras()
    else:
        assert (ROOT / words[0]).stat().st_mode & 0o100, line


def check_command(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The command is known, and its help has each option."""
    known = {command.words for command in cli.COMMANDS} | {"eval"}
    command = max((name for name in known if words[: len(name.split())] == name.split()), key=len)
    assert command != "eval" or len(words) == 1, words
    with pytest.raises(SystemExit) as left:
        cli.main([*command.split(), "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    for option in words:
        assert not option.startswith("--") or option in printed, option


@pytest.mark.parametrize(
    ("page", "command"),
    sorted(
        {
            (page, command)
            for page, text in TEXTS.items()
            for command in re.findall(r"`(livekit-avatar [^`\n]+)`", text)
        }
    ),
)
def test_named_command(page: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands within a text are known, too."""
    check_command(shlex.split(command.replace(" ...", ""))[1:], capsys)


@pytest.mark.parametrize("page", TEXTS)
def test_links(page: str) -> None:
    """Links lead to files, and anchors to headings."""
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            slugs = {
                re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-") for each in headings
            }
            assert anchor in slugs, link


def test_readme_is_short() -> None:
    """A newcomer reads it in some minutes; the picture on top is small."""
    assert len(TEXTS["README.md"].splitlines()) <= 190
    assert (ROOT / "docs/hello.webp").stat().st_size < 1_500_000


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Services' plugins that need keys, where they are not installed."""
    import livekit.plugins

    for variable in ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.setenv(variable, "refused")
    for name in ("deepgram", "openai", "silero"):
        plugin = MagicMock(spec=ModuleType(name), name=name)
        plugin.__dict__.update(
            {each: MagicMock() for each in ("STT", "LLM", "TTS", "VAD", "realtime")}
        )
        monkeypatch.setitem(sys.modules, f"livekit.plugins.{name}", plugin)
        monkeypatch.setattr(livekit.plugins, name, plugin, raising=False)
    yield


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(("name", "code"), EXAMPLES.items(), ids=EXAMPLES)
async def test_example(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fits a screen and starts its face in a room; services and speech are stand-ins."""
    assert len(code.splitlines()) <= SCREEN
    for extra in re.findall(r"livekit-plugins-avatar\[([\w,]+)\]", code):
        assert set(extra.split(",")) <= extras()
    module = ModuleType(name)
    exec(compile(code, name, "exec"), vars(module))

    faces: list[AvatarSession] = []
    start = AvatarSession.start

    async def started(face: AvatarSession, *args: Any, **kwargs: Any) -> None:
        faces.append(face)
        await start(face, *args, **kwargs)

    monkeypatch.setattr(AvatarSession, "start", started)
    # No server is there to dispatch a worker.
    monkeypatch.setattr(remote_avatar, "ServerDispatcher", lambda *_: AsyncMock())
    monkeypatch.setattr(remote_avatar, "JOIN_S", 0.1)
    session: AgentSession[Any] = AgentSession()
    for spoken in ("start", "say", "generate_reply"):
        monkeypatch.setattr(session, spoken, AsyncMock())
    vars(module)["AgentSession"] = lambda **_: session
    await module.enter(SimpleNamespace(room=SimulatedRoom().as_room))
    [face] = faces
    assert face.avatar_identity == "agent" or "worker=" in code
    await face.aclose()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples/clients").iterdir()), ids=lambda p: p.name
)
def test_client(path: Path) -> None:
    """A snippet for a client fits a screen and tells of the sync group; it is not compiled."""
    text = path.read_text()
    assert len(text.splitlines()) <= SCREEN and "sync_streams" in text
