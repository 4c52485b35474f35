"""`livekit-avatar watch`: tells what the viewers of an avatar see and hear.

Of a recording, or of an avatar in a room, which it joins as a viewer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..eval.viewer import ViewerError
from . import captured, gates
from .analysis import Analysis, analyse
from .recording import Recording, RecordingError, open_file
from .room import record
from .token import TokenError, hidden_token, looked_at

DEFAULT_MINUTES = 5.0
SHORTEST_MINUTES = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("film", type=Path, nargs="?", help="a recording, as film.mp4 or film.webm")
    room = parser.add_argument_group("instead of a recording, a room")
    room.add_argument("--url", help="of the server, as wss://...; by default LIVEKIT_URL")
    room.add_argument("--token", help="of a viewer; hidden, so that the avatar does not know")
    room.add_argument(
        "--room", metavar="NAME", help="make a token with LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
    )
    room.add_argument("--participant", metavar="IDENTITY", help="the avatar, where there are more")
    room.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, help="how long (%(default)g)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report, as report.html")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when something could be analysed, 1 when not, 2 for wrong arguments."""
    try:
        if args.html is not None and not args.html.parent.is_dir():
            raise ValueError(f"--html: there is no folder {args.html.parent}")
        with _recording(args) as recording:
            found = analyse(recording)
            if args.html is not None:
                from .report.page import report

                args.html.write_text(report(found), encoding="utf-8")
                print(f"wrote {args.html}", file=sys.stderr)
    except (ValueError, TokenError) as error:
        if isinstance(error, RecordingError):
            return _failed(error)
        print(f"watch: {error}", file=sys.stderr)
        return 2
    except ViewerError as error:
        return _failed(error)
    print(json.dumps(results(found)) if args.json else table(found))
    return 0


def results(found: Analysis) -> dict[str, Any]:
    """The figures, flat, and which of them viewers notice."""
    figures = found.figures()
    return {**figures, "noticed": gates.failed(figures)}


def table(found: Analysis) -> str:
    """The figures for a person, one a line, and what viewers notice."""
    figures = found.figures()
    lines = [
        f"{name:36}{'-' if value is None else f'{value:g}'}" for name, value in figures.items()
    ]
    noticed = [gate.ill for gate in gates.GATES if gate.figure in gates.failed(figures)]
    return "\n".join([*lines, "", *(noticed or ["Viewers notice nothing."])])


@contextmanager
def _recording(args: argparse.Namespace) -> Iterator[Recording]:
    """The recording that was asked for; what was recorded of a room is deleted afterwards.

    Raises:
        ValueError: The arguments make no sense.
        RecordingError, ViewerError: There is nothing to analyse.
    """
    if args.film is not None:
        if args.url or args.token or args.room:
            raise ValueError("give a recording or a room, not both")
        yield open_file(args.film)
        return
    if args.minutes < SHORTEST_MINUTES:
        raise ValueError(f"--minutes is at least {SHORTEST_MINUTES:g}, got {args.minutes:g}")
    url, token = _room(args)
    with TemporaryDirectory(prefix="livekit-avatar-watch-") as folder:
        name = asyncio.run(_watch(url, token, Path(folder), args))
        print("analysing", file=sys.stderr)
        yield captured.read(Path(folder), name)


def _room(args: argparse.Namespace) -> tuple[str, str]:
    url = args.url or os.environ.get("LIVEKIT_URL", "")
    if not url:
        raise ValueError("give a recording, or --url and --token of a room")
    if not url.startswith(("ws://", "wss://")):
        raise ValueError(f"--url is as wss://my-project.livekit.cloud, got {url!r}")
    token = args.token or (hidden_token(args.room, os.environ) if args.room else "")
    if not token:
        raise ValueError(
            "give a --token of the room, or its name as --room, with LIVEKIT_API_KEY and "
            "LIVEKIT_API_SECRET set"
        )
    for remark in looked_at(token):
        print(f"watch: {remark}", file=sys.stderr)
    return url, token


async def _watch(url: str, token: str, folder: Path, args: argparse.Namespace) -> str:
    """Record until the time is over, or until Ctrl-C; then what has come is analysed."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    # Windows has no handlers of signals in an event loop: there Ctrl-C ends the command.
    with suppress(NotImplementedError):
        loop.add_signal_handler(signal.SIGINT, stop.set)
    return await record(
        url,
        token,
        folder,
        seconds=60 * args.minutes,
        stop=stop,
        participant=args.participant,
        say=lambda words: print(words, file=sys.stderr, flush=True),
    )


def _failed(error: Exception) -> int:
    print(f"watch: {error}", file=sys.stderr)
    return 1
