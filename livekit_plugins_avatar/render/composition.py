"""What a persona file says of how its picture is composed: for what does that in one pass.

The file's graph makes the whole picture. Where what it does at the end is to lay a figure over a
wall, it lists in its metadata, as JSON, `composition`: an object with

- `motion`, the name of a value, [1, 2 or 3, rows, columns]: how many pixels to the right and below
  cells of 4 x 4 pixels come from, and how much light adds to their luma as a share;
- optionally `light`, [3, 1, rows, columns]: codes of luma and chroma that it adds;
- `near`, four lists of the name of `planes`, [1, all, H, W], a plane of these, and pixels to the
  `right` and `down`: the luma of the four pixels of a block that comes from a pixel of the figure;
- `smooth`, three or four lists of the name of such planes and one of these, whose every second
  pixel is a block's own: chroma twice, the figure's cover in codes, and luma of the wall that the
  first ones have in them already;
- `wall_luma` and `wall_chroma`, [1, 1, height, width] and [1, 2, height / 2, width / 2], which may
  go on below and to the right of the picture;
- `black`, the code of luma that is none;
- optionally `narrower`, by how much two pixels of a block may come from closer together;
- optionally `sharpened`: whether luma gets back what interpolation took, and is blurred where it is
  pushed together;
- `regions`, lists of left, top, width and height: where the figure may be;
- optionally `over`, an object with `motion` as above, `luma`, [1, 1, h + 1, w + 1], `more`, planes
  for blocks, [n, 1, h / 2 + 1, w / 2 + 1] or [1, n, ...], and `left` and `top`: what is laid over
  the figure in a window. `more` is chroma, and where there is a third plane, the share that it
  covers. Without one it is added.

All of them are values of the graph; numbers of pixels are codes of video.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .onnx_file import OnnxFileError

KEY = "composition"

LUMAS, SMOOTH = 4, (3, 4)
MOST_REGIONS = 64
MOST = 4096
"""Pixels of a side, and planes."""


class Plane(NamedTuple):
    """A plane of a value, and pixels to its right and below."""

    planes: str
    number: int
    right: int = 0
    down: int = 0


class Region(NamedTuple):
    """A part of the picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


class Over(NamedTuple):
    """What is laid over the figure."""

    motion: str
    luma: str
    more: str
    left: int
    top: int


class Composition(NamedTuple):
    """Names of values, and numbers, as above."""

    motion: str
    near: tuple[Plane, ...]
    smooth: tuple[Plane, ...]
    wall_luma: str
    wall_chroma: str
    black: int
    regions: tuple[Region, ...]
    light: str | None = None
    narrower: float = 0.0
    sharpened: bool = False
    over: Over | None = None

    @property
    def changing(self) -> list[str]:
        """Names of what differs from picture to picture."""
        over = (self.over.motion, self.over.luma, self.over.more) if self.over else ()
        return list(dict.fromkeys(name for name in (self.motion, self.light, *over) if name))

    @property
    def still(self) -> list[str]:
        """Names of what never changes."""
        names = [each.planes for each in (*self.near, *self.smooth)]
        return list(dict.fromkeys((*names, self.wall_luma, self.wall_chroma)))


def composition_of(metadata: Mapping[str, str]) -> Composition | None:
    """Read it; None where the file has none.

    Raises:
        OnnxFileError: It is none.
    """
    if KEY not in metadata:
        return None
    try:
        made = _composition(json.loads(metadata[KEY]))
        _check(made)
    # Deep nesting, and numbers of thousands of digits.
    except (ValueError, TypeError, KeyError, RecursionError):
        raise OnnxFileError(
            f"has a `{KEY}` that does not say how a picture is composed: write it as "
            "render/composition.py says, or leave it out"
        ) from None
    return made


def listed(composition: Composition) -> str:
    """The text of the metadata for a file that is composed so."""
    usual = Composition._field_defaults
    said = {key: each for key, each in composition._asdict().items() if each != usual.get(key, "")}
    if composition.over:
        said["over"] = composition.over._asdict()
    return json.dumps(said)


def _composition(said: Any) -> Composition:
    read = {
        "near": tuple(Plane(*each) for each in said["near"]),
        "smooth": tuple(Plane(*each) for each in said["smooth"]),
        "regions": tuple(Region(*each) for each in said["regions"]),
        "over": Over(**said["over"]) if said.get("over") else None,
    }
    return Composition(**{**said, **read})


def _check(made: Composition) -> None:
    """Raise ValueError where it is of other types, too long, or beyond what a picture may have."""
    numbers = [made.black, *(made.over[3:] if made.over else ())]
    for plane in (*made.near, *made.smooth):
        numbers += plane[1:]
    for region in made.regions:
        numbers += region
    over = made.over[:3] if made.over else ()
    lit = () if made.light is None else (made.light,)
    names = (made.motion, *lit, *over, *made.still)
    named = all(isinstance(name, str) and name for name in names)
    whole = all(type(number) is int and 0 <= number < MOST for number in numbers)
    counted = (
        len(made.near) == LUMAS
        and len(made.smooth) in SMOOTH
        and 0 < len(made.regions) <= MOST_REGIONS
    )
    told = isinstance(made.sharpened, bool) and type(made.narrower) in (int, float)
    if not (named and whole and counted and told and 0 <= made.narrower <= 1):
        raise ValueError
    if any(side % 2 for region in made.regions for side in region):
        raise ValueError
