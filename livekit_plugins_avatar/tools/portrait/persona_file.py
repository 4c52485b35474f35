"""Makes a persona file of a picture."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...face.state import PARAMETERS
from ...render.persona import NAME_MAX, SCHEMA
from ..i420 import LUMA_OF_RGB
from . import rig as rigs
from .canvas import SIDE_PX, WIDE_PX, framed, framed_wide
from .check import NO_FACE, check, check_framed, check_room
from .cutout import cut_out
from .drawing import Drawing, Ingredients
from .eyes import eyeballs_of
from .eyes_closed import EyesClosed, closed_of, shut_lids
from .fit import Fit
from .fit import fit as fit_rig
from .head import head_of
from .jaw import parted_lean
from .landmarks import Box, Landmarks, faces, landmarks, matte
from .layers import layers_of
from .lids import folds, with_lids
from .light import shade_of
from .motion import STEP, always_sealed, motion_of, nodes
from .mouth import inside_of
from .picture import Picture, PictureError, read
from .rig import Rig
from .sampling import Floats, grid
from .slits import slits_of
from .teeth import SMILING, Teeth, upper_end
from .visibility import visibility_of
from .wide import sides_of

FPS = 30
LICENCE = "LicenseRef-as-the-picture"

ROWS = SIDE_PX * 3 // 2
"""Of luma and of chroma."""

NARROW = (
    "the picture ends beside the face: for a wide persona use one that is at least twice as wide "
    "as high, with the face in its middle"
)

ALREADY = ("mouthSmile", "mouthUpperUp", "jawOpen", "browInnerUp")
"""Expressions of which less is added where the picture already shows some."""

ALREADY_MOST = 0.8


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind the person, where that is known, as of rendered people.

    Args:
        wall: The picture without the person, uint8 [H, W, 3].
        cover: How much of each of its pixels is the person, in codes, uint8 [H, W].
    """

    wall: NDArray[np.uint8]
    cover: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PersonaFile:
    """A persona that has been made.

    Args:
        content: The file: 3 to 6 MB.
        warnings: What the picture makes look worse, a sentence each.
    """

    content: bytes
    warnings: tuple[str, ...]

    def save(self, path: str | Path) -> Path:
        """Write the file; returns its path, which `AvatarSession` takes."""
        Path(path).write_bytes(self.content)
        return Path(path)


def make(
    picture: str | Path | bytes,
    *,
    right: str,
    name: str = "me",
    teeth: str | Path | bytes | None = None,
    eyes_closed: str | Path | bytes | None = None,
    behind: Behind | None = None,
    wide: bool = False,
    progress: Callable[[str], None] | None = None,
) -> PersonaFile:
    """Make a persona of one picture of a face; takes seconds, so call it off the event loop.

    Args:
        picture: A file's path or its content: JPEG, PNG, WebP, BMP or TIFF, of at most 64 MB.
        right: What gives you the right to use the picture, in your words; kept in the file.
        name: What the persona is to call itself; at most 200 letters are kept.
        teeth: Another picture of the same person, from the front with a broad smile, whose upper
            teeth the persona gets.
        eyes_closed: Another picture of the same person, from the front with the eyes shut, whose
            lids the persona gets.
        behind: What the person covers, if it is known; else it is guessed.
        wide: Whether the persona also has a wide picture, for which there has to be enough beside
            the face: 0.9 of the picture's height to the left and to the right of it.
        progress: Called with each step that begins, a few words, on the caller's thread.

    Raises:
        PictureError: The picture cannot become a persona; one sentence, with the remedy.
        ValueError: `right` says nothing.
    """
    if not right.strip():
        raise ValueError("right is empty: say what gives you the right to use the picture")
    said = progress or (lambda step: None)
    printable = "".join(letter for letter in name if letter.isprintable())[:NAME_MAX]
    more = {"teeth": teeth, "eyes_closed": eyes_closed}
    others = {kind: read(each) for kind, each in more.items() if each is not None}
    return _made(read(picture), others, printable or "me", right, said, behind, wide)


def _framed(picture: Picture) -> tuple[Landmarks, NDArray[np.uint8], Box]:
    """The face of a picture, the square around it, and the face there.

    Raises:
        PictureError: There is none, or more than one, or it is too small.
    """
    found = faces(picture.pixels)
    whole = landmarks(picture.pixels, found[0]) if found else None
    face = check(picture.pixels, found, whole)
    square = framed(picture.pixels, face)
    again = faces(square)
    if not again:
        raise PictureError(NO_FACE)
    return face, square, again[0]


def _teeth(picture: Picture) -> Teeth:
    """The mouth of a picture that shows teeth.

    Raises:
        PictureError: It shows none, or no face.
    """
    try:
        _, square, box = _framed(picture)
    except PictureError as error:
        raise PictureError(f"the picture of the teeth: {error}") from None
    face = landmarks(square, box)
    pixels: Floats = square.astype(np.float64)
    slit = slits_of(face, pixels @ LUMA_OF_RGB)["mouth"]
    if slit.openness < SMILING:
        raise PictureError(
            "the picture of the teeth shows none: use one of the same person with a broad smile"
        )
    return Teeth(pixels, face, slit, upper_end(pixels, slit))


def _eyes_closed(picture: Picture, first: Landmarks) -> EyesClosed:
    """The eyes of a picture that shows them shut.

    Args:
        picture: The picture.
        first: The face in the picture that the persona is made of.

    Raises:
        PictureError: They are open, it shows no face, or another one.
    """
    try:
        _, square, box = _framed(picture)
    except PictureError as error:
        raise PictureError(f"the picture of the closed eyes: {error}") from None
    return closed_of(square.astype(np.float64), landmarks(square, box), first)


def _made(
    picture: Picture,
    others: Mapping[str, Picture],
    name: str,
    right: str,
    progress: Callable[[str], None],
    behind: Behind | None,
    wide: bool,
) -> PersonaFile:
    progress("looking for a face")
    face_in_picture, square, box = _framed(picture)
    face = landmarks(square, box)
    teeth = _teeth(others["teeth"]) if "teeth" in others else None
    closed = _eyes_closed(others["eyes_closed"], face) if "eyes_closed" in others else None
    progress("fitting head and face")
    rig = rigs.load()
    fit = fit_rig(rig, face, (SIDE_PX, SIDE_PX))
    warnings = check_framed(square, face, fit, visibility_of(square, box, face, rig))
    check_room(picture.pixels, face_in_picture)
    around = framed_wide(picture.pixels, face_in_picture) if wide else None
    if wide and around is None:
        raise PictureError(NARROW)
    near, beside = _framed_behind(picture, face_in_picture, behind)
    parts = _ingredients(square, rig, face, fit, teeth, near, progress)
    if closed:
        slits = slits_of(face, parts.plate @ LUMA_OF_RGB)
        shut = shut_lids(parts.plate, face, slits, parts.motion, closed)
        parts = replace(parts, shut=shut)
    if around is not None:
        parts = replace(parts, sides=sides_of(around, beside))
    progress("writing the persona")
    graph = Drawing(parts).write()
    more = {"i420_wide": (ROWS, WIDE_PX)} if wide else {}
    said = _said(picture, others, name, right, wide)
    content = graph.model(len(PARAMETERS), "i420", (ROWS, SIDE_PX), said, **more)
    return PersonaFile(content, tuple(warnings))


def _framed_behind(
    picture: Picture, face: Landmarks, behind: Behind | None
) -> tuple[Behind | None, NDArray[np.uint8] | None]:
    """What is behind a person, in the square around the face; and what covers the wide picture."""
    if behind is None:
        return None, None
    wall, cover = (framed(picture.pixels, face, of) for of in (behind.wall, behind.cover))
    return Behind(wall, cover), framed_wide(picture.pixels, face, behind.cover)


def _said(
    picture: Picture, others: Mapping[str, Picture], name: str, right: str, wide: bool
) -> dict[str, str]:
    """The metadata of the file."""
    return {
        "schema": str(SCHEMA),
        "name": name,
        "licence": LICENCE,
        "width": str(SIDE_PX),
        "height": str(SIDE_PX),
        **({"wide_width": str(WIDE_PX)} if wide else {}),
        "fps": str(FPS),
        "parameters": json.dumps(PARAMETERS),
        "neutral": json.dumps([0.0] * len(PARAMETERS)),
        "made_from": "one picture",
        "picture_sha256": picture.digest,
        **{f"{kind}_sha256": other.digest for kind, other in others.items()},
        "consent": right,
        "made_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def _ingredients(
    square: NDArray[np.uint8],
    rig: Rig,
    face: Landmarks,
    fit: Fit,
    teeth: Teeth | None,
    behind: Behind | None,
    progress: Callable[[str], None],
) -> Ingredients:
    """Work out all that a face is drawn from."""
    pixels: Floats = square.astype(np.float64)
    slits = slits_of(face, pixels @ LUMA_OF_RGB)
    progress("working out how it moves")
    motion = motion_of(rig, fit, face, slits)
    rough = matte(square)
    head = head_of(pixels, fit, face, motion, rough)
    wall = cover = None
    if behind:
        wall, cover = behind.wall.astype(np.float64), behind.cover / 255
        head = replace(head, matte=cover)
    lid_folds = folds(face, slits)
    at = grid(SIDE_PX, SIDE_PX)
    sides = [slit.sides(at, *motion.reach[k], lid_folds.get(k)) for k, slit in slits.items()]
    above, below = (np.minimum.reduce([side[k] for side in sides]) for k in (0, 1))
    lids = np.minimum(*(slits[k].sides(at, *motion.reach[k])[0] for k in lid_folds))
    eyes = eyeballs_of(pixels, fit, face, slits)
    already = np.array([name.startswith(ALREADY) for name in rig.unit_names]) * fit.expression
    first = nodes()[motion.top, motion.left]
    lean = parted_lean(motion.names, motion.above, motion.below, slits["mouth"], first, STEP)
    lean[:-1] *= 1 - already.clip(0, ALREADY_MOST)
    return Ingredients(
        plate=pixels,
        lids=with_lids(pixels, slits, lid_folds),
        layers=layers_of(pixels, head, wall),
        cutout=cut_out(pixels, rough, cover),
        motion=motion,
        shade=shade_of(pixels, rig, fit, motion, face),
        head=head,
        eyes=eyes,
        inside=inside_of(pixels, rig, fit, face, slits["mouth"], eyes, teeth),
        edges=(above, below, lids),
        lean=lean,
        sealed=always_sealed(slits["mouth"]),
    )
