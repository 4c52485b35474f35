"""Renders people with every face, and writes down what each picture shows.

`python -m models.people.render FOLDER [NAME ...]`: FOLDER/NAME/neutral.png and so on, with
FOLDER/NAME/truth.json, in the form that `livekit-avatar eval picture` reads. Goes on where it
stopped. People that are kept back lie in FOLDER/kept-back, the others in FOLDER/open.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
from PIL import Image

from .faces import FACES
from .people import PEOPLE, Person
from .scene import Scene

MARGIN = 0.025
"""Around the face, as a share of the picture: only this part is rendered for all but the neutral
face, and laid over the neutral picture."""


def render(person: Person, folder: Path, count: int, samples: int, side_px: int) -> None:
    """Render the first `count` faces of one person."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(FACES)[:count]
    missing = [name for name in wanted if not (folder / f"{name}.png").exists()]
    if not missing:
        return
    shown = {name: FACES[name] for name in wanted}
    (folder / "truth.json").write_text(json.dumps(shown, indent=1) + "\n")
    scene = Scene(person, samples, side_px)
    scene.show(FACES["neutral"])
    around = scene.places()
    for name in missing:
        started, used = time.monotonic(), time.process_time()
        scene.show(FACES[name])
        moved = time.process_time() - used
        path = folder / f"{name}.png"
        if name == "neutral":
            scene.render(path)
        else:
            _part(scene, folder, path, np.concatenate([around, scene.places()]))
        print(
            f"{person.name} {name}: {time.monotonic() - started:.1f} s, "
            f"{time.process_time() - used:.1f} s of a processor, {moved:.1f} of them to move it",
            flush=True,
        )


def _part(scene: Scene, folder: Path, path: Path, places: np.ndarray) -> None:
    low, high = places.min(axis=0) - MARGIN, places.max(axis=0) + MARGIN
    side = scene.side_px
    left, bottom = (int(side * share) for share in low)
    right, top = (int(np.ceil(side * share)) for share in high)
    piece = path.with_suffix(".part.png")
    # Half a pixel further in, so that no rounding takes in another row or column.
    box = (left + 0.25, right - 0.25, bottom + 0.25, top - 0.25)
    scene.render(piece, (box[0] / side, box[1] / side, box[2] / side, box[3] / side))
    with Image.open(folder / "neutral.png") as whole, Image.open(piece) as part:
        picture = whole.convert("RGB")
        picture.paste(part, (left, side - bottom - part.height))
        picture.save(path)
    piece.unlink()


def main() -> None:
    """Render those that are named, or all."""
    parser = ArgumentParser(prog="python -m models.people.render", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--faces", type=int, default=len(FACES), help="how many of each person")
    parser.add_argument("--samples", type=int, default=12, help="paths a pixel")
    parser.add_argument("--side", type=int, default=448, help="side of a picture in pixels")
    args = parser.parse_args()
    for person in PEOPLE:
        if not args.names or person.name in args.names:
            half = "kept-back" if person.kept_back else "open"
            render(person, args.folder / half / person.name, args.faces, args.samples, args.side)


if __name__ == "__main__":
    main()
