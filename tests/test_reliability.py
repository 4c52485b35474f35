"""docs/reliability.md and docs/security.md name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["reliability", "security"])
def test_every_test_that_a_promise_names_exists(name: str) -> None:
    """A path in the tables is a file or a folder of tests."""
    named = re.findall(r"\btests/[\w/]+(?:\.py)?", (ROOT / f"docs/{name}.md").read_text())
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
