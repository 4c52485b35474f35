"""Renders the cast in linear light, and shows each as film or a laptop's camera would.

`python -m models.cast.render GARMENTS OUT [NAME ...]`: OUT/NAME.exr and OUT/NAME.png. GARMENTS is
the folder that `models.cast.dress` wrote. Goes on where it stopped.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from models.people import room

from .camera import Camera, Picture, read, resized, wide
from .cast import CAST, Member, chosen
from .film import MOVING, MOVING_PX, STILL, Film
from .finish import deepened, modelled, textured, uneven
from .scene import LEVELS, Scene
from .studio import Effort

WIDE = 15 / 8
"""Width of a picture before a backdrop, as a share of its height: a persona's wide picture has
57 / 32 of it about the eyes."""


def render(member: Member, args: Namespace) -> None:
    """Render one of the cast, unless its picture is there."""
    light, skin = (args.out / f"{member.name}{end}.exr" for end in ("", "-skin"))
    if not light.exists():
        started = time.monotonic()
        scene = Scene(member, args.garments, args.levels, args.density)
        built = time.monotonic()
        # A file that is not whole must not look like a picture.
        part = light.with_suffix(".part.exr")
        # Film shows no noise of paths: strangers know it for what it is.
        calm = args.denoise or member.backdrop is not None
        size = round(args.side * (WIDE if member.backdrop else 1)), args.side
        scene.render(part, size, Effort(args.samples, args.seconds, args.threads, calm))
        if member.backdrop:
            scene.render_skin(skin, size)
        part.rename(light)
        spent = (built - started, time.monotonic() - built)
        print(f"{member.name}: {spent[0]:.1f} s to build, {spent[1]:.1f} s to render", flush=True)
    values = read(str(light))
    if member.backdrop:
        seen = filmed(member, values, read(str(skin))[..., 0])
        still, moving = (member.camera,) * 2 if member.camera else (STILL, MOVING)
        still(seen.light, len(values), member.noise).save(args.out / f"{member.name}.png")
        for end, shown in (
            ("", moving(seen.light, MOVING_PX, member.noise)),
            ("-wall", moving(seen.wall, MOVING_PX, member.noise)),
            ("-cover", covered(seen.cover, moving, MOVING_PX)),
        ):
            shown.save(args.out / f"{member.name}-persona{end}.png")
        return
    camera = member.camera or Camera()
    camera = replace(camera, exposure=camera.exposure + member.stops)
    camera(values[..., :3], len(values), member.noise).save(args.out / f"{member.name}.png")


TEXTURE = 0.3
"""How much texture skin gets in the picture's plane."""


class Seen(NamedTuple):
    """Light that a film camera sees.

    Args:
        light: All of it, float64 [H, W, 3].
        wall: What is behind the person, without the person, float64 [H, W, 3].
        cover: How much of each pixel the person is, float64 [H, W, 3].
    """

    light: Picture
    wall: Picture
    cover: Picture


def filmed(member: Member, values: Picture, skin: Picture) -> Seen:
    """Light of a person before a backdrop, as a film camera sees it.

    Args:
        member: Who, with a backdrop.
        values: Their light and what it covers, float64 [H, W, 4].
        skin: Where skin is seen, in [0, 1], float64 [H, W].

    Raises:
        ValueError: The member has no backdrop.
    """
    if member.backdrop is None:
        raise ValueError(f"{member.name} has no backdrop")
    light, cover, skin = uneven([values[..., :3], values[..., 3:], skin], member.bent)
    light = deepened(light, skin, member.forms) if member.forms else modelled(light, skin)
    light = textured(light, skin, TEXTURE * member.uneven)
    behind = member.backdrop(room.place(member.place), light.shape[:2])
    return Seen(2.0**member.stops * light + (1 - cover) * behind, behind, np.repeat(cover, 3, -1))


def covered(cover: Picture, by: Film | Camera, side_px: int) -> Image.Image:
    """How much of each pixel a person is, as a camera's lens shows it, at some height."""
    size = wide(cover, side_px), side_px
    soft = gaussian_filter(resized(cover, by.px), (by.blur, by.blur, 0))
    shown = Image.fromarray((soft[..., 0].clip(0, 1) * 255).round().astype(np.uint8))
    return shown.resize(size, Image.Resampling.BICUBIC)


def main() -> None:
    """Render those that are named, or all."""
    parser = ArgumentParser(prog="python -m models.cast.render", description=__doc__)
    parser.add_argument("garments", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help=", ".join(member.name for member in CAST))
    parser.add_argument("--side", type=int, default=1024, help="side of a picture in pixels")
    parser.add_argument("--samples", type=int, default=128, help="paths a pixel")
    parser.add_argument("--seconds", type=float, default=0.0, help="limit a picture; 0 for none")
    parser.add_argument("--denoise", action="store_true", help="as for those with a backdrop")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--levels", type=int, default=LEVELS, help="how often faces are split")
    parser.add_argument("--density", type=float, default=1.0, help="share of the hairs")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for member in chosen(args.names):
        render(member, args)


if __name__ == "__main__":
    main()
