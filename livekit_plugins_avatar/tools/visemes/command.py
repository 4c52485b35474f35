"""`livekit-avatar visemes`: prints the visemes of recordings.

Each file gets one line of JSON or a table: viseme, start, duration and intensity of every event. A
file that cannot be read is reported and does not stop the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ...speech.recognizer import OnnxRecognizer
from ...speech.visemes import VisemeEvent
from ...timeline import SAMPLE_RATE, seconds
from ..demo.extras import needs
from ..sound import SoundError, read
from .offline import recognize


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="a file with sound")
    parser.add_argument(
        "--text", help="the words that are spoken in it; makes the visemes more exact"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line and file")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="also draw waveform and visemes, as visemes.png",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when every file could be read, 1 when not, 2 for wrong arguments."""
    if len(args.files) > 1 and (args.text is not None or args.picture is not None):
        print("visemes: --text and --picture go with one file, not with several", file=sys.stderr)
        return 2
    if args.picture is not None and not args.picture.parent.is_dir():
        print(f"visemes: there is no folder {args.picture.parent}", file=sys.stderr)
        return 2
    recognizer = OnnxRecognizer()
    failed = False
    for file in args.files:
        try:
            pcm = read(file)
        except SoundError as error:
            print(f"visemes: {error}", file=sys.stderr)
            failed = True
            continue
        events = recognize(pcm, args.text, recognizer=recognizer)
        print(as_json(file, events) if args.json else table(file, events))
        if args.picture is not None:
            with needs("eval", "--picture"):
                from .picture import draw
            draw(pcm, events).save(args.picture)
    return int(failed)


def as_json(file: Path, events: Sequence[VisemeEvent]) -> str:
    """One line of JSON: the path as given, and the events in samples at `sample_rate`."""
    rows = [
        {
            "viseme": event.viseme,
            "start": event.start,
            "duration": event.duration,
            "intensity": round(event.intensity, 3),
        }
        for event in events
    ]
    return json.dumps({"file": str(file), "sample_rate": SAMPLE_RATE, "events": rows})


def table(file: Path, events: Sequence[VisemeEvent]) -> str:
    """A table of the events, in seconds."""
    rows = [
        f"{seconds(event.start):9.3f}{seconds(event.duration):8.3f}  {event.viseme:4}"
        f"{event.intensity:5.2f}"
        for event in events
    ]
    return "\n".join([str(file), f"{'start s':>9}{'long s':>8}  {'':4}{'':>5}", *rows])
