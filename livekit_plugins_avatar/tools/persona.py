"""`livekit-avatar persona`: makes a persona of one picture."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .demo.extras import needs
from .portrait import PictureError, make, sheet

QUESTION = (
    "Is this picture of yourself, or licensed to you for this use with the consent of the person "
    "in it, or of no real person?"
)
"""Asked once; question and answer are written into the persona's metadata."""

SPOKEN = (
    "Hello, I am glad that you are here. This is how I look when I speak. My lips close for "
    "puppies and maple and beautiful things, and open wide for the first of all our plans. Would "
    "you like to know more? Sometimes I think for a moment before I go on. I am sorry, that was "
    "a lot at once. Five, six, seven, eight: very well. Thank you for looking at me."
)
"""What the film says in 20 s: closures, wide and round vowels, a question, news of both kinds."""

LISTENING_S = 2

FLAG = "--i-have-the-right-to-use-this-picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("picture", type=Path, help="a JPEG, PNG, WebP, BMP or TIFF with one face")
    parser.add_argument("-o", "--output", type=Path, required=True, help="persona file to write")
    parser.add_argument("--name", default="", help="name of the persona, by default the file's")
    parser.add_argument(
        "--teeth",
        type=Path,
        metavar="PICTURE",
        help="another picture of the same person, with a broad smile: its teeth are taken",
    )
    parser.add_argument(
        "--eyes-closed",
        type=Path,
        metavar="PICTURE",
        help="another picture of the same person, with the eyes shut: its lids are taken",
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="PNG", help="also draw a sheet of the persona's faces"
    )
    parser.add_argument(
        "--film",
        type=Path,
        metavar="MP4",
        help="also make a film in which the persona speaks for 20 s (extras: demo, eval)",
    )
    parser.add_argument(FLAG, action="store_true", dest="right", help=f"answers yes to: {QUESTION}")


def run(args: argparse.Namespace) -> int:
    """Make the persona."""
    started = time.monotonic()

    def progress(step: str) -> None:
        print(f"[{time.monotonic() - started:4.1f} s] {step}", file=sys.stderr, flush=True)

    try:
        _check_outputs(args)
        right = f"{QUESTION} {_asked(args.right)}"
        made = make(
            args.picture,
            right=right,
            name=args.name or args.output.stem,
            teeth=args.teeth,
            eyes_closed=args.eyes_closed,
            progress=progress,
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
    if args.film and (failed := _film(args, progress)):
        return failed
    print(f'{args.output}: use it with avatar.AvatarSession(persona="{args.output}")')
    return 0


def _check_outputs(args: argparse.Namespace) -> None:
    """Check what is to be written, before seconds are spent.

    Raises:
        PictureError: A file has no name of its kind, or no folder.
        MissingExtra: An extra is not installed.
    """
    kinds = {".onnx": args.output, ".png": args.sheet, ".mp4": args.film}
    for ending, path in kinds.items():
        if path and path.suffix.lower() != ending:
            raise PictureError(f"{path} is to be written as {ending}: end its name with that")
        if path and not path.parent.is_dir():
            raise PictureError(f"{path} cannot be written: there is no folder {path.parent}")
    if args.film:
        with needs("demo,eval", "--film"):
            from .demo import piper  # noqa: F401
            from .film import command  # noqa: F401


def _film(args: argparse.Namespace, progress: Callable[[str], None]) -> int:
    """Let the persona speak in a film."""
    from .film import command

    progress("making the film")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    words = ["--text", SPOKEN, "--listening", str(LISTENING_S), "--persona", str(args.output)]
    return command.run(parser.parse_args([*words, "--out", str(args.film)]))


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
