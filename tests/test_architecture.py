"""docs/architecture.md names modules that exist, and that know each other."""

from __future__ import annotations

import importlib
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "livekit_plugins_avatar"
TEXT = (ROOT / "docs/architecture.md").read_text()
WAYS = [re.findall(r"`([\w.]+)`", line) for line in TEXT.splitlines() if "→" in line]
JOINTS = ("pipeline", "publish.publisher")
PLACES = re.findall(r"\| `([\w.]+)`: `(\w+)(?:\.(\w+))?` \|", TEXT)


def source(module: str) -> str:
    return (PACKAGE / f"{module.replace('.', '/')}.py").read_text()


def mentions(module: str, other: str) -> bool:
    """Whether a module imports another, or a name of it."""
    folder, _, name = other.rpartition(".")
    direct = rf"from \.+({folder}\.)?{name} import"
    through_folder = rf"from \.+{folder} import .*\b{name}\b"
    return bool(re.search(f"{direct}|{through_folder}", source(module)))


def joined(module: str, other: str) -> bool:
    """Whether one of two modules knows the other, or a module that joins stages knows both."""
    if mentions(module, other) or mentions(other, module):
        return True
    return any(mentions(joint, module) and mentions(joint, other) for joint in JOINTS)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_each_module_of_a_way_is_joined_to_the_next(way: list[str]) -> None:
    assert len(way) >= 3
    for module, following in pairwise(way):
        assert joined(module, following), f"{module} -> {following}"


@pytest.mark.parametrize(("module", "owner", "member"), PLACES)
def test_each_place_exists(module: str, owner: str, member: str) -> None:
    found = getattr(importlib.import_module(f"livekit_plugins_avatar.{module}"), owner)
    assert not member or hasattr(found, member)


def test_the_tree_names_every_folder_and_file_of_the_root() -> None:
    tree = set(re.findall(r"^  (\w+(?:\.py|/)) ", TEXT, re.MULTILINE))
    files = {path.name for path in PACKAGE.glob("*.py")} - {"log.py", "version.py"}
    folders = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__/"}
    assert tree == files | folders
