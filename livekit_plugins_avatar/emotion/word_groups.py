"""Reads the word lists of `resources/emotion/`, which explain themselves."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import NamedTuple


class Group(NamedTuple):
    """Words of one weight, and what they have in common."""

    name: str
    weight: float
    reason: str
    words: tuple[str, ...]


@lru_cache
def word_groups(listed: str) -> tuple[Group, ...]:
    """The groups of `listed`.txt in order: lines "name weight reason", with words below them."""
    folder = resources.files("livekit_plugins_avatar") / "resources" / "emotion"
    _, *blocks = (folder / f"{listed}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    groups = []
    for block in blocks:
        first_line, words = block.split("\n", 1)
        name, weight, reason = first_line.split(" ", 2)
        groups.append(Group(name, float(weight), reason, tuple(re.split(r",\s+", words.strip()))))
    return tuple(groups)
