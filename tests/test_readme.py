"""What the README tells people to type exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import livekit_plugins_avatar as avatar

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_its_code_parses_and_names_what_there_is(snippet: str) -> None:
    tree = compile(
        snippet, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) == "avatar":
            assert hasattr(avatar, node.attr), node.attr


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_its_commands_are_there() -> None:
    for command in re.findall(r"`(scripts/\w+)", README):
        assert (ROOT / command).stat().st_mode & 0o100, command
