"""A contact sheet: pictures of a film in rows, each with its time and viseme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...face.state import FaceState
from ...render.renderer import Renderer
from ...timeline import SAMPLE_RATE, Timed
from ..i420 import luma, rgb

WIDTH_PX = 1600
THUMB_PX = 200
"""Width of one picture on a sheet."""

CAPTION_PX = 18
GAP_PX = 4
PAPER, INK = (24, 24, 24), (220, 220, 220)

MOVED_LEVELS = 12
"""A pixel that changes by so many levels of luma has moved."""

MOUTH_SHAPES = (
    FaceState.of(mouthPucker=1.0),
    FaceState.of(mouthUpperUpLeft=1.0, mouthUpperUpRight=1.0),
    FaceState.of(mouthLowerDownLeft=1.0, mouthLowerDownRight=1.0),
)
"""These move the lips only: a smile also moves the cheeks, and the jaw the chin."""

MARGIN = 0.4
"""Added around the lips, as a share of their width: an open jaw and a turned head fit in."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""


class ContactSheet:
    """Collects pictures on one image.

    Args:
        box: The part of each picture to show; by default all.
    """

    def __init__(self, box: Box | None = None) -> None:
        self._box = box
        self._shown: list[tuple[Image.Image, str]] = []

    def add(self, picture: NDArray[np.uint8], caption: str) -> None:
        """Add a picture: I420, uint8 [H * 3 / 2, W]."""
        image = Image.fromarray(rgb(picture))
        if self._box is not None:
            image = image.crop(self._box)
        height = round(THUMB_PX * image.height / image.width)
        thumb = image.resize((THUMB_PX, height), Image.Resampling.LANCZOS)
        self._shown.append((thumb, caption))

    def image(self) -> Image.Image:
        """The sheet so far; at least one picture must have been added."""
        columns = min(len(self._shown), WIDTH_PX // (THUMB_PX + GAP_PX))
        rows = -(-len(self._shown) // columns)
        step_x = THUMB_PX + GAP_PX
        step_y = self._shown[0][0].height + CAPTION_PX + GAP_PX
        sheet = Image.new("RGB", (columns * step_x + GAP_PX, rows * step_y + GAP_PX), PAPER)
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(size=CAPTION_PX - 5)
        for number, (thumb, caption) in enumerate(self._shown):
            x = GAP_PX + number % columns * step_x
            y = GAP_PX + number // columns * step_y
            sheet.paste(thumb, (x, y))
            draw.text((x + 2, y + thumb.height + 1), caption, INK, font)
        return sheet


def mouth_box(renderer: Renderer) -> Box:
    """The region that changes when only the lips move, with a margin.

    Returns:
        The whole picture if nothing changes.
    """
    faces = (FaceState.of(), *MOUTH_SHAPES)
    moments = [Timed(0, SAMPLE_RATE // renderer.fps, face) for face in faces]
    rest, *others = (luma(frame).astype(np.int16) for frame in renderer.render(moments))
    moved = np.max([np.abs(other - rest) for other in others], axis=0) >= MOVED_LEVELS
    width, height = renderer.size
    if not moved.any():
        return 0, 0, width, height
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    margin = round(MARGIN * (columns[-1] - columns[0]))
    return (
        max(0, int(columns[0]) - margin),
        max(0, int(rows[0]) - margin),
        min(width, int(columns[-1]) + 1 + margin),
        min(height, int(rows[-1]) + 1 + margin),
    )
