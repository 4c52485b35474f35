"""`livekit-avatar render`: renders speech as a film of a talking face.

The film shows what a viewer in a room would see, without a room, a clock or a network: the same
speech gives the same film.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from ...face.style import STYLES
from ...options import DEFAULT_PERSONA, Options
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Device, PersonaError
from ...render.prerenderer import frame_period
from ...render.renderer import Renderer
from ...speech.recognizer import built_in
from ...timeline import samples, seconds
from .. import sound
from ..demo.extras import needs
from ..progress import progress
from ..sound import SoundError
from ..visemes.offline import recognize
from .movie import MovieError, write
from .scene import Scene

if TYPE_CHECKING:
    from .sheet import ContactSheet

BATCH = 32
"""Frames rendered at a time: a GPU is faster in batches."""

EVERY_S = 0.5

MAX_LISTENING_S = 3600.0

SHEETS = (".png", ".jpg", ".webp")

Picture = NDArray[np.uint8]
"""I420, uint8 [H * 3 / 2, W]."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("speech", type=Path, nargs="?", help="a file of sound")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the film, as film.mp4"
    )
    parser.add_argument(
        "--text", help="instead of a file: words for the demo's voice (extra: demo)"
    )
    parser.add_argument(
        "--persona", default=DEFAULT_PERSONA, help="a built-in name or a file (%(default)s)"
    )
    parser.add_argument(
        "--aspect", choices=("square", "wide"), default="square", help="(%(default)s)"
    )
    parser.add_argument(
        "--background", help='a colour as "#202830", a picture, or "blur" (the face\'s own)'
    )
    parser.add_argument(
        "--listening",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds of listening after the speech (%(default)s)",
    )
    parser.add_argument("--fps", type=int, help="frames a second; by default the persona's own")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the random blinks and glances (%(default)s)"
    )
    parser.add_argument(
        "--style", choices=list(STYLES), default="natural", help="how lively it is (%(default)s)"
    )
    parser.add_argument(
        "--device",
        choices=get_args(Device),
        default="auto",
        help="where the persona runs (%(default)s)",
    )
    _add_sheet_arguments(parser)


def _add_sheet_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="also write a contact sheet, as sheet.png"
    )
    parser.add_argument(
        "--every",
        type=float,
        default=EVERY_S,
        metavar="S",
        help="seconds between pictures of the sheet (%(default)s)",
    )
    parser.add_argument(
        "--mouth", action="store_true", help="show only the mouth on the contact sheet"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when the film is written, 1 when not, 2 for wrong arguments."""
    try:
        options = Options(
            persona=args.persona,
            aspect=args.aspect,
            background=args.background,
            device=args.device,
            style=args.style,
            seed=args.seed,
        )
        _check(args)
    except ValueError as error:
        print(f"render: {error}", file=sys.stderr)
        return 2
    try:
        film(args, options)
    except (SoundError, PersonaError, MovieError) as error:
        print(f"render: {error}", file=sys.stderr)
        return 1
    return 0


def film(args: argparse.Namespace, options: Options) -> None:
    """Write the film and, if wanted, the contact sheet.

    Raises:
        SoundError: The speech cannot be read or synthesised.
        PersonaError: The persona does not fit.
        MovieError: The film cannot be written.
    """
    speech = sound.read(args.speech) if args.text is None else sound.spoken(args.text)
    events = recognize(speech, args.text, recognizer=built_in())
    scene = Scene(
        speech,
        events,
        listening=samples(args.listening),
        seed=options.seed,
        style=options.resolved_style,
    )
    renderer = OnnxRenderer(
        options.load_persona(),
        device=options.device,
        threads=options.render_threads,
        aspect=options.aspect,
    )
    with closing(renderer):
        fps = args.fps or renderer.fps
        count = -(-len(scene.sound) // frame_period(fps))
        pictures = progress(drawn(renderer, scene, frame_period(fps)), "frames", count)
        if args.sheet is not None:
            sheet = _sheet(renderer, mouth=args.mouth)
            pictures = _noted(pictures, sheet, scene, fps, step=max(1, round(args.every * fps)))
        write(args.out, pictures, scene.sound, size=renderer.size, fps=fps)
    if args.sheet is not None:
        sheet.image().save(args.sheet)
    width, height = renderer.size
    print(f"{args.out}: {seconds(len(scene.sound)):.2f} s, {width}x{height}, {fps} frames a second")


def drawn(renderer: Renderer, scene: Scene, period: int) -> Iterator[Picture]:
    """The frames of a scene, one every `period` samples, rendered in batches."""
    moments = scene.moments(period)
    while batch := list(islice(moments, BATCH)):
        yield from renderer.render(batch)


def _sheet(renderer: Renderer, *, mouth: bool) -> ContactSheet:
    with needs("eval", "--sheet"):
        from .sheet import ContactSheet, mouth_box
    return ContactSheet(mouth_box(renderer) if mouth else None)


def _noted(
    pictures: Iterator[Picture], sheet: ContactSheet, scene: Scene, fps: int, *, step: int
) -> Iterator[Picture]:
    """Pass the pictures on; one in `step` also goes to the contact sheet."""
    for number, picture in enumerate(pictures):
        if number % step == 0:
            start = number * frame_period(fps)
            sheet.add(picture, f"{seconds(start):.2f} s  {scene.viseme(start)}")
        yield picture


def _check(args: argparse.Namespace) -> None:
    """Check the arguments before anything is read.

    Raises:
        ValueError: An argument is wrong; the message names it.
    """
    if (args.speech is None) == (args.text is None):
        raise ValueError("give a file of sound, or words with --text, and not both")
    if not 0 <= args.listening <= MAX_LISTENING_S:
        raise ValueError(
            f"--listening must be between 0 and {MAX_LISTENING_S:g} s, got {args.listening:g}"
        )
    if not args.every > 0:
        raise ValueError(f"--every must be more than 0 s, got {args.every:g}")
    if args.fps is not None:
        frame_period(args.fps)
    if args.sheet is not None and args.sheet.suffix.lower() not in SHEETS:
        raise ValueError(f"--sheet must end in {', '.join(SHEETS)}, got {args.sheet}")
    for path in (args.out, args.sheet):
        if path is not None and not path.parent.is_dir():
            raise ValueError(f"{path} cannot be written: there is no folder {path.parent}")
