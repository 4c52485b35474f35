"""`livekit-avatar warm`: opens models once, so that what is compiled lies in the cache.

On a CPU this takes seconds and leaves nothing behind: it then checks that an image is whole. With
TensorRT it takes minutes for each persona, and each later process starts with the compiled engine.
Run it where an image is built, or before a worker starts.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from typing import get_args

from ..options import DEFAULT_PERSONA, Options
from ..render.onnx_renderer import OnnxRenderer
from ..render.persona import Device, PersonaError
from ..speech.recognizer import built_in


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "persona",
        nargs="*",
        default=[DEFAULT_PERSONA],
        metavar="PERSONA",
        help=f"built-in names or files ({DEFAULT_PERSONA})",
    )
    parser.add_argument(
        "--background", help='a colour as "#202830", a picture, or "blur": as agents will ask for'
    )
    parser.add_argument(
        "--device",
        choices=get_args(Device),
        default="auto",
        help="where they will be drawn (%(default)s)",
    )


def run(args: Namespace) -> int:
    """Open the recogniser and each persona; 0 when all are ready, else 1."""
    try:
        wanted = [
            Options(persona=persona, background=args.background, device=args.device)
            for persona in args.persona
        ]
    except ValueError as error:
        print(f"warm: {error}", file=sys.stderr)
        return 2
    began_s = time.monotonic()
    built_in()
    print(f"speech recognition: ready in {time.monotonic() - began_s:.1f} s", flush=True)
    for persona, options in zip(args.persona, wanted, strict=True):
        print(f"opening {persona} ...", file=sys.stderr, flush=True)
        began_s = time.monotonic()
        try:
            renderer = OnnxRenderer(options.load_persona(), device=args.device)
        except PersonaError as error:
            print(f"warm: {error}", file=sys.stderr)
            return 1
        took_s = time.monotonic() - began_s
        print(f"{persona}: ready on {renderer.device} in {took_s:.1f} s", flush=True)
        renderer.close()
    return 0
