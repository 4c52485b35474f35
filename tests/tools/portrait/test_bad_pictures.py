"""Pictures that cannot become a persona are refused, each with its own sentence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from livekit_plugins_avatar.tools.cli import main

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")
portrait = import_module("livekit_plugins_avatar.tools.portrait")
picture = import_module("livekit_plugins_avatar.tools.portrait.picture")

HEIC = Path(__file__).parent / "data/man.heic"
FLAG = "--i-have-the-right-to-use-this-picture"

Pixels = NDArray[np.uint8]


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    crc = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + crc


def png(width: int, height: int, *chunks: bytes) -> bytes:
    """A PNG that says it has a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    """Two frames."""
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("white", "red")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


NO_PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is an empty file"),
    "text": (lambda: b"Dear reader, this is a letter.", "is no picture that can be read"),
    "zeros": (lambda: bytes(5000), "is no picture that can be read"),
    "a PDF": (lambda: b"%PDF-1.7\n%...", "is a PDF"),
    "an SVG": (lambda: b'<?xml version="1.0"?><svg width="600"></svg>', "a drawing in SVG"),
    "half a HEIC": (lambda: HEIC.read_bytes()[:9000], "is damaged|is a HEIC file"),
    "an icon": (lambda: encoded(Image.new("RGB", (64, 64)), "ICO"), "is an icon"),
    "a PNG's head": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), "is no picture"),
    "no pixels": (lambda: png(600, 600), "is damaged"),
    "a bomb": (lambda: png(60_000, 60_000, chunk(b"IDAT", b"")), "million pixels"),
    "a bomb of text": (
        lambda: png(600, 600, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(2**23)))),
        "is damaged",
    ),
    "100 megapixels": (lambda: png(10_000, 10_000, chunk(b"IDAT", b"")), "million pixels"),
    "64 megabytes": (lambda: bytes(picture.FILE_MAX_BYTES + 1), "more than 64 MB"),
    "30 pixels": (lambda: encoded(Image.new("RGB", (30, 30))), "30 x 30 pixels"),
    "a strip": (lambda: encoded(Image.new("RGB", (2000, 20))), "2000 x 20 pixels"),
    "16 bits": (lambda: encoded(Image.new("I;16", (300, 300))), "8 bits a channel"),
    "numbers": (lambda: encoded(Image.new("F", (300, 300)), "TIFF"), "8 bits a channel"),
    "a moving GIF": (lambda: moving("GIF"), "is a moving picture"),
    "a moving WebP": (lambda: moving("WEBP"), "is a moving picture"),
    "black": (lambda: encoded(Image.new("RGB", (300, 300))), "no face was found"),
    "a wall": (lambda: encoded(Image.new("L", (300, 300), 128)), "no face was found"),
}
"""Files, and the sentence that each gets."""


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_no_picture_of_a_face(kind: str) -> None:
    """A file without a face in it is called what it is."""
    content, sentence = NO_PICTURES[kind]
    with pytest.raises(portrait.PictureError, match=sentence):
        portrait.make(content(), right="drawn by a test")


def tilted(man: Pixels) -> Image.Image:
    return Image.fromarray(man).rotate(25, Image.Resampling.BILINEAR)


def drawn_on(man: Pixels, what: str) -> Image.Image:
    """The man with something before his face; sizes are shares of the eyes' distance."""
    landmarks = import_module("livekit_plugins_avatar.tools.portrait.landmarks")
    points = landmarks.landmarks(man, landmarks.faces(man)[0]).points[:, :2]
    eyes = float(np.linalg.norm(points[473] - points[468]))
    image = Image.fromarray(man)
    draw = ImageDraw.Draw(image)

    def oval(middle: NDArray[np.float64], wide: float, high: float, colour: str) -> None:
        size = np.array([wide, high]) * eyes
        draw.ellipse([*(middle - size), *(middle + size)], fill=colour)

    if what == "a mask":
        oval(points[13], 0.95, 0.72, "#7fb6dd")
    elif what == "dark glasses":
        for iris in (468, 473):
            oval(points[iris], 0.45, 0.33, "#14141a")
        draw.line([*map(tuple, points[[468, 473]])], fill="#14141a", width=8)
    elif what == "a patch":
        oval(points[473], 0.42, 0.35, "#14141a")
    return image


def dog() -> Image.Image:
    """A painting of a dog."""
    image = Image.new("RGB", (500, 500), "#9fb8c8")
    draw = ImageDraw.Draw(image)
    for box, colour in (
        ((130, 110, 370, 400), "#8a5a33"), ((90, 130, 180, 330), "#5d3a1e"),
        ((320, 130, 410, 330), "#5d3a1e"), ((190, 270, 310, 390), "#d9c3a4"),
        ((222, 280, 278, 320), "#1c1614"), ((185, 205, 225, 245), "#1c1614"),
        ((275, 205, 315, 245), "#1c1614"), ((235, 350, 265, 410), "#c8606a"),
    ):  # fmt: skip
        draw.ellipse(box, fill=colour)
    return image


NO_PORTRAITS: dict[str, tuple[Callable[[Pixels], Image.Image], str]] = {
    "two people": (lambda man: Image.fromarray(np.hstack([man, man])), "2 faces were found"),
    "a small face": (lambda man: Image.fromarray(man).resize((200, 200)), "is too small"),
    "a tight crop": (lambda man: Image.fromarray(man[100:390, 110:400]), "cut too close"),
    "tilted": (tilted, "is tilted by 2[0-9] degrees"),
    "upside down": (lambda man: Image.fromarray(man[::-1]), "face"),
    "half a face": (lambda man: Image.fromarray(man[:, 250:]), "face"),
    "dark": (lambda man: Image.fromarray(man // 8), "dark|no face was found"),
    "glaring": (lambda man: Image.fromarray(255 - (255 - man) // 8), "bright|no face was found"),
    "blurred": (
        lambda man: Image.fromarray(man).filter(ImageFilter.GaussianBlur(4)),
        "is blurred",
    ),
    "a mask": (lambda man: drawn_on(man, "a mask"), "covers the mouth"),
    "dark glasses": (lambda man: drawn_on(man, "dark glasses"), "dark glasses"),
    "a patch": (lambda man: drawn_on(man, "a patch"), "one eye is covered"),
    "a dog": (lambda man: dog(), "face"),
}
"""Pictures made of the man's, and the sentence that each gets."""


@pytest.mark.parametrize("kind", NO_PORTRAITS)
def test_no_portrait(kind: str, man: Pixels) -> None:
    """A face that would not look well is refused, with the reason."""
    made, sentence = NO_PORTRAITS[kind]
    with pytest.raises(portrait.PictureError, match=sentence):
        portrait.make(encoded(made(man)), right="drawn by a test")


def cmyk(image: Image.Image) -> bytes:
    return encoded(image.convert("CMYK"), "JPEG", quality=95)


def lying(image: Image.Image) -> bytes:
    """Lies on its side, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)


def see_through(image: Image.Image) -> bytes:
    return encoded(image.convert("P", palette=Image.Palette.ADAPTIVE), transparency=0)


READABLE: dict[str, Callable[[Image.Image], bytes]] = {
    "CMYK": cmyk,
    "lying": lying,
    "a palette": lambda image: encoded(image.convert("P", palette=Image.Palette.ADAPTIVE)),
    "a palette with a hole": see_through,
    "grey": lambda image: encoded(image.convert("L")),
    "grey with alpha": lambda image: encoded(image.convert("LA")),
    "WebP": lambda image: encoded(image, "WEBP", quality=95),
    "BMP": lambda image: encoded(image, "BMP"),
    "EXIF of nonsense": lambda image: encoded(image, "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff"),
    "EXIF of 60 kB": lambda image: encoded(
        image, "JPEG", quality=95, exif=b"Exif\0\0" + b"I" * 60_000
    ),
}


@pytest.mark.parametrize("kind", READABLE)
def test_any_kind_of_picture(kind: str, man: Pixels) -> None:
    """Pictures are read upright and in colour, however they are kept."""
    read = picture.read(READABLE[kind](Image.fromarray(man))).pixels
    assert read.shape == man.shape
    assert np.abs(read.mean(axis=2) - man.mean(axis=2)).mean() < 12


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("none.png", "cannot be read: No such file"), (".", "cannot be read: Is a directory"),
     ("a\0b.png", "cannot be read: that is no path")],
    ids=["missing", "a folder", "no path"],
)  # fmt: skip
def test_no_file(path: str, sentence: str, tmp_path: Path) -> None:
    """What is no file is named."""
    with pytest.raises(portrait.PictureError, match=sentence):
        portrait.make(tmp_path / path, right="drawn by a test")


def test_the_name_of_a_file_is_not_believed(man: Pixels, tmp_path: Path) -> None:
    """A JPEG that is called a PNG is read."""
    (tmp_path / "picture.png").write_bytes(encoded(Image.fromarray(man), "JPEG"))
    assert picture.read(tmp_path / "picture.png").pixels.shape == man.shape


def test_a_truncated_picture(man: Pixels) -> None:
    """Half a picture is damaged, not shown."""
    with pytest.raises(portrait.PictureError, match="is damaged"):
        portrait.make(encoded(Image.fromarray(man))[:40_000], right="drawn by a test")


def test_no_teeth(man: Pixels) -> None:
    """A second picture that shows no teeth is refused, and said to be the second."""
    content = encoded(Image.fromarray(man))
    with pytest.raises(portrait.PictureError, match="picture of the teeth shows none"):
        portrait.make(content, right="drawn by a test", teeth=content)


def test_no_right(man: Pixels) -> None:
    """Without a word about the right to use the picture nothing is made."""
    with pytest.raises(ValueError, match="right is empty"):
        portrait.make(encoded(Image.fromarray(man)), right=" ")


def test_rights_are_asked(man: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal and without the flag no persona is made."""
    Image.fromarray(man).save(tmp_path / "me.png")
    assert main(["persona", str(tmp_path / "me.png"), "-o", str(tmp_path / "me.onnx")]) == 1
    assert FLAG in capsys.readouterr().err
    assert not (tmp_path / "me.onnx").exists()


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal is one line, and no file is left."""
    (tmp_path / "me.jpg").write_bytes(b"A letter.")
    assert main(["persona", str(tmp_path / "me.jpg"), "-o", str(tmp_path / "me.onnx"), FLAG]) == 1
    assert "no picture" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "me.onnx").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["-o", "me.bin"], "as .onnx"), (["-o", "no/me.onnx"], "no folder no"),
     (["-o", "me.onnx", "--sheet", "sheet.gif"], "as .png"),
     (["-o", "me.onnx", "--film", "no/film.mp4"], "no folder no")],
    ids=["its ending", "its folder", "the sheet's ending", "the film's folder"],
)  # fmt: skip
def test_outputs_are_checked_first(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A name that cannot be written is refused before the picture is looked at."""
    monkeypatch.chdir(tmp_path)
    assert main(["persona", "none.png", *words, FLAG]) == 1
    assert sentence in capsys.readouterr().err
