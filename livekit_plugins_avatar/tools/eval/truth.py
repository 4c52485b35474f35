"""Pictures to compare a persona with: what the person looks like in a given state.

A folder holds `states.json`, a list of `{"file", "region", "box", "face"}`, and the pictures it
names. `region` is "mouth", "eyes" or "whole"; `box` is [x, y, width, height] of the picture within
a frame of 512x512; `face` holds the parameters that are not 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...face.state import INDEX, FaceState

SIDE_PX = 512
"""Of the frame that boxes lie in."""

REGIONS = ("mouth", "eyes", "whole")

INDEX_FILE = "states.json"


class TruthError(ValueError):
    """A folder of truth that is not there or does not fit; the message says how and what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """A face, and what is to be seen of it.

    Args:
        file: The picture.
        region: One of `REGIONS`.
        box: x, y, width and height of the picture in a frame of `SIDE_PX`, in pixels.
        face: What is shown.
    """

    file: Path
    region: str
    box: tuple[int, int, int, int]
    face: FaceState

    def picture(self) -> NDArray[np.uint8]:
        """The truth, uint8 [height, width, 3].

        Raises:
            TruthError: The file is not there, is no picture, or is not of its box's size.
        """
        try:
            with Image.open(self.file) as opened:
                picture = np.asarray(opened.convert("RGB"))
        except OSError as error:
            raise TruthError(f"{self.file} is no picture: {error}") from error
        _, _, width, height = self.box
        if picture.shape != (height, width, 3):
            raise TruthError(
                f"{self.file} has {picture.shape[1]}x{picture.shape[0]} pixels, its box in "
                f"{INDEX_FILE} {width}x{height}"
            )
        return picture

    def cut(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same part of a frame, uint8 [SIDE_PX, SIDE_PX, 3]."""
        x, y, width, height = self.box
        return frame[y : y + height, x : x + width]


def load_truth(folder: Path) -> list[State]:
    """The states of a folder, in the order in which it lists them.

    Raises:
        TruthError: There is none, or it does not fit.
    """
    index = folder / INDEX_FILE
    try:
        rows = json.loads(index.read_text())
    except (OSError, ValueError) as error:
        raise TruthError(f"{index} cannot be read: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise TruthError(f"{index} is no list of states")
    return [_state(folder, number, row) for number, row in enumerate(rows)]


def _state(folder: Path, number: int, row: Any) -> State:
    where = f"state {number} of {folder / INDEX_FILE}"
    try:
        file, region, box, face = (row[key] for key in ("file", "region", "box", "face"))
        x, y, width, height = map(int, box)
        shown = FaceState.from_dict({name: float(value) for name, value in face.items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TruthError(
            f"{where} does not fit ({type(error).__name__}: {error}): it holds file, region, box "
            f"and face, with parameters of a FaceState ({len(INDEX)} names)"
        ) from error
    if region not in REGIONS:
        raise TruthError(f"{where} is of the region {region!r}: use one of {', '.join(REGIONS)}")
    inside = min(x, y) >= 0 and min(width, height) > 0 and max(x + width, y + height) <= SIDE_PX
    if not inside:
        raise TruthError(f"{where} has the box {box}, which leaves the {SIDE_PX}x{SIDE_PX} frame")
    return State(folder / file, region, (x, y, width, height), shown)
