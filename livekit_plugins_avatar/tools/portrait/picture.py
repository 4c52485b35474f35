"""Reads a picture from a file: upright, in RGB, of a size that can be worked on."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
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


def read(path: Path) -> Picture:
    """Read a picture.

    Raises:
        PictureError: There is no such file, it is no picture, or it is too large or too small.
    """
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            raise PictureError(
                f"{path} has more than {FILE_MAX_BYTES // 2**20} MB: save it as a JPEG"
            )
        content = path.read_bytes()
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror}") from error
    return Picture(_pixels(path), hashlib.sha256(content).hexdigest())


def _pixels(path: Path) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused here.
            warnings.simplefilter("ignore")
            # Formats can only be named once Pillow knows them.
            Image.init()
            with Image.open(path, formats=FORMATS) as image:
                _check_size(path, image)
                image.draft("RGB", (SIDE_MAX_PX, SIDE_MAX_PX))
                upright = ImageOps.exif_transpose(image)
                return _rgb(upright)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(
            f"{path} is no picture that can be read here: save it as a JPEG or a PNG"
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(_too_large(path)) from None
    # Pillow's decoders raise nearly anything on a damaged file.
    except Exception as error:
        raise PictureError(
            f"{path} is damaged ({type(error).__name__}): open it in an editor and save it again"
        ) from error


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        raise PictureError(_too_large(path))
    if min(image.size) < SIDE_MIN_PX:
        raise PictureError(
            f"{path} has {image.width} x {image.height} pixels: use a picture of at least "
            f"{SIDE_MIN_PX} pixels a side, better 512"
        )
    if getattr(image, "n_frames", 1) > 1 and image.format != "MPO":
        raise PictureError(f"{path} is a moving picture: save one frame of it as a PNG")


def _too_large(path: Path) -> str:
    return f"{path} has more than {PIXELS_MAX // 10**6} million pixels: make it smaller"


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in ("I", "I;16", "F"):
        raise PictureError(f"the picture is of mode {image.mode}: save it with 8 bits a channel")
    image.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX), Image.Resampling.LANCZOS)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        # What is see-through becomes a light wall.
        solid = Image.new("RGBA", image.size, (225, 225, 225, 255))
        image = Image.alpha_composite(solid, image.convert("RGBA"))
    return np.array(image.convert("RGB"))
