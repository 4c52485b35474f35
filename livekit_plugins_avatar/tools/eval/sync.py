"""`livekit-avatar eval sync`: measures the offset of picture from sound at a viewer.

Flash and beep reach a real browser over a real LiveKit server, once through this package and once
through the `rtc.AVSynchronizer` of LiveKit's avatar examples, with stalls of the renderer if
wanted, and through an agent whose face is drawn by a worker, in another process. Server, browser
and rooms are started on loopback and stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from livekit import rtc

from ...options import VIDEO_DELAY_S, Options
from ...render.persona import Persona
from ...timeline import seconds
from ..demo import browser, page, server_binary
from ..demo.cache import Missing
from ..demo.server import LiveKitServer, ServerDied, livekit_server
from ..progress import reported
from . import ours, stock
from .clapper import LEAD_S, SIZE, Clapper
from .faults.script import Script, each
from .offset import Figures, Published, measure, pooled
from .remote.clapper import RemoteClapper
from .remote.processes import ProcessFailed
from .viewer import METHOD, Viewer, ViewerError

DEFAULT_SECONDS = 120.0
SHORTEST_S = LEAD_S + 3.0
SLACK_S = 60.0
"""Joining, a stream that is held up, and leaving: beyond this a run is given up."""
Publish = Callable[..., Coroutine[Any, Any, dict[str, int]]]
"""Publishes a clapper, and returns what it counted meanwhile."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--seconds", type=float, default=DEFAULT_SECONDS, help="length of each run (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--video-delay-ms",
        type=float,
        default=1e3 * VIDEO_DELAY_S,
        help="capture frames this long after their sample (%(default)s)",
    )
    parser.add_argument(
        "--stall",
        metavar="MS:EVERY_S",
        help="let one frame take MS longer once in EVERY_S seconds, as 400:3",
    )
    parser.add_argument(
        "--persona", help="draw this face around the flashes: a built-in name, or a file"
    )
    parser.add_argument(
        "--unsynced", action="store_true", help="in a room that is made without sync_streams"
    )
    parser.add_argument("--no-stock", action="store_true", help="leave rtc.AVSynchronizer out")
    parser.add_argument(
        "--worker", action="store_true", help="also with a face that a worker draws"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=1,
        help="run this package, and the worker, so often by turns; the claps of all count",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when it could measure, 1 when not, 2 when asked for the impossible."""
    try:
        if args.seconds < SHORTEST_S:
            raise ValueError(f"--seconds is at least {SHORTEST_S:g}, got {args.seconds:g}")
        if args.rounds < 1:
            raise ValueError(f"--rounds is at least 1, got {args.rounds}")
        length_s, every_s = stall(args.stall)
        video_delay_s = Options(video_delay_s=args.video_delay_ms / 1e3).video_delay_s
        if args.persona and Persona.load(args.persona).size != SIZE:
            raise ValueError(f"--persona must draw {SIZE[0]} x {SIZE[1]} pixels")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        what = f"{args.seconds:g} s of claps for each publisher"
        with redirect_stdout(sys.stderr), reported(what):
            results = asyncio.run(
                compare(
                    args.seconds,
                    video_delay_s=video_delay_s,
                    stall_s=length_s,
                    stall_every_s=every_s,
                    with_stock=not args.no_stock,
                    persona=args.persona,
                    synced=not args.unsynced,
                    with_worker=args.worker,
                    rounds=args.rounds,
                )
            )
    except (Missing, ServerDied, ProcessFailed, ViewerError, asyncio.TimeoutError) as error:
        print(f"eval sync: {error or 'a run took too long'}", file=sys.stderr)
        return 1
    print(json.dumps(results) if args.json else table(results))
    return 0


async def compare(
    seconds_: float,
    *,
    video_delay_s: float,
    stall_s: float = 0.0,
    stall_every_s: float = 3.0,
    with_stock: bool = True,
    persona: str | None = None,
    synced: bool = True,
    with_worker: bool = False,
    rounds: int = 1,
) -> dict[str, Any]:
    """Measure this package and, if wanted, `rtc.AVSynchronizer` and a face that a worker draws; the
    object that is printed. With several `rounds` the first and the last are run by turns."""
    conductor = partial(ours.publish, video_delay_s=video_delay_s, persona=persona)
    binary, folder = server_binary.provide(), page.provide()
    with livekit_server(binary, synced=synced) as server:

        async def seen(publish: Publish, name: str) -> tuple[Figures, dict[str, int]]:
            script = each("stall", every_s=stall_every_s, length_s=stall_s, until_s=seconds_)
            return await watch(
                server, folder, publish, room_name=name, seconds_=seconds_, script=script
            )

        own, workers = [], []
        for number in range(rounds):
            own.append(await seen(conductor, f"conductor-{number}"))
            if with_worker:
                room = f"worker-{number}"
                workers.append(await _with_worker(server, folder, seconds_, video_delay_s, room))
        results = _all([figures for figures, _ in own], own[-1][1]) | {
            "method": METHOD,
            "seconds": seconds_,
            "rounds": rounds,
            "video_delay_ms": round(1e3 * video_delay_s, 1),
            "stall_ms": round(1e3 * stall_s, 1),
        }
        if with_stock:
            figures, counts = await seen(stock.publish, "av-synchronizer")
            results["av_synchronizer"] = _all([figures], counts)
        if with_worker:
            results["worker"] = _all(workers, {})
    return results


def _all(runs: Sequence[Figures], counts: dict[str, int]) -> dict[str, Any]:
    """What is printed of one publisher: of all runs, of each if there are several, and what the
    publisher counted."""
    figures: dict[str, Any] = pooled(runs).as_dict()
    if len(runs) > 1:
        figures["p95_ms_by_round"] = [run.as_dict()["p95_ms"] for run in runs]
    return figures | ({"publisher": counts} if counts else {})


async def _with_worker(
    server: LiveKitServer, folder: Path, seconds_: float, video_delay_s: float, room: str
) -> Figures:
    """The figures of a face that a worker draws, as if its frames began where the beeps do."""
    os.environ.update(server.environment)
    async with RemoteClapper.start(server, seconds_, video_delay_s=video_delay_s) as clapper:
        seen, _ = await watch(
            server,
            folder,
            clapper.publish,
            room_name=room,
            seconds_=seconds_,
            script=Script(),
            publisher=clapper.identity,
            lag_s=clapper.lag_s,
        )
        return seen


async def watch(
    server: LiveKitServer,
    page_folder: Path,
    publish: Publish,
    *,
    room_name: str,
    seconds_: float,
    script: Script,
    publisher: str | None = None,
    lag_s: Callable[[], float] = lambda: 0.0,
) -> tuple[Figures, dict[str, int]]:
    """One clapper, published by `publish` and seen by one viewer, who watches `publisher`; `lag_s`
    then tells by how much frames began after the beeps.

    Returns:
        What was seen and heard, and what the publisher counted.

    Raises:
        ViewerError: The viewer could not see or hear it.
        asyncio.TimeoutError: It took a minute longer than it should.
    """
    clapper = Clapper(seconds_)
    room = rtc.Room()
    await room.connect(server.url, server.token(identity="clapper", room=room_name))
    ready = asyncio.Event()
    publishing = asyncio.create_task(publish(room, clapper, ready=ready, script=script))
    try:
        token = server.token(identity="viewer", room=room_name)
        async with Viewer(
            server.url,
            token,
            page_folder=page_folder,
            browser_path=browser.provide(),
            publisher=publisher,
        ) as viewer:
            await _unless_failed(publishing, viewer.subscribed())
            ready.set()
            counts = await asyncio.wait_for(publishing, seconds_ + SLACK_S)
            recording = await viewer.recording()
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        await room.disconnect()
    onsets_s = np.array([seconds(onset) for onset in clapper.onsets])
    return measure(recording, Published(onsets_s, seconds(clapper.length), lag_s())), counts


async def _unless_failed(publishing: asyncio.Future[Any], watching: Awaitable[None]) -> None:
    """Wait for the viewer; a publisher that fails meanwhile is the better explanation."""
    waiting = asyncio.ensure_future(watching)
    await asyncio.wait({waiting, publishing}, return_when=asyncio.FIRST_COMPLETED)
    if publishing.done():
        waiting.cancel()
        publishing.result()
    await waiting


def stall(text: str | None) -> tuple[float, float]:
    """The length and interval in seconds of "MS:EVERY_S"; without one, no stall.

    Raises:
        ValueError: It is not of that form.
    """
    if text is None:
        return 0.0, 3.0
    try:
        length_ms, every_s = map(float, text.split(":"))
    except ValueError as error:
        raise ValueError(f"--stall is MS:EVERY_S, as 400:3, got {text!r}") from error
    if length_ms < 0 or every_s <= 0:
        raise ValueError(f"a --stall lasts 0 ms or more, every more than 0 s, got {text!r}")
    return length_ms / 1e3, every_s


def table(results: dict[str, Any]) -> str:
    """The results for a person: one column a publisher."""
    rows = [
        ("median", "median_ms", "ms"),
        ("p5", "p5_ms", "ms"),
        ("p95", "p95_ms", "ms"),
        ("p95 of absolute", "p95_abs_ms", "ms"),
        ("claps timed", "n", ""),
        ("lost sound", "lost_audio_ms", "ms"),
        ("  as silence", "silence_ms", "ms"),
        ("  as made up", "concealed_ms", "ms"),
        ("heard longer by", "longer_ms", "ms"),
        ("flashes missing", "missing_flashes", ""),
        ("beeps missing", "missing_beeps", ""),
        ("frames a second", "fps", ""),
        ("sound's buffer", "sound_buffer_ms", "ms"),
        ("picture's buffer", "picture_buffer_ms", "ms"),
    ]
    others = {"av_synchronizer": "AVSynchronizer", "worker": "by a worker"}
    shown = [key for key in others if key in results]
    columns = [results, *(results[key] for key in shown)]
    titles = ["this package", *(others[key] for key in shown)]
    lines = [f"{'picture - sound':18}" + "".join(f"{title:>18}" for title in titles)]
    for title, key, unit in rows:
        cells = "".join(f"{_cell(column[key], unit):>18}" for column in columns)
        lines.append(f"{title:18}{cells}")
    return "\n".join([*lines, "", f"positive = picture late; {results['method']}"])


def _cell(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:g} {unit}".strip()
