"""Where the pictures lie while a persona is made: a folder outside the repository.

Takes who, what for, which part of the picture and a number; gives paths and pictures. One PNG
a face: rendering can stop and go on at any frame, and learning begin with what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from livekit_plugins_avatar.face.state import FaceState

from .states import Purpose, Region, face


@dataclass(frozen=True, slots=True)
class Folder:
    """The pictures of one persona.

    Args:
        root: The folder that all personas share.
        name: The persona's.
    """

    root: Path
    name: str

    def path(self, purpose: Purpose, region: Region, index: int) -> Path:
        """Where a picture lies, whether or not it is there yet."""
        return self.root / self.name / purpose / region / f"{index:04d}.png"

    @property
    def plate(self) -> Path:
        """The resting figure in its wide surroundings."""
        return self.root / self.name / "plate.png"

    @property
    def wall(self) -> Path:
        """What is behind the figure, square."""
        return self.plate.with_name("wall.png")

    @property
    def cover(self) -> Path:
        """The resting figure without it, square, with an alpha."""
        return self.plate.with_name("cover.png")

    def there(self, purpose: Purpose, region: Region) -> list[int]:
        """The numbers of the pictures that are there, in order."""
        found = (self.root / self.name / purpose / region).glob("[0-9]*.png")
        return sorted(int(path.stem) for path in found)

    def picture(self, purpose: Purpose, region: Region, index: int) -> NDArray[np.uint8]:
        """One picture, RGB uint8 [H, W, 3]."""
        return read(self.path(purpose, region, index))

    def face(self, purpose: Purpose, region: Region, index: int) -> FaceState:
        """The face that a picture shows."""
        return face(purpose, region, index)


def read(path: Path) -> NDArray[np.uint8]:
    """A picture file as RGB uint8 [H, W, 3]."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def alpha(path: Path) -> NDArray[np.float32]:
    """The alpha of a picture file, float32 [H, W] in [0, 1]."""
    with Image.open(path) as image:
        codes = np.asarray(image.getchannel("A"), np.float32)
    return np.divide(codes, 255, dtype=np.float32)
