"""Composes pictures in one pass over their pixels, in native code: compositor.c.

ONNX Runtime computes the same by a few hundred operators, each of which goes over all pixels. Where
the code has not been built for this machine, it does.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from ctypes import POINTER, byref, c_float, c_int32, c_int64, c_uint8, c_uint16, c_uint32
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .composition import Composition

BLOCK_PX, CELL_PX = 2, 4

STRIP = 16
"""Blocks that are drawn at once: a picture has as many in a row at least."""

LEAST_PX = 4
"""Of a figure's side: a block and the pixels after it."""

SUFFIX = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
LIBRARY = Path(__file__).with_name(f"libnative.{SUFFIX}")

Arrays = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float32]


class CompositionError(ValueError):
    """A file's values do not have the shapes that its composition needs."""


class Picture(ctypes.Structure):
    """`struct picture` of compositor.c."""

    _fields_ = (
        ("columns", c_int32),
        ("rows", c_int32),
        ("near", POINTER(c_uint32)),
        ("near_columns", c_int32),
        ("near_rows", c_int32),
        ("smooth", POINTER(c_uint32)),
        ("smooth_columns", c_int32),
        ("wall_luma", POINTER(c_uint16)),
        ("wall_chroma", POINTER(c_uint8)),
        ("black", c_float),
        ("narrower", c_float),
        ("sharpened", c_int32),
        ("over_left", c_int32),
        ("over_top", c_int32),
        ("over_columns", c_int32),
        ("over_rows", c_int32),
        ("over_planes", c_int32),
    )


class Values(ctypes.Structure):
    """`struct values` of compositor.c."""

    _fields_ = tuple(
        (name, POINTER(c_float))
        for name in ("motion", "gain", "light", "over_motion", "over_luma", "over_more")
    )


@cache
def library() -> Any:
    """The native code, or None where there is none for this machine."""
    try:
        native = ctypes.CDLL(str(LIBRARY))
    except OSError:
        return None
    native.compose.restype = None
    native.compose_floats.restype = c_int64
    return native


class Compositor:
    """What composes the pictures of a persona. Any thread may use it, several at a time.

    Args:
        composition: What the file says.
        still: Values that never change, by name.
        changing: Shapes of those that do.
        size: Width and height of the picture in pixels.

    Raises:
        CompositionError: These do not fit each other.
    """

    def __init__(
        self,
        composition: Composition,
        still: Arrays,
        changing: Mapping[str, tuple[int, ...]],
        size: tuple[int, int],
    ) -> None:
        self._said, self.size = composition, size
        width, height = size
        columns, rows = width // BLOCK_PX, height // BLOCK_PX
        if width % CELL_PX or height % CELL_PX or columns < STRIP:
            raise CompositionError(f"a picture of {width} x {height} pixels is not composed")
        self._check(changing, columns // 2, rows // 2)
        near = _texels([_moved(still[each.planes], *each[1:]) for each in composition.near])
        smooth = _texels(
            [_every_second(still[each.planes], *each[1:]) for each in composition.smooth]
        )
        luma = _codes(still[composition.wall_luma][..., :height, :width])
        chroma = _codes(still[composition.wall_chroma][..., :rows, :columns])
        fits = (np.array(near.shape) + 1) // 2 + 1 == smooth.shape
        fits &= np.array(near.shape) >= LEAST_PX
        if luma.size != width * height or chroma.size != luma.size // 2 or not fits.all():
            raise CompositionError("the wall or the figure has another size than the picture")
        self._kept = (near, smooth, luma, chroma)
        over = [0] * 5
        if composition.over is not None:
            *_, rows_over, columns_over = changing[composition.over.luma]
            over = [composition.over.left, composition.over.top, columns_over - 1, rows_over - 1]
            over.append(prod(changing[composition.over.more][:2]))
        self._picture = Picture(
            *(columns, rows, _at(near, c_uint32), *near.shape[::-1]),
            *(_at(smooth, c_uint32), smooth.shape[1], _at(luma, c_uint16), _at(chroma, c_uint8)),
            *(composition.black, composition.narrower, composition.sharpened, *over),
        )
        parts = np.array(composition.regions, np.int32) // BLOCK_PX
        ends = parts[:, :2] + parts[:, 2:]
        if (ends > (columns, rows)).any() or (parts[:, 2:] < 1).any():
            raise CompositionError("a region lies outside of the picture")
        self._regions = np.ascontiguousarray(np.concatenate([parts[:, :2], ends], axis=1))
        self._floats = library().compose_floats(columns, rows)

    def _check(self, changing: Mapping[str, tuple[int, ...]], columns: int, rows: int) -> None:
        said = self._said
        fits = changing[said.motion] in ((1, 2, rows, columns), (1, 3, rows, columns))
        if said.light is not None:
            fits &= changing[said.light] == (3, 1, rows, columns)
        if said.over is not None:
            motion, luma, more = (
                changing[name] for name in (said.over.motion, said.over.luma, said.over.more)
            )
            fits &= motion in ((1, 2, rows, columns), (1, 3, rows, columns)) and len(more) == 4
            fits = fits and prod(more[:2]) in (2, 3) and min(more[2:]) > 1
            fits = fits and luma == (1, 1, *(2 * side - 1 for side in more[2:]))
        if not fits:
            raise CompositionError("what changes from picture to picture has other shapes")

    def bound(self, values: Arrays, frame: NDArray[np.uint8]) -> Callable[[], None]:
        """What composes such values into a frame, [1, height * 3 / 2, width], which holds the last
        one; by one thread at a time."""
        said, over = self._said, self._said.over
        motion = values[said.motion]
        planes: list[NDArray[Any] | None] = [
            motion,
            motion[0, 2] if motion.shape[1] > 2 else None,
            None if said.light is None else values[said.light],
            *([None] * 3 if over is None else [values[name] for name in over[:3]]),
        ]
        pointers = Values(*(each if each is None else _at(each, c_float) for each in planes))
        memory = _memory(self._floats)
        regions, count = _at(self._regions, c_int32), len(self._regions)
        frame.ravel()[:] = np.concatenate([plane.ravel() for plane in self._kept[2:]])
        compose = library().compose
        floats, to = _at(memory, c_float), _at(frame, c_uint8)
        kept = (self, memory, frame, planes)

        def run() -> None:
            assert kept
            compose(byref(self._picture), byref(pointers), regions, count, floats, to)

        return run


def _at(memory: NDArray[Any], kind: Any) -> Any:
    if not memory.flags.c_contiguous:
        raise CompositionError("a value does not lie in one piece")
    return memory.ctypes.data_as(POINTER(kind))


def _memory(count: int) -> Floats:
    return np.zeros(count, np.float32)


def _codes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rint(values).clip(0, 255).astype(np.uint8))


def _moved(planes: NDArray[Any], number: int, right: int, down: int) -> NDArray[np.uint8]:
    """A plane that begins so many pixels further; its edge goes on."""
    if planes.ndim != 4 or len(planes) != 1 or not number < planes.shape[1]:
        raise CompositionError(f"there is no plane {number} of a figure of {list(planes.shape)}")
    return np.pad(_codes(planes[0, number]), ((0, down), (0, right)), "edge")[down:, right:]


def _every_second(*plane: Any) -> NDArray[np.uint8]:
    """Every second pixel of a plane, as of `_moved`, and the last ones once more."""
    return np.pad(_moved(*plane)[::2, ::2], ((0, 1), (0, 1)), "edge")


def _texels(planes: list[NDArray[np.uint8]]) -> NDArray[np.uint32]:
    """Up to four planes as texels of four bytes, the first in the lowest."""
    if len({plane.shape for plane in planes}) != 1:
        raise CompositionError("the planes of the figure have several sizes")
    texels = sum(plane.astype(np.uint32) << 8 * place for place, plane in enumerate(planes))
    return np.ascontiguousarray(texels, np.uint32)
