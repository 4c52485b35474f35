"""Renders the cast in linear light, and shows each as a laptop's camera would.

`python -m models.cast.render GARMENTS OUT [NAME ...]`: OUT/NAME.exr and OUT/NAME.png. GARMENTS is
the folder that `models.cast.dress` wrote. Goes on where it stopped.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from .camera import CAMERAS, read
from .cast import CAST, Member, chosen
from .scene import LEVELS, Scene
from .studio import Effort


def render(member: Member, args: Namespace) -> None:
    """Render one of the cast, unless its picture is there."""
    light = args.out / f"{member.name}.exr"
    if not light.exists():
        started = time.monotonic()
        scene = Scene(member, args.garments, args.levels, args.density)
        built = time.monotonic()
        # A file that is not whole must not look like a picture.
        part = light.with_suffix(".part.exr")
        scene.render(
            part, args.side, Effort(args.samples, args.seconds, args.threads, args.denoise)
        )
        part.rename(light)
        spent = (built - started, time.monotonic() - built)
        print(f"{member.name}: {spent[0]:.1f} s to build, {spent[1]:.1f} s to render", flush=True)
    values = read(str(light))
    camera = CAMERAS[member.camera]
    camera = replace(camera, exposure=camera.exposure + member.stops)
    camera(values, len(values)).save(args.out / f"{member.name}.png")


def main() -> None:
    """Render those that are named, or all."""
    parser = ArgumentParser(prog="python -m models.cast.render", description=__doc__)
    parser.add_argument("garments", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=", ".join(member.name for member in CAST))
    parser.add_argument("--side", type=int, default=1024, help="side of a picture in pixels")
    parser.add_argument("--samples", type=int, default=128, help="paths a pixel")
    parser.add_argument("--seconds", type=float, default=0.0, help="limit a picture; 0 for none")
    parser.add_argument("--denoise", action="store_true", help="smoother, and more like wax")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--levels", type=int, default=LEVELS, help="how often faces are split")
    parser.add_argument("--density", type=float, default=1.0, help="share of the hairs")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for member in chosen(args.names):
        render(member, args)


if __name__ == "__main__":
    main()
