"""`livekit-avatar watch`: tells what the viewers of an avatar see and hear."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .analysis import analyse
from .recording import RecordingError, open_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("film", type=Path, help="a recording, as film.mp4 or film.webm")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when the film could be analysed, 1 when not."""
    try:
        figures = analyse(open_file(args.film)).figures()
    except RecordingError as error:
        print(f"watch: {error}", file=sys.stderr)
        return 1
    print(json.dumps(figures) if args.json else table(figures))
    return 0


def table(figures: dict[str, float | None]) -> str:
    """The figures for a person, one a line."""
    return "\n".join(
        f"{name:36}{'-' if value is None else value}" for name, value in figures.items()
    )
