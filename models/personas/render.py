"""Renders the pictures that a persona learns from and is judged by.

`python -m models.personas.render man mouth --count 260 --out FOLDER`: each picture that is not
there yet, one after another; stopped and started again it goes on where it was. It needs Blender as
a module and the data that ORIGIN.md names, and it takes hours: run it behind everything else.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path

from .boxes import BOXES
from .figure import Figure
from .folder import Folder
from .person import PEOPLE
from .scene import Scene
from .states import REGIONS, face

SAMPLES = {"train": 16, "truth": 64}
"""Light paths a pixel before denoising: what is averaged may be noisy, what judges may not."""


def main() -> None:
    """Render what is missing."""
    parser = ArgumentParser(prog="python -m models.personas.render", description=__doc__)
    parser.add_argument("person", choices=sorted(PEOPLE))
    parser.add_argument("region", choices=[*REGIONS, "plate"])
    parser.add_argument("--purpose", choices=sorted(SAMPLES), default="train")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, required=True, help="how many pictures in all")
    parser.add_argument("--samples", type=int, help="light paths a pixel (by purpose)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args()
    folder = Folder(args.out, args.person)
    scene = Scene(Figure(PEOPLE[args.person]), threads=args.threads)
    samples = args.samples or SAMPLES[args.purpose]
    if args.region == "plate":
        scene.pose(face("train", "whole", 0))
        folder.plate.parent.mkdir(parents=True, exist_ok=True)
        scene.render_wide(folder.plate, samples)
        scene.render_wall(folder.wall, samples)
        scene.render_cover(folder.cover, samples)
        return
    for index in range(args.first, args.count):
        path = folder.path(args.purpose, args.region, index)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        began_s = time.monotonic()
        scene.pose(face(args.purpose, args.region, index))
        part = path.with_name(f"part-{path.name}")
        scene.render(part, BOXES.get(args.region), samples)
        part.rename(path)  # a picture that is there is whole
        print(f"{path} {time.monotonic() - began_s:.1f} s", flush=True)


if __name__ == "__main__":
    main()
