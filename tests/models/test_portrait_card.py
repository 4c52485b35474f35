"""The nets and the table of personas from pictures are those that the card describes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "livekit_plugins_avatar" / "resources" / "portrait"
CARD = (ROOT / "models" / "portrait" / "CARD.md").read_text()


@pytest.mark.parametrize("path", sorted(RESOURCES.iterdir()), ids=lambda path: path.name)
def test_hash(path: Path) -> None:
    """The card has the name, the size and the hash of each file."""
    content = path.read_bytes()
    assert f"`{path.name}`" in CARD
    assert f"{len(content):,}" in CARD
    assert hashlib.sha256(content).hexdigest() in re.findall(r"[0-9a-f]{64}", CARD)


def test_size() -> None:
    """All of them together have at most 6 MB, for they are in every wheel."""
    assert sum(path.stat().st_size for path in RESOURCES.iterdir()) < 6_000_000
