"""Puts another background behind the figure of a persona file.

A file draws its figure before a wall, which it holds as bytes, and takes the outline along as the
head moves. With another wall it is another file, which every renderer draws as it draws the first,
in the same time.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from .framing import size_of
from .i420 import halved, yuv
from .onnx_file import OnnxFileError, Weight, read_weights
from .persona import ELEMENTS, Aspect, Persona, PersonaError

Background = str | Path
"""A colour as "#202830", "blur", or the path of a picture."""

BLUR = "blur"

BLUR_PART = 0.03
"""Of the height, the standard deviation of the blur: shapes are seen, and what they are is not."""

WANTED = "background is a colour as '#202830', 'blur', or the path of a picture"

PICTURES = ("jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe")
"""Kinds of files, by FFmpeg's names."""

Floats = NDArray[np.float64]

Planes = tuple[Floats, Floats]
"""Codes of luma [H, W] and of chroma [2, H / 2, W / 2]."""


def is_picture(background: Background) -> bool:
    """Whether it is the path of a picture."""
    return isinstance(background, Path) or not (background == BLUR or background.startswith("#"))


def check(background: Background) -> None:
    """Check what is asked for; a picture is read.

    Raises:
        TypeError: It is neither a text nor a path.
        ValueError: It is no colour, or no picture that can be read.
    """
    if not isinstance(background, str | Path):
        raise TypeError(f"{WANTED}, got {background!r}")
    if is_picture(background):
        _pixels(background)
    elif background != BLUR:
        _colour(str(background))


def check_persona(persona: Persona) -> None:
    """Raise a PersonaError if a persona cannot have another background."""
    _wall(persona, persona.content)


def with_background(persona: Persona, background: Background, aspect: Aspect = "square") -> Persona:
    """Return the persona before another background, as a persona of its own.

    Args:
        persona: From `Persona.load`.
        background: A picture fills the frame of the aspect; what is too much of it is cut off
            evenly.
        aspect: In which the persona will be shown.

    Raises:
        PersonaError: The persona's file does not tell figure and background apart.
        ValueError: The background is no colour, or no picture that can be read.
    """
    content = bytearray(persona.content)
    wall = _wall(persona, content)
    before = wall.read()
    height, width = before[0].shape
    shown = size_of(persona.size_of(aspect), aspect, None)
    if is_picture(background):
        after = _widened(_fitted(_pixels(background), shown), width)
    elif background == BLUR:
        after = _blurred(before[0], BLUR_PART * height), _blurred(before[1], BLUR_PART * height / 2)
    else:
        colour = np.broadcast_to(_colour(str(background)), (height, width, 3))
        after = _planes(colour)
    wall.write(after)
    return replace(persona, content=bytes(content), digest=hashlib.sha256(content).hexdigest())


class _Wall:
    """What is behind the figure in a persona file, luma and chroma.

    Args:
        persona: The file.
        weights: Of it; written to, if they can be.

    Raises:
        KeyError, ValueError: It does not hold all that is needed.
    """

    names = ("wall_luma", "wall_chroma")

    def __init__(self, persona: Persona, weights: Mapping[str, Weight]) -> None:
        self._weights = weights
        self._width, self._height = persona.size
        luma, chroma = (self._numbers(name) for name in self.names)
        self._luma: NDArray[Any] = luma.reshape(-1, self._width)
        self._chroma: NDArray[Any] = chroma.reshape(2, -1, self._width // 2)
        rows = len(self._luma)
        if rows < self._height or self._chroma.shape[1] * 2 != rows:
            raise ValueError(f"a wall of {rows} rows")
        self._sides = self._beside() if "wide" in persona.sizes else []
        widths = [sum(side.shape[-1] for side in pair) for pair in self._sides]
        wide = persona.sizes.get("wide", persona.size)[0] - self._width
        if self._sides and widths != [wide, wide // 2]:
            raise ValueError(f"sides of {widths} columns")

    def read(self) -> Planes:
        """The wall of the widest picture."""
        planes = [self._luma[: self._height], self._chroma[:, : self._height // 2]]
        for k, (left, right) in enumerate(self._sides):
            planes[k] = np.concatenate([left, planes[k], right], axis=-1)
        return planes[0].astype(np.float64), planes[1].astype(np.float64)

    def write(self, planes: Planes) -> None:
        """Put another in its place."""
        middles = list(planes)
        for k, (left, right) in enumerate(self._sides):
            plane = planes[k]
            first, last = left.shape[-1], plane.shape[-1] - right.shape[-1]
            for side, part in (("left", plane[..., :first]), ("right", plane[..., last:])):
                self._write_side(side, k, part)
            middles[k] = plane[..., first:last]
        self._write_middle((middles[0], middles[1]))

    def _write_side(self, side: str, kind: int, wall: Floats) -> None:
        """Put another wall beside the square: where shoulders reach, they stay."""
        kept = self._sides[kind][side == "right"]
        name = f"{side}_cover"
        if name in self._weights:
            cover = self._numbers(name).reshape(self._height, -1) / 255
            share = halved(cover) if kind else cover
            wall = kept * share + wall * (1 - share)
        kept[:] = np.rint(wall)

    def _write_middle(self, planes: Planes) -> None:
        for kept, plane in zip((self._luma, self._chroma), planes, strict=True):
            kept[:] = self._longer(plane, kept.shape[-2])

    def _beside(self) -> list[list[NDArray[Any]]]:
        """What is left and right of the square in a wide picture: luma, chroma."""
        shapes: dict[str, tuple[int, ...]] = {
            "luma": (self._height, -1),
            "chroma": (2, self._height // 2, -1),
        }
        return [
            [self._numbers(f"{side}_{kind}").reshape(shape) for side in ("left", "right")]
            for kind, shape in shapes.items()
        ]

    def _numbers(self, name: str) -> NDArray[Any]:
        weight = self._weights[name]
        if weight.element != ELEMENTS["uint8"]:
            raise ValueError(f"{name} is not uint8")
        return np.frombuffer(weight.raw, "uint8")

    def _longer(self, plane: Floats, rows: int) -> Floats:
        """With its last row repeated, for a figure that rises shows more of itself."""
        more = [(0, 0)] * (plane.ndim - 2) + [(0, rows - plane.shape[-2]), (0, 0)]
        return np.rint(np.pad(plane, more, "edge"))


class _Outline(_Wall):
    """The wall of a face from a picture. What is drawn is the figure as far as it differs from this
    wall; before others its outline has its own colours, which the file holds, too."""

    def __init__(self, persona: Persona, weights: Mapping[str, Weight]) -> None:
        super().__init__(persona, weights)
        shape = self._chroma.shape[1:]
        self._matte, alone = (
            self._numbers(name).reshape(shape) for name in ("matte", "cutout_matte")
        )
        self._alone = alone
        self._at = (alone > 0) & (alone < 255)
        self._blocks = self._numbers("cutout_blocks").reshape(int(self._at.sum()), 6)
        luma, chroma = (self._numbers(f"figure_{kind}") for kind in ("luma", "chroma"))
        self._pixels = luma.reshape(shape[0], 2, shape[1], 2).transpose(0, 2, 1, 3)
        self._colours = chroma.reshape(2, *shape)

    def _write_middle(self, planes: Planes) -> None:
        super()._write_middle(planes)
        self._matte[:] = self._alone
        self._pixels[self._at] = self._blocks[:, :4].reshape(-1, 2, 2)
        self._colours[:, self._at] = self._blocks[:, 4:].T


class _Room(_Wall):
    """The room of a rendered person, whose file holds the resting figure in it, and how much of
    each pixel is the figure. A wide picture goes on at both sides."""

    names = ("net.wall_luma_code", "net.wall_chroma_code")

    def __init__(self, persona: Persona, weights: Mapping[str, Weight]) -> None:
        super().__init__(persona, weights)
        self._cover = self._numbers("net.cover_code").reshape(self._luma.shape)
        self._plate: list[NDArray[Any]] = [
            self._numbers(f"net.{kind}_code").reshape(plane.shape)
            for kind, plane in (("luma", self._luma), ("chroma", self._chroma))
        ]

    def _write_middle(self, planes: Planes) -> None:
        cover = self._cover / 255
        walls = self._luma, self._chroma
        covers: tuple[NDArray[Any], ...] = (cover, halved(cover))
        for plate, wall, middle, share in zip(self._plate, walls, planes, covers, strict=True):
            # What of a pixel was the old wall is the new one.
            new = self._longer(middle, wall.shape[-2])
            codes = np.rint(plate + (1 - share) * (new - wall))
            plate[:] = np.where(share > 0, codes, new).clip(0, 255)
        super()._write_middle(planes)


def _wall(persona: Persona, content: bytes | bytearray) -> _Wall:
    """The wall in the content of a persona's file; a PersonaError if it has none."""
    try:
        weights = read_weights(content)
    except OnnxFileError as error:
        raise PersonaError(f"{persona.path} {error}") from None
    for kind in (_Outline, _Room):
        if kind.names[0] in weights:
            try:
                return kind(persona, weights)
            except (KeyError, ValueError):
                break
    raise PersonaError(
        f"the persona {persona.name} ({persona.path}) can have no other background: its file "
        "does not tell figure and background apart. Use 'man', 'woman', 'filmed-man', 'caller', "
        "or a face that `livekit-avatar persona` has made of a picture (an older one: make it "
        "again), or leave background out"
    )


def _colour(text: str) -> NDArray[np.uint8]:
    digits = text[1:]
    if not re.fullmatch("[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", digits):
        raise ValueError(f"{WANTED}, got {text!r}")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return np.frombuffer(bytes.fromhex(digits), np.uint8)


def _pixels(path: Background) -> NDArray[np.uint8]:
    """A picture's pixels, upright, uint8 [H, W, 3]."""
    if not Path(path).is_file():
        raise ValueError(f"{WANTED}; there is no file of this name, got {str(path)!r}")
    try:
        with av.open(io.BytesIO(Path(path).read_bytes())) as file:
            if file.format.name not in PICTURES:
                raise ValueError("it is none")
            frame = next(file.decode(video=0))
            pixels = frame.to_ndarray(format="rgb24")
    # FFmpeg's errors derive from one of these.
    except (OSError, ValueError, StopIteration, IndexError, MemoryError) as error:
        raise ValueError(
            f"{WANTED} (JPEG, PNG, WebP, BMP, TIFF); it cannot be read as one, got {str(path)!r}"
        ) from error
    return np.rot90(pixels, getattr(frame, "rotation", 0) // 90)


def _fitted(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Planes:
    """The planes of a picture that fills a frame."""
    rows, columns = pixels.shape[:2]
    width, height = size
    kept = min(columns, max(1, round(rows * width / height)))
    kept_rows = min(rows, max(1, round(columns * height / width)))
    top, left = (rows - kept_rows) // 2, (columns - kept) // 2
    part = np.ascontiguousarray(pixels[top : top + kept_rows, left : left + kept])
    frame = av.VideoFrame.from_ndarray(part, format="rgb24")
    scaled = frame.reformat(width=width, height=height, interpolation="LANCZOS")
    return _planes(scaled.to_ndarray(format="rgb24"))


def _planes(picture: NDArray[np.uint8]) -> Planes:
    codes = yuv(picture)
    return codes[0], halved(codes[1:])


def _widened(planes: Planes, width: int) -> Planes:
    """With the edge repeated at both sides, where the frame ends."""
    luma, chroma = (
        np.pad(plane, [(0, 0)] * (plane.ndim - 1) + [(more, more)], "edge")
        for plane, more in (
            (planes[0], (width - planes[0].shape[1]) // 2),
            (planes[1], (width // 2 - planes[1].shape[2]) // 2),
        )
    )
    return luma, chroma


def _blurred(plane: Floats, deviation_px: float) -> Floats:
    """Gaussian blur of [..., H, W], with the edges repeated."""
    down, across = (_blur(side, deviation_px) for side in plane.shape[-2:])
    return np.asarray(down @ plane @ across.T)


def _blur(length: int, deviation_px: float) -> Floats:
    reach = int(3 * deviation_px)
    steps = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (steps / deviation_px) ** 2)
    matrix = np.zeros((length, length))
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        at = np.arange(length)
        np.add.at(matrix, (at, (at + step).clip(0, length - 1)), weight)
    return matrix
