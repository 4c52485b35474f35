"""`livekit-avatar eval watch`: watches this package and `AvatarRunner` with the same face.

Both say the same lines, one after the other, each in a room of its own on a server on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import numpy as np
from livekit import rtc

from ...audio.pcm_buffer import Pcm
from ...render.onnx_renderer import OnnxRenderer
from ...render.persona import Persona
from .. import sound
from ..demo import server_binary
from ..demo.cache import Missing
from ..demo.extras import MissingExtra
from ..demo.scripted_answers import GREETING, TOPICS
from ..demo.server import ServerDied, livekit_server
from ..eval.viewer import ViewerError
from . import captured, gates
from .analysis import Analysis, analyse
from .clapped import ClappedFace, Script, clapper_ms
from .command import DEFAULT_MINUTES, SHORTEST_MINUTES
from .recording import RecordingError
from .report.page import report
from .room import record
from .talk import BETWEEN_S, Kind, say, talking
from .token import IDENTITY

AVATAR = "avatar"
TITLES: dict[Kind, str] = {"ours": "this package", "stock": "AvatarRunner"}
LINES = 8
SLACK_S = 60.0
"""A machine that is busy begins late."""

SENTENCES = (
    "The wind blew until the trees bent and the dust flew.",
    "A crow was thirsty, and found a jar with a little water.",
    "Maybe we should move the meeting to a better morning.",
    "People open their mouths before they begin to speak.",
)
SENTENCES_S = 14.0
"""About what these take, with the pauses."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, help="of each (%(default)g)"
    )
    parser.add_argument("--persona", default="man", help="built-in name or file (%(default)s)")
    parser.add_argument("--only", choices=get_args(Kind), help="one of the two")
    parser.add_argument(
        "--clapper",
        action="store_true",
        help="this package alone, with flash and beep: `watch` against `eval sync`",
    )
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write ours.html, stock.html")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when both could be watched, 1 when not, 2 for wrong arguments."""
    if args.minutes < SHORTEST_MINUTES:
        print(f"--minutes is at least {SHORTEST_MINUTES:g}, got {args.minutes:g}", file=sys.stderr)
        return 2
    kinds: tuple[Kind, ...] = get_args(Kind) if args.only is None else (args.only,)
    figures: dict[Kind, dict[str, float | None]] = {}
    try:
        if args.clapper:
            with redirect_stdout(sys.stderr):
                _, both = asyncio.run(clapped(60 * args.minutes, persona=args.persona))
            print(json.dumps(both))
            return 0
        turns = [sound.spoken(text) for text in lines()]
        for kind in kinds:
            with redirect_stdout(sys.stderr), TemporaryDirectory() as folder:
                asyncio.run(
                    watch(
                        kind, turns, Path(folder), seconds=60 * args.minutes, persona=args.persona
                    )
                )
                found = analyse(captured.read(Path(folder), TITLES[kind]))
                figures[kind] = found.figures()
                if args.html is not None:
                    args.html.mkdir(parents=True, exist_ok=True)
                    (args.html / f"{kind}.html").write_text(report(found), encoding="utf-8")
    except (Missing, MissingExtra, ServerDied, ViewerError, RecordingError) as error:
        print(f"eval watch: {error}", file=sys.stderr)
        return 1
    flat = {f"{kind}_{name}": value for kind in kinds for name, value in figures[kind].items()}
    print(json.dumps(flat) if args.json else table(figures))
    return 0


def lines() -> Sequence[str]:
    """What both say: the demo's greeting and first answers."""
    return [GREETING, *(topic.answers[0] for topic in TOPICS)][:LINES]


async def watch(
    kind: Kind,
    turns: Sequence[Pcm],
    folder: Path,
    *,
    seconds: float,
    persona: str,
    between_s: float = BETWEEN_S,
    renderer: ClappedFace | None = None,
    once: bool = False,
) -> None:
    """Let a face take turns in a room and record what its viewer gets, into `folder`.

    Args:
        kind: Who publishes.
        turns: What is said.
        folder: Empty.
        seconds: How long it is watched.
        persona: What it looks like.
        between_s: Silence after each turn.
        renderer: Draws it instead of the persona.
        once: It ends when the first turn has been said, and not before.
    """
    with livekit_server(server_binary.provide()) as server:
        room, stop, seen = rtc.Room(), asyncio.Event(), asyncio.Event()
        await room.connect(server.url, server.token(identity=AVATAR, room=kind))
        watching = asyncio.create_task(
            record(
                server.url,
                server.token(identity=IDENTITY, room=kind),
                folder,
                seconds=seconds,
                stop=stop,
                participant=AVATAR,
                say=lambda _words: seen.set(),
            )
        )
        try:
            async with talking(room, kind, persona=persona, renderer=renderer) as session:
                await _first(seen.wait(), watching)
                lasts_s = 0.0 if once else seconds
                await _first(say(session, turns, seconds=lasts_s, between_s=between_s), watching)
                if once:
                    stop.set()
                await watching
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await room.disconnect()


async def clapped(seconds: float, *, persona: str) -> tuple[Analysis, dict[str, float | None]]:
    """One recording of a face that talks beside a clapper, measured in both ways.

    Returns:
        The analysis, and in ms the offset by the clapper, by lips and voice, and the difference.
    """
    sentences = [sound.spoken(text) for text in SENTENCES]
    script = Script.of([*sentences] * max(1, round(seconds / SENTENCES_S)))
    face = ClappedFace(OnnxRenderer(Persona.load(persona), device="cpu"), script)
    with TemporaryDirectory() as name:
        folder = Path(name)
        await watch(
            "ours",
            [script.sound],
            folder,
            seconds=seconds + SLACK_S,
            persona=persona,
            renderer=face,
            once=True,
        )
        recording = captured.read(folder, TITLES["ours"])
        claps = clapper_ms(recording, list(face.early_s.values()))
        found = await asyncio.to_thread(analyse, recording)
    clapper = float(np.median(claps)) if claps else None
    by_lips = found.figures()["sync_median_ms"]
    apart = None if clapper is None or by_lips is None else by_lips - clapper
    figures = {"clapper_median_ms": clapper, "claps": float(len(claps)), "apart_ms": apart}
    return found, {"sync_median_ms": by_lips, **figures}


async def _first(waiting: Any, watching: asyncio.Task[str]) -> None:
    """Wait for one of both; a viewer that failed is the explanation."""
    task = asyncio.ensure_future(waiting)
    await asyncio.wait({task, watching}, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        watching.result()
    else:
        task.result()


def table(figures: dict[Kind, dict[str, float | None]]) -> str:
    """The judged figures side by side."""
    head = f"{'':44}" + "".join(f"{TITLES[kind]:>18}" for kind in figures)
    rows = []
    for gate in gates.GATES:
        cells = (each.get(gate.figure) for each in figures.values())
        shown = ("-" if cell is None else f"{gate.scale * cell:.4g}" for cell in cells)
        title = f"{gate.title}, {gate.unit}"
        rows.append(f"{title:44}" + "".join(f"{cell:>18}" for cell in shown))
    return "\n".join([head, *rows])
