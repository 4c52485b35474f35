"""`livekit-avatar eval call`: measures a call full of faults, as its viewers see it.

An agent talks behind a bad link of its own. Its renderer stalls and dies, its event loop is
blocked, its TTS stops, its machine is busy, its connection is lost, and a guest speaks over it. Two
viewers in browsers watch, one on a good link and one on a bad one. LiveKit's `AvatarRunner` then
plays the same script with the same seed. Everything runs on loopback over a real server; `relay`
makes the links.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    redirect_stdout,
    suppress,
)
from multiprocessing.connection import Connection
from typing import Any, get_args

import psutil

from ...timeline import Clock, SystemClock
from ..demo import browser, page, server_binary
from ..demo.cache import Missing
from ..demo.server import LiveKitServer, ServerDied, livekit_server
from ..progress import reported
from .call_agent import GUEST, SHORTEST_TURN_S, Kind, Part, play
from .call_figures import Seen, Window, bad_moments, outages, reconnections, seen
from .call_log import Happened, Log
from .call_moments import moments, planned
from .call_script import AGENT, BAD, GOOD, LINKS, interruptions, script
from .call_table import table
from .faults.machine import steal
from .faults.script import Action, Fault, What, follow
from .guest import Guest
from .relay import RelayDied, Relays, relays
from .viewer import METHOD, Viewer, ViewerError

DEFAULT_MINUTES = 5.0
READY_S = 60.0
SETTLE_S = 2.0
"""Receivers' buffers and bitrates settle before the first word."""

SLACK_S = 60.0
"""A call that takes this much longer than it should is given up."""

STOP_S = 5.0

MEDIAN_MS = 20.0
FIFTH_MS, NINETY_FIFTH_MS = -45.0, 45.0
"""What the good viewer must get: a picture that is late is noticed from 45 ms on, an early one from
125 ms on (ITU-R BT.1359-1); the gate is the stricter one on both sides."""

SENT_AGAIN_MS = 700.0
"""In a short call a frame of the bad viewer may come so late whose packet is lost more than once:
to send it again takes a round trip of 0.16 s with jitter of 0.04 s each time, and 3 % of the
packets are lost."""


class AgentDied(RuntimeError):
    """The agent's process ended before its part did."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes", type=float, default=DEFAULT_MINUTES, help="how long (%(default)s)"
    )
    length.add_argument("--seconds", type=float, help="the same in seconds; 50 is CI's")
    parser.add_argument("--seed", type=int, default=0, help="of lines, turns and stalls (0)")
    parser.add_argument(
        "--only",
        choices=get_args(Kind),
        help="this package's face alone, or LiveKit's AvatarRunner alone",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when the call was as promised, 1 when it was not or could not be, 2 when
    asked for the impossible."""
    length_s = 60 * args.minutes if args.seconds is None else args.seconds
    if length_s < SHORTEST_TURN_S:
        print(f"a call lasts {SHORTEST_TURN_S:g} s at least, got {length_s:g}", file=sys.stderr)
        return 2
    kinds: tuple[Kind, ...] = get_args(Kind) if args.only is None else (args.only,)
    results: dict[str, Any] = {"seconds": length_s, "seed": args.seed, "method": METHOD}
    try:
        with redirect_stdout(sys.stderr), reported(f"a call of {length_s:g} s"):
            for kind in kinds:
                results |= asyncio.run(call(length_s, kind=kind, seed=args.seed))
    except (Missing, ServerDied, ViewerError, RelayDied, AgentDied, asyncio.TimeoutError) as error:
        print(f"eval call: {error or 'it took too long'}", file=sys.stderr)
        return 1
    results["broken_promises"] = broken(results) if "ours" in kinds else []
    print(json.dumps(results) if args.json else table(results))
    return 1 if results["broken_promises"] else 0


def broken(results: dict[str, Any]) -> list[str]:
    """The promises about a call that these figures break."""
    median, p5, p95 = (results[f"ours_good_offset_{name}_ms"] for name in ("median", "p5", "p95"))
    in_sync = {
        "the good viewer's median offset is within 20 ms": median is not None
        and abs(median) <= MEDIAN_MS,
        "the good viewer's offsets are within 45 ms from p5 to p95": median is not None
        and p5 >= FIFTH_MS
        and p95 <= NINETY_FIFTH_MS,
    }
    rest = broken_but_sync(results, late_ms=0.0)
    return [*rest, *(name for name, kept in in_sync.items() if not kept)]


def broken_but_sync(results: dict[str, Any], *, late_ms: float = SENT_AGAIN_MS) -> list[str]:
    """The same of a short call, without sync: it has too few claps that are not beside a fault.

    Args:
        results: The figures.
        late_ms: So long may the bad viewer's picture stand still while its line is there.
    """
    promises = {
        "the track has no gap of our making": results["ours_track_gaps_ms"] == 0,
        "no turn is stuck": results["ours_stuck_count"] == 0,
        "no reconnection makes the face jump": results["ours_face_jumps_reconnect_count"] == 0,
        "the good viewer's picture freezes only with its line": _longest_ms(results, GOOD) == 0,
        "the bad viewer's picture freezes only with its line": _longest_ms(results, BAD) <= late_ms,
    }
    return [promise for promise, kept in promises.items() if not kept]


def _longest_ms(results: dict[str, Any], viewer: str) -> float:
    """The longest freeze of a viewer's picture while the line was there."""
    kinds = "freezes", "freezes_renderer"
    return max(float(results[f"ours_{viewer}_{kind}_longest_ms"]) for kind in kinds)


async def call(length_s: float, *, kind: Kind, seed: int) -> dict[str, Any]:
    """One call; its figures, each with the kind of face before its name.

    Raises:
        ViewerError: A browser could not see or hear it.
        AgentDied: The agent's process ended early.
        RelayDied: The lines could not be had.
        asyncio.TimeoutError: It took a minute longer than it should.
    """
    clock, plan = SystemClock(), script(length_s, seed)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(livekit_server(server_binary.provide(), relayed=True))
        lines = await stack.enter_async_context(relays(server, LINKS, seed=seed))
        viewers = {name: await _join(stack, server, lines, name) for name in (GOOD, BAD)}
        guest = Guest(clock)
        await guest.join(server.url, server.token(identity=GUEST, room=AGENT))
        stack.push_async_callback(guest.leave)
        token = server.token(identity=AGENT, room=AGENT)
        part = Part(kind, lines.urls[AGENT], token, length_s, plan, seed)
        pipe, pid = await stack.enter_async_context(_agent(part))
        await asyncio.wait_for(_told(pipe), READY_S)
        for viewer in viewers.values():
            await viewer.subscribed()
        await clock.sleep(SETTLE_S)
        began_s = clock.wall_s()
        pipe.send(None)
        happened: list[Happened] = []
        around = [
            asyncio.create_task(follow(plan, _deeds(lines, pid, happened, clock), clock=clock)),
            asyncio.create_task(guest.interrupt(AGENT, interruptions(length_s))),
        ]
        log = await asyncio.wait_for(_told(pipe), length_s + SLACK_S)
        assert log is not None, "an agent answers with its log"
        await _over(around)
        recordings = {name: await viewer.recording() for name, viewer in viewers.items()}
    log.happened += happened
    lost, undrawn = outages(log.happened), bad_moments(plan, began_s)
    figures = {
        name: seen(recording, log, lost=lost, undrawn=undrawn)
        for name, recording in recordings.items()
    }
    log.happened += planned(plan, began_s)
    bad = [
        moment.as_dict()
        for name, recording in recordings.items()
        for moment in moments(name, recording, log, lost=lost, undrawn=undrawn)
    ]
    late = {f"{kind}_{name}_link_late_ms": late_ms for name, late_ms in lines.late_ms.items()}
    return _flat(kind, figures, log, lost) | late | {f"{kind}_moments": bad}


async def _over(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what still runs; raise what has failed, as the call was not the planned one then."""
    for task in tasks:
        task.cancel()
    for end in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(end, Exception):
            raise end


async def _join(stack: AsyncExitStack, server: LiveKitServer, lines: Relays, name: str) -> Viewer:
    url = lines.urls.get(name, server.url)
    viewer = Viewer(
        url,
        server.token(identity=name, room=AGENT),
        page_folder=page.provide(),
        browser_path=browser.provide(),
        publisher=AGENT,
    )
    return await stack.enter_async_context(viewer)


@asynccontextmanager
async def _agent(part: Part) -> AsyncIterator[tuple[Connection, int]]:
    """The pipe to the agent's process, and its id, until it is no longer needed."""
    spawning = multiprocessing.get_context("spawn")
    near, far = spawning.Pipe()
    process = spawning.Process(target=play, args=(part, far), name="avatar-call-agent", daemon=True)
    process.start()
    far.close()
    assert process.pid is not None, "it has been started"
    try:
        yield near, process.pid
    finally:
        # A log has been sent by now, or is not wanted any more.
        await asyncio.to_thread(process.join, STOP_S)
        process.kill()
        await asyncio.to_thread(process.join)


async def _told(pipe: Connection) -> Log | None:
    """The agent's next turn."""
    try:
        log: Log | None = await asyncio.to_thread(pipe.recv)
    except EOFError:
        raise AgentDied("the agent's process ended; its last words are above") from None
    return log


def _deeds(lines: Relays, pid: int, happened: list[Happened], clock: Clock) -> dict[What, Action]:
    """The faults that happen around the agent's process, `pid`."""

    async def link_down(fault: Fault) -> None:
        now_s = clock.wall_s()
        lines.go_down(AGENT, fault.length_s)
        happened.append(Happened("link_down", now_s, now_s + fault.length_s))

    async def cpu_hog(fault: Fault) -> None:
        now_s = clock.wall_s()
        happened.append(Happened("cpu_hog", now_s, now_s + fault.length_s))
        with _on_one_core(pid):
            await steal(fault.length_s, clock=clock)

    return {"link_down": link_down, "cpu_hog": cpu_hog}


@contextmanager
def _on_one_core(pid: int) -> Iterator[None]:
    """Let a process, and whatever is started meanwhile, share one core: the other ones are left to
    the viewers, who stand for machines of their own. Only Linux can; elsewhere all share all."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield
        return
    _keep_to(pid, cores[:1])
    os.sched_setaffinity(0, cores[:1])
    try:
        yield
    finally:
        _keep_to(pid, cores)
        os.sched_setaffinity(0, cores)


def _keep_to(pid: int, cores: Sequence[int]) -> None:
    """Let all threads of a process run on these cores alone."""
    for thread in psutil.Process(pid).threads():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread.id, cores)


def _flat(kind: Kind, figures: dict[str, Seen], log: Log, lost: Sequence[Window]) -> dict[str, Any]:
    # Speech that waits for the connection to come back leaves a gap that is not the TTS's.
    source_gaps = [
        gap.length_s
        for gap in log.source_gaps
        if not any(window.meets(gap.at_s, gap.at_s + gap.length_s) for window in lost)
    ]
    track_gaps = [gap.length_s for gap in log.track_gaps]
    jumped, away = log.face_jumps, reconnections(log.happened)
    flat: dict[str, Any] = {
        f"{kind}_turns_count": log.turns,
        f"{kind}_interrupted_count": log.interrupted,
        f"{kind}_stuck_count": log.stuck,
        f"{kind}_face_jumps_count": None if jumped is None else len(jumped),
        f"{kind}_face_jumps_reconnect_count": None
        if jumped is None
        else sum(window.meets(jump.at_s, jump.at_s) for jump in jumped for window in away),
        f"{kind}_face_jumps_parameters": None
        if jumped is None
        else sorted({f"{jump.parameter} {jump.moved:.2f}" for jump in jumped}),
        f"{kind}_source_gaps_count": len(source_gaps),
        f"{kind}_source_gaps_ms": round(1e3 * sum(source_gaps), 1),
        f"{kind}_track_gaps_count": len(track_gaps),
        f"{kind}_track_gaps_ms": round(1e3 * sum(track_gaps), 1),
        f"{kind}_speech_s": round(sum(run.length_s for run in log.runs), 1),
    }
    for name, each in figures.items():
        flat |= {f"{kind}_{name}_{key}": value for key, value in each.as_dict().items()}
    flat |= {f"{kind}_avatar_{key}": value for key, value in log.stats.items()}
    return flat
