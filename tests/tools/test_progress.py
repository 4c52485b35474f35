"""Commands that take long tell how far they have come."""

from __future__ import annotations

import time

import pytest

from livekit_plugins_avatar.tools import progress as module
from livekit_plugins_avatar.tools.progress import progress, reported


@pytest.mark.parametrize(("item_s", "lines"), [(0.1, 0), (1.0, 4)])
def test_progress(item_s: float, lines: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A line every two seconds on stderr; what is quick stays silent, and items pass unchanged."""
    passed: list[int] = []
    for item in progress(range(10), "frames", 10, now_s=lambda: len(passed) * item_s):
        passed.append(item)
    printed = capsys.readouterr()
    assert passed == list(range(10)) and not printed.out
    assert printed.err.count("of 10 frames") == lines


def test_lines_without_items(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They come while the block runs, on stderr; one that is over at once says nothing."""
    with reported("a call"):
        pass
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    printed = ""
    with reported("a call"):
        while "a call: 0 s ..." not in printed:
            time.sleep(0.01)
            out, printed = capsys.readouterr()
            assert not out
