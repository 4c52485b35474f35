"""A contact sheet of a person: every kind of thing the face does, to be looked at closely.

Takes a person's name; gives one picture of labelled tiles. Visemes are shown as the product
makes them: articulation's answer at the middle of one long sound.

    python -m models.personas.stills man sheet.png
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from livekit_plugins_avatar.face.articulation import mouth_at
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, FaceState
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent

from .boxes import Box
from .figure import Figure
from .person import PEOPLE
from .scene import Scene

LONG_SAMPLES = 24_000
"""A sound so long that its neighbours do not reach its middle, whatever the sample rate."""

HEAD = Box(96, 32, 320, 384)
MOUTH = Box(192, 240, 128, 96)
EYES = Box(160, 160, 192, 80)

COLUMN_PX, COLUMNS = 256, 6
"""Width of a tile on the sheet, and tiles in a row."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture.

    Args:
        label: What is shown.
        face: The state.
        region: The part of the picture; None for all of it.
    """

    label: str
    face: FaceState
    region: Box | None


def viseme(name: str) -> FaceState:
    """The face at the middle of a long, full viseme."""
    event = VisemeEvent(name, 0, LONG_SAMPLES, 0.0 if name == "sil" else 1.0)
    mouth = mouth_at([event], LONG_SAMPLES // 2)
    return FaceState.of(**dict(zip(ARKIT_BLENDSHAPES, map(float, mouth), strict=True)))


def _both(**parameters: float) -> FaceState:
    """A state whose names without a side stand for left and right."""
    sided: dict[str, float] = {}
    for name, value in parameters.items():
        pair = [name] if name in _ALONE else [f"{name}Left", f"{name}Right"]
        sided.update(dict.fromkeys(pair, value))
    return FaceState.of(**sided)


_ALONE = frozenset(
    [name for name in ARKIT_BLENDSHAPES if not name.endswith(("Left", "Right"))]
    + ["headYaw", "headPitch", "headRoll", "headY", "headZ", "gazeYaw", "gazePitch"]
)

_SMILE = {
    "mouthSmile": 0.75, "mouthUpperUp": 0.35, "mouthLowerDown": 0.25, "cheekSquint": 0.5,
    "eyeSquint": 0.3, "jawOpen": 0.07,
}  # fmt: skip

_GAZES = {"left": (-0.35, 0.0), "right": (0.35, 0.0), "up": (0.0, 0.25), "down": (0.0, -0.3)}

_POSES: Mapping[str, tuple[str, float]] = {
    "yaw": ("headYaw", 12.0),
    "pitch": ("headPitch", 10.0),
    "roll": ("headRoll", 8.0),
}


def tiles() -> Iterator[Tile]:
    """Everything on the sheet, in order."""
    yield Tile("neutral", FaceState.of(), None)
    for name in VISEMES:
        yield Tile(name, viseme(name), HEAD)
    for name in ("PP", "FF", "TH", "aa", "I", "U"):
        yield Tile(f"{name}, close", viseme(name), MOUTH)
    yield Tile("smile, close", _both(**_SMILE), MOUTH)
    for blink in (0.0, 0.25, 0.5, 0.75, 1.0):
        yield Tile(f"blink {blink:g}", _both(eyeBlink=blink), EYES)
    for name, (yaw, pitch) in _GAZES.items():
        yield Tile(f"gaze {name}", FaceState.of(gazeYaw=yaw, gazePitch=pitch), EYES)
    yield Tile("brows up", _both(browInnerUp=0.8, browOuterUp=0.8), EYES)
    yield Tile("brows down", _both(browDown=0.8), EYES)
    yield Tile("smile", _both(**_SMILE), HEAD)
    yield Tile("frown", _both(mouthFrown=0.7, browDown=0.5), HEAD)
    for name, (axis, degrees) in _POSES.items():
        for sign in (-1, 1):
            turned = FaceState.of(**{axis: float(np.radians(sign * degrees))})
            yield Tile(f"{name} {sign * degrees:+g}", turned, None)


def sheet(person: str, samples: int, only: str = "") -> Image.Image:
    """Render the tiles whose label holds `only`, and lay them out."""
    scene = Scene(Figure(PEOPLE[person]))
    pictures = []
    with tempfile.TemporaryDirectory() as folder:
        for number, tile in enumerate(tiles()):
            if not any(part in tile.label for part in only.split(",")):
                continue
            path = Path(folder) / f"{number}.png"
            scene.pose(tile.face)
            scene.render(path, tile.region, samples)
            picture = Image.open(path).convert("RGB")
            height = round(picture.height * COLUMN_PX / picture.width)
            picture = picture.resize((COLUMN_PX, height), Image.Resampling.LANCZOS)
            ImageDraw.Draw(picture).text(
                (5, 3), tile.label, fill="white", stroke_fill="black", stroke_width=1
            )
            pictures.append(picture)
    rows = [pictures[first : first + COLUMNS] for first in range(0, len(pictures), COLUMNS)]
    heights = [max(picture.height for picture in row) for row in rows]
    laid = Image.new("RGB", (COLUMN_PX * COLUMNS, sum(heights)))
    for row, top in zip(rows, np.cumsum([0, *heights]), strict=False):
        for column, picture in enumerate(row):
            laid.paste(picture, (column * COLUMN_PX, int(top)))
    return laid


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("person", choices=sorted(PEOPLE))
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument("--samples", type=int, default=16, help="paths per pixel")
    parser.add_argument("--only", default="", help="only tiles whose label holds this")
    arguments = parser.parse_args()
    sheet(arguments.person, arguments.samples, arguments.only).save(arguments.out)


if __name__ == "__main__":
    main()
