"""`livekit-avatar persona`: makes a persona of one picture."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from . import sheet
from .persona_file import make
from .picture import PictureError

QUESTION = (
    "Is this picture of yourself, or licensed to you for this use with the consent of the person "
    "in it, or of no real person?"
)
"""Asked once; question and answer are written into the persona's metadata."""

FLAG = "--i-have-the-right-to-use-this-picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("picture", type=Path, help="a JPEG, PNG, WebP, BMP or TIFF with one face")
    parser.add_argument("-o", "--output", type=Path, required=True, help="persona file to write")
    parser.add_argument("--name", default="", help="name of the persona, by default the file's")
    parser.add_argument(
        "--sheet", type=Path, metavar="PNG", help="also draw a sheet of the persona's faces"
    )
    parser.add_argument(FLAG, action="store_true", dest="right", help=f"answers yes to: {QUESTION}")


def run(args: argparse.Namespace) -> int:
    """Make the persona."""
    started = time.monotonic()

    def progress(step: str) -> None:
        print(f"[{time.monotonic() - started:4.1f} s] {step}", file=sys.stderr, flush=True)

    try:
        if args.output.suffix != ".onnx":
            raise PictureError(f"{args.output} is no name of a persona file: end it with .onnx")
        right = f"{QUESTION} {_asked(args.right)}"
        made = make(
            args.picture, right=right, name=args.name or args.output.stem, progress=progress
        )
        made.save(args.output)
        if args.sheet:
            progress("drawing the sheet")
            sheet.write(args.output, args.sheet)
    except PictureError as error:
        print(f"livekit-avatar: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"livekit-avatar: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    for warning in made.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    progress(f"wrote {args.output}, {len(made.content) / 1e6:.1f} MB")
    print(f'{args.output}: use it with avatar.AvatarSession(persona="{args.output}")')
    return 0


def _asked(right: bool) -> str:
    """The answer to the question of rights.

    Raises:
        PictureError: It is no, or the question cannot be asked.
    """
    if right:
        return f"Yes ({FLAG})."
    if not sys.stdin.isatty():
        raise PictureError(f"there is no terminal to ask on: {QUESTION} If so, add {FLAG}")
    print(f"{QUESTION} [yes/no] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise PictureError("no persona is made without the right to use the picture")
    return "Yes (typed)."
