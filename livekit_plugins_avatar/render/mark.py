"""Draws a short text into the corner of a picture: a name, or that the face is an AI's.

The letters are strokes of one width, drawn smoothly at any size, so that no font is needed.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .renderer import Frames

LETTERS_MAX = 24

HEIGHT_PART = 0.045
"""Of the shorter side, the height of a capital: 16 pixels at 360p, readable on a telephone."""

WIDTH_PART = 0.6
"""Of the width, the most that the text takes; a longer one is drawn smaller."""

MARGIN_PART = 0.04
"""Of the shorter side, from the edge: clients that fill a tile crop less."""

STROKE, GAP, SPACE = 0.48, 1.7, 2.0
"""Half the width of a stroke, between letters, and of a space, in sixths of a capital's height."""

INK, PLATE, PLATE_OPAQUE = 235, 16, 0.62
"""Luma of the letters, and of the plate behind them, which keeps them readable on any picture."""

# Strokes from point to point; a point is x and y, 0 to 6, y downwards.
GLYPHS = {
    "A": "06 20 46,14 34",
    "B": "33 03 00 30 41 42 33 44 45 36 06 03",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 45 41 20 00",
    "E": "40 00 06 46,03 33",
    "F": "40 00 06,03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06,40 46,03 43",
    "I": "00 06",
    "J": "30 35 26 16 05",
    "K": "00 06,40 04,22 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10,24 46",
    "R": "06 00 30 41 42 33 03,23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40,20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 23 36 40",
    "X": "00 46,40 06",
    "Y": "00 23 40,23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10",
    "1": "01 10 16",
    "2": "01 10 30 41 42 06 46",
    "3": "00 40 23 33 44 45 36 16 05",
    "4": "36 30 04 44",
    "5": "40 00 03 33 44 45 36 16 05",
    "6": "40 20 02 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "10 30 41 42 33 13 02 01 10,13 04 05 16 36 45 44 33",
    "9": "43 13 02 01 10 30 41 44 26 06",
    "-": "03 33",
    ".": "06 06",
    ":": "02 02,06 06",
    "'": "00 01",
    " ": "",
}


class Mark:
    """A text for pictures of one size.

    Args:
        text: As `checked` gives it.
        size: Width and height of the pictures in pixels.
    """

    def __init__(self, text: str, size: tuple[int, int]) -> None:
        width, height = size
        unit = min(HEIGHT_PART * min(size), WIDTH_PART * width / (_width(text) / 6)) / 6
        ink = _drawn(text, unit)
        margin = round(MARGIN_PART * min(size)) // 2 * 2
        rows, columns = min(ink.shape[0], height - margin), min(ink.shape[1], width - margin)
        ink = ink[: rows // 2 * 2, : columns // 2 * 2]
        rows, columns = ink.shape
        # Letters over the plate over the picture.
        cover = ink + (1 - ink) * PLATE_OPAQUE
        luma = INK * ink + PLATE * (1 - ink) * PLATE_OPAQUE
        grey = cover.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3))
        self._luma = _fixed(1 - cover, luma)
        self._chroma = _fixed(1 - grey, 128 * grey)
        self._at = slice(margin, margin + rows), slice(margin, margin + columns)
        half = margin // 2
        self._half = slice(half, half + rows // 2), slice(half, half + columns // 2)
        self._height = height

    def draw(self, frames: Frames) -> None:
        """Draw it into planar I420 pictures, uint8 [B, H * 3 / 2, W], in place."""
        height, width = self._height, frames.shape[2]
        for frame in frames:
            _blend(frame[:height][self._at], self._luma)
            for plane in frame[height:].reshape(2, height // 2, width // 2):
                _blend(plane[self._half], self._chroma)


def checked(text: str) -> str:
    """Return what can be drawn of a mark, in capitals.

    Raises:
        ValueError: It is empty or too long, or has a letter that cannot be drawn.
    """
    drawn = " ".join(text.upper().split())
    if not 1 <= len(drawn) <= LETTERS_MAX:
        raise ValueError(f"mark has 1 to {LETTERS_MAX} letters, got {text!r}")
    for letter in drawn:
        if letter not in GLYPHS:
            raise ValueError(
                f"mark is drawn with A to Z, 0 to 9, space and - . : ' only, got {letter!r}"
            )
    return drawn


def _width(text: str) -> float:
    """In sixths of a capital's height."""
    return sum(_advance(letter) for letter in text)


def _advance(letter: str) -> float:
    points = GLYPHS[letter].replace(",", " ").split()
    return GAP + max((int(point[0]) for point in points), default=SPACE - GAP)


def _drawn(text: str, unit: float) -> NDArray[np.float32]:
    """The letters on their plate: how much of each pixel is ink, float32 [H, W]."""
    pad = 2.2
    rows, columns = (2 * round(unit * (side + 2 * pad) / 2) for side in (6.0, _width(text) - GAP))
    y, x = (np.mgrid[:rows, :columns] + 0.5) / unit - pad
    nearest = np.full((rows, columns), np.inf)
    left = 0.0
    for letter in text:
        for stroke in filter(None, GLYPHS[letter].split(",")):
            points = [(int(each[0]) + left, int(each[1])) for each in stroke.split()]
            for (ax, ay), (bx, by) in pairwise(points):
                dx, dy = bx - ax, by - ay
                along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy or 1.0)
                along = np.clip(along, 0.0, 1.0)
                away = np.hypot(x - ax - along * dx, y - ay - along * dy)
                nearest = np.minimum(nearest, away)
        left += _advance(letter)
    inked: NDArray[np.float32] = np.clip((STROKE - nearest) * unit + 0.5, 0, 1).astype(np.float32)
    return inked


Fixed = tuple[NDArray[np.uint16], NDArray[np.uint16]]
"""What is kept of a pixel, in 256ths, and 256 times what is added."""


def _fixed(keep: NDArray[np.float32], add: NDArray[np.float32]) -> Fixed:
    return np.rint(256 * keep).astype(np.uint16), np.rint(255 * add).astype(np.uint16)


def _blend(pixels: NDArray[np.uint8], fixed: Fixed) -> None:
    keep, add = fixed
    pixels[:] = (pixels * keep + add) >> 8
