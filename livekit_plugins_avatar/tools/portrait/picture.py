"""Reads a picture from a file: upright, in RGB, of a size that can be worked on."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

FILE_MAX_BYTES = 64 * 2**20
PIXELS_MAX = 60_000_000
"""More than any telephone's camera takes; decoded, such a picture is 240 MB."""

SIDE_MIN_PX = 128
SIDE_MAX_PX = 2048
"""A larger picture is made smaller: the face is drawn 512 pixels wide at the most."""

HEIC = "a HEIC file: pip install pi-heif to have it read, or save it as a JPEG"

OTHERS = {
    b"%PDF": "a PDF: save the picture in it as a JPEG or a PNG",
    b"<svg": "a drawing in SVG: export it as a PNG of at least 512 pixels a side",
    b"ftyphei": HEIC,
    b"ftypmif1": HEIC,
    b"ftypavif": "an AVIF file, which is not read here: save it as a JPEG",
    b"\0\0\1\0": "an icon: use a picture of at least 512 pixels a side",
}
"""Kinds of files that people have, by what stands in their first bytes."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")


class PictureError(ValueError):
    """A picture cannot become a persona; the message says why, and the remedy."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Args:
        pixels: uint8 [H, W, 3], sRGB.
        digest: SHA-256 of the file.
    """

    pixels: NDArray[np.uint8]
    digest: str


def read(source: str | Path | bytes) -> Picture:
    """Read a picture.

    Args:
        source: A file's path or its content.

    Raises:
        PictureError: There is no such file, it is no picture, or it is too large or too small.
    """
    content, name = (source, "the picture") if isinstance(source, bytes) else _content(source)
    if len(content) > FILE_MAX_BYTES:
        raise PictureError(_too_long(name))
    return Picture(_pixels(content, name), hashlib.sha256(content).hexdigest())


def _content(path: str | Path) -> tuple[bytes, str]:
    try:
        with open(path, "rb") as file:
            return file.read(FILE_MAX_BYTES + 1), str(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no path"
        raise PictureError(f"{path} cannot be read: {reason}") from error


def _pixels(content: bytes, name: str) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused here.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content), formats=_formats()) as image:
                _check_size(name, image)
                image.draft("RGB", (SIDE_MAX_PX, SIDE_MAX_PX))
                upright = ImageOps.exif_transpose(image)
                return _rgb(upright)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(f"{name} is {_kind(content)}") from None
    except Image.DecompressionBombError:
        raise PictureError(_too_large(name)) from None
    # Pillow's decoders raise nearly anything on a damaged file.
    except Exception as error:
        raise PictureError(
            f"{name} is damaged ({type(error).__name__}): open it in an editor and save it again"
        ) from error


def _formats() -> list[str]:
    """What can be read: HEIF needs a library of its own."""
    # Formats can only be named once Pillow knows them.
    Image.init()
    try:
        from pi_heif import register_heif_opener
    except ImportError:
        return [*FORMATS]
    register_heif_opener()
    return [*FORMATS, "HEIF"]


def _kind(content: bytes) -> str:
    if not content:
        return "an empty file: save the picture again"
    for sign, kind in OTHERS.items():
        if sign in content[:256]:
            return kind
    return "no picture that can be read here: save it as a JPEG or a PNG"


def _check_size(name: str, image: Image.Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        raise PictureError(_too_large(name))
    if min(image.size) < SIDE_MIN_PX:
        raise PictureError(
            f"{name} has {image.width} x {image.height} pixels: use a picture of at least "
            f"{SIDE_MIN_PX} pixels a side, better 512"
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise PictureError(f"{name} is a moving picture: save one frame of it as a PNG")


def _too_large(name: str) -> str:
    return f"{name} has more than {PIXELS_MAX // 10**6} million pixels: make it smaller"


def _too_long(name: str) -> str:
    return f"{name} has more than {FILE_MAX_BYTES // 2**20} MB: save it as a JPEG"


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in ("I", "I;16", "F"):
        raise PictureError(f"the picture is of mode {image.mode}: save it with 8 bits a channel")
    image.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX), Image.Resampling.LANCZOS)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        # What is see-through becomes a light wall.
        solid = Image.new("RGBA", image.size, (225, 225, 225, 255))
        image = Image.alpha_composite(solid, image.convert("RGBA"))
    return np.array(image.convert("RGB"))
