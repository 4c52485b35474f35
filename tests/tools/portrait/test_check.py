"""Pictures that cannot become a persona are refused, each with its own sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from livekit_plugins_avatar.tools.cli import main

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")

FLAG = "--i-have-the-right-to-use-this-picture"


def refused(path: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command says when it refuses a picture."""
    given = ["persona", str(path), "-o", str(path.parent / "me.onnx"), *(words or (FLAG,))]
    assert main(given) == 1
    assert not (path.parent / "me.onnx").exists()
    return capsys.readouterr().err.splitlines()[-1]


def saved(folder: Path, pixels: NDArray[np.uint8]) -> Path:
    """A picture file."""
    Image.fromarray(pixels).save(folder / "picture.png")
    return folder / "picture.png"


def test_no_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A grey wall has no face."""
    said = refused(saved(tmp_path, np.full((300, 300, 3), 128, np.uint8)), capsys)
    assert "no face was found" in said


def test_two_faces(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of two people none is chosen."""
    assert "2 faces" in refused(saved(tmp_path, np.hstack([man, man])), capsys)


def test_a_small_face(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A face of a few pixels is not blown up."""
    small = np.asarray(Image.fromarray(man).resize((200, 200)))
    assert "too small" in refused(saved(tmp_path, small), capsys)


def test_a_tight_crop(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A face without room around it has nothing that a chin could move before."""
    assert "too close" in refused(saved(tmp_path, man[100:390, 110:400]), capsys)


def test_a_tilted_head(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A head that lies on its side is refused."""
    tilted = np.asarray(Image.fromarray(man).rotate(25, Image.Resampling.BILINEAR))
    assert "tilted" in refused(saved(tmp_path, tilted), capsys)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no picture"),
        (b"A text.", "no picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "no picture"),
    ],
    ids=["empty", "text", "broken"],
)
def test_no_picture(
    content: bytes, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is no picture is called that."""
    (tmp_path / "picture.png").write_bytes(content)
    assert sentence in refused(tmp_path / "picture.png", capsys)


def test_a_truncated_picture(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a picture is damaged, not shown."""
    path = saved(tmp_path, man)
    path.write_bytes(path.read_bytes()[:40_000])
    assert "damaged" in refused(path, capsys)


def test_a_huge_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture of 100 million pixels is not unpacked."""
    Image.new("1", (10_000, 10_000)).save(tmp_path / "picture.png")
    assert "million pixels" in refused(tmp_path / "picture.png", capsys)


def test_a_moving_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a film no frame is chosen."""
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("white", "red")]
    frames[0].save(tmp_path / "picture.gif", save_all=True, append_images=frames[1:])
    assert "moving picture" in refused(tmp_path / "picture.gif", capsys)


def test_no_such_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file is named."""
    assert "cannot be read" in refused(tmp_path / "none.png", capsys)


def test_rights_are_asked(
    man: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal and without the flag no persona is made."""
    said = refused(saved(tmp_path, man), capsys, "--name", "me")
    assert FLAG in said
