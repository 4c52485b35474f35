"""`livekit-avatar warm` opens what an agent will need, and tells what cannot be opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from livekit_plugins_avatar.tools import cli


def test_warm(write_persona: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Each model is ready; what it waits for is told on stderr."""
    path = write_persona()
    assert cli.main(["warm", str(path), "--device", "cpu"]) == 0
    printed = capsys.readouterr()
    assert f"{path}: ready on cpu" in printed.out and "speech recognition: ready" in printed.out
    assert f"opening {path}" in printed.err


@pytest.mark.parametrize(("content", "status"), [(None, 2), (b"no persona", 1)])
def test_wrong_persona(
    content: bytes | None, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there is a wrong argument, one that does not fit a failure."""
    path = tmp_path / "me.onnx"
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["warm", str(path)]) == status
    assert "me.onnx" in capsys.readouterr().err


def test_wrong_background(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no background is told before anything is opened."""
    assert cli.main(["warm", "man", "--background", "#12"]) == 2
    assert "got '#12'" in capsys.readouterr().err
