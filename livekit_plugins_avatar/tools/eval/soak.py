"""`livekit-avatar eval soak`: measures whether an agent that talks for hours grows.

Gives memory, threads and handles of a process with an agent and a face in a room of a real LiveKit
server, once it is warm and at the end. The agent (`talker`) speaks, is interrupted, paused and
reconnected again and again; a participant receives it. A run that is stopped reports what it has.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import psutil
from livekit import rtc

from ...options import DEFAULT_PERSONA
from ...timeline import Clock, SystemClock
from ..demo import server_binary
from ..demo.cache import Missing
from ..demo.server import LiveKitServer, ServerDied, livekit_server
from .growth import LEAST, Growth, Reading, growth

DEFAULT_MINUTES = 60.0
SHORTEST_MINUTES = 1.0

EVERY_S = 2.5
"""From reading to reading."""

WARM_S = 300.0
"""Time for pools to fill and lazily loaded code to be loaded; a tenth of a run at most."""

ROUNDS = 24
"""In a run the connection is resumed, and then made anew, this often: whole rounds of it in each
tenth, so that the first and the last compare like with like."""

SHORTEST_ROUND_S = 16.0
"""A connection that is made anew has its audience back after some seconds."""

ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
"""glibc gives threads heaps of their own, up to eight for each core, and each keeps what it once
held. The threads of a connection that is made anew take other heaps than those before, so what is
in use stays while what is held climbs, until every heap has had its turn. Two heaps are enough for
an agent, and hold still from the start. Other allocators do not read this."""

GLANCE_EVERY_S, GLANCE_S = 60.0, 6.0
"""The listener takes the picture for a while now and then: to decode it all the time would take
more of the machine than the agent does."""

SAY_EVERY_S = 60.0
STOP_S = 10.0
FOLLOWING_S = 30.0
"""The listener must hear and see within this."""

STOPPED = 130
"""The exit status of a command that was interrupted."""


class TalkerDied(RuntimeError):
    """The agent's process ended, or its tracks were not received."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, help="how long (%(default)s)"
    )
    parser.add_argument("--persona", default=DEFAULT_PERSONA, help="name or file (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which turns (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when nothing grew, 1 when something did or it could not be measured, 2
    when asked for the impossible, 130 when stopped before its end."""
    if args.minutes < SHORTEST_MINUTES:
        print(f"--minutes is at least {SHORTEST_MINUTES:g}, got {args.minutes:g}", file=sys.stderr)
        return 2
    try:
        with redirect_stdout(sys.stderr), livekit_server(server_binary.provide()) as server:
            results = asyncio.run(
                soak(server, 60 * args.minutes, persona=args.persona, seed=args.seed)
            )
    except (Missing, ServerDied, TalkerDied) as error:
        print(f"eval soak: {error}", file=sys.stderr)
        return 1
    print(json.dumps(results) if args.json else table(results))
    if results["stopped_early"]:
        return STOPPED
    return 0 if results["passed"] else 1


@dataclass(slots=True)
class Audience:
    """A participant that listens, looks now and then, and counts what it gets."""

    room: rtc.Room = field(default_factory=rtc.Room)
    frames: int = 0
    heard_s: float = 0.0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def join(self, server: LiveKitServer, name: str) -> None:
        self.room.on("track_subscribed", lambda track, publication, participant: self._take(track))
        await self.room.connect(server.url, server.token(identity="audience", room=name))

    async def glance(self, clock: Clock) -> None:
        """Look for a while, look away for longer, without end."""
        while True:
            self._look_up(True)
            await clock.sleep(GLANCE_S)
            self._look_up(False)
            await clock.sleep(GLANCE_EVERY_S - GLANCE_S)

    async def leave(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.room.disconnect()

    def _look_up(self, up: bool) -> None:
        for participant in self.room.remote_participants.values():
            for publication in participant.track_publications.values():
                if publication.kind == rtc.TrackKind.KIND_VIDEO:
                    publication.set_subscribed(up)

    def _take(self, track: rtc.Track) -> None:
        take = self._listen if track.kind == rtc.TrackKind.KIND_AUDIO else self._look
        # A track that is published anew ends the stream of the old one.
        self.tasks = [task for task in self.tasks if not task.done()]
        self.tasks.append(asyncio.create_task(take(track)))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track)
        async for event in stream:
            self.heard_s += event.frame.duration
        await stream.aclose()

    async def _look(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420)
        async for _ in stream:
            self.frames += 1
        await stream.aclose()


async def soak(
    server: LiveKitServer, seconds_: float, *, persona: str, seed: int
) -> dict[str, Any]:
    """Let an agent talk, and watch its process; the object that is printed.

    Args:
        server: Running.
        seconds_: How long, the warming included.
        persona: What the agent looks like.
        seed: Which turns it takes.

    Raises:
        TalkerDied: The agent's process ended by itself, or could not be heard and seen.
    """
    stopped = _on_signals()
    async with AsyncExitStack() as stack:
        audience = Audience()
        await audience.join(server, "soak")
        stack.push_async_callback(audience.leave)
        clock = SystemClock()
        every_s = max(SHORTEST_ROUND_S, seconds_ / ROUNDS) / 2
        talker = await _start_talker(stack, server, persona, seed, every_s)
        said: dict[str, dict[str, int]] = {}
        reading = asyncio.create_task(_follow(talker, said))
        stack.callback(reading.cancel)
        readings = await _watch(talker, audience, said, stopped, seconds_, clock)
    warm_s = readings[0].at_s + min(WARM_S, seconds_ / 10) if readings else 0.0
    grown = growth([each for each in readings if each.at_s >= warm_s])
    counts = said.get("counts", {})
    figures = grown.as_dict() if grown is not None else {}
    return figures | {
        "minutes": round((readings[-1].at_s - readings[0].at_s) / 60, 2) if readings else 0.0,
        "persona": persona,
        "frames_seen": audience.frames,
        "heard_s": round(audience.heard_s, 1),
        **{f"{kind}_count": count for kind, count in sorted(counts.items())},
        "agent": said.get("stats", {}),
        "stopped_early": stopped.is_set(),
        "passed": _passed(grown, counts),
    }


def _passed(grown: Growth | None, counts: dict[str, int]) -> bool:
    return grown is not None and grown.flat and not counts.get("stuck", 0)


def _on_signals() -> asyncio.Event:
    """Set once the run is to stop, with what it has."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def _start_talker(
    stack: AsyncExitStack, server: LiveKitServer, persona: str, seed: int, every_s: float
) -> asyncio.subprocess.Process:
    token = server.token(identity="agent", room="soak")
    talker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livekit_plugins_avatar.tools.eval.talker"),
        *(server.url, token, persona, str(seed), str(every_s)),
        env={**os.environ, **ALLOCATOR},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    stack.push_async_callback(_stop, talker)
    return talker


async def _stop(talker: asyncio.subprocess.Process) -> None:
    """End it as it likes to be ended; where it does not, end it."""
    assert talker.stdin is not None
    talker.stdin.close()
    try:
        await asyncio.wait_for(talker.wait(), STOP_S)
    except asyncio.TimeoutError:
        print("the agent's process did not end when asked to, and is killed", file=sys.stderr)
        talker.kill()
        await talker.wait()


async def _follow(talker: asyncio.subprocess.Process, said: dict[str, dict[str, int]]) -> None:
    """Keep the last of what the talker counted."""
    assert talker.stdout is not None
    async for line in talker.stdout:
        said.update(json.loads(line))


async def _watch(
    talker: asyncio.subprocess.Process,
    audience: Audience,
    said: dict[str, dict[str, int]],
    stopped: asyncio.Event,
    seconds_: float,
    clock: Clock,
) -> list[Reading]:
    """Read what the process holds, from its first turn on."""
    process = psutil.Process(talker.pid)
    readings: list[Reading] = []
    began_s = clock.now_s()
    while not (said and audience.frames and audience.heard_s):
        if talker.returncode is not None or clock.now_s() - began_s > FOLLOWING_S:
            raise TalkerDied("nothing was heard or seen of the agent; its last words are above")
        if await _within(stopped, 0.1):
            return readings
    audience.tasks.append(asyncio.create_task(audience.glance(clock)))
    began_s = spoken_s = clock.now_s()
    while clock.now_s() - began_s < seconds_ and not await _within(stopped, EVERY_S):
        if talker.returncode is not None:
            raise TalkerDied(f"the agent's process ended by itself with {talker.returncode}")
        readings.append(_read(process, clock.now_s()))
        if clock.now_s() - spoken_s >= SAY_EVERY_S:
            spoken_s = clock.now_s()
            print(_line(readings, audience, said), file=sys.stderr, flush=True)
    return readings


async def _within(event: asyncio.Event, seconds_: float) -> bool:
    """Whether it is set within this time."""
    try:
        await asyncio.wait_for(event.wait(), seconds_)
    except asyncio.TimeoutError:
        return False
    return True


def _read(process: psutil.Process, now_s: float) -> Reading:
    handles = process.num_fds() if hasattr(process, "num_fds") else process.num_handles()
    spent = process.cpu_times()
    return Reading(
        now_s,
        process.memory_info().rss / 1e6,
        process.num_threads(),
        handles,
        spent.user + spent.system,
    )


def _line(readings: list[Reading], audience: Audience, said: dict[str, dict[str, int]]) -> str:
    last = readings[-1]
    counts = ", ".join(f"{count} {kind}" for kind, count in said["counts"].items())
    return (
        f"{(last.at_s - readings[0].at_s) / 60:5.1f} min: {last.memory_mb:6.1f} MB, "
        f"{last.threads} threads, {last.handles} handles; {counts}; "
        f"{audience.frames} frames seen, {audience.heard_s:.0f} s heard"
    )


def table(results: dict[str, Any]) -> str:
    """The results for a person."""
    if "readings" not in results:
        return f"{results['minutes']:g} minutes: fewer than {LEAST} readings, too few to judge"
    rows = [f"{'once warm':10}{'first tenth':>14}{'last tenth':>14}{'peak':>10}"]
    for title, key, unit in (
        ("memory", "memory_{}_mb", " MB"),
        ("threads", "threads_{}", ""),
        ("handles", "handles_{}", ""),
    ):
        first, last, peak = (results[key.format(part)] for part in ("first", "last", "peak"))
        rows.append(f"{title:10}{f'{first:g}{unit}':>14}{f'{last:g}{unit}':>14}{peak:>10g}")
    counts = ", ".join(
        f"{count} {key.removesuffix('_count')}"
        for key, count in results.items()
        if key.endswith("_count")
    )
    return "\n".join(
        [
            *rows,
            "",
            f"memory grew by {results['memory_growth_percent']:g} %, "
            f"{results['memory_slope_mb_per_hour']:g} MB/h, in {results['minutes']:g} minutes; "
            f"{results['cpu_core_percent']:g} % of a core; {counts}",
            "nothing grew" if results["passed"] else "not passed",
        ]
    )
