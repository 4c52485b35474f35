"""`livekit-avatar bench rooms`: how many rooms this machine holds.

Agents with faces speak and listen in rooms of a LiveKit server on this machine, each with a viewer,
one room more from level to level until a gate is missed: every room shows 25 frames a second and
drops less than 1 % of those that it should show (30, or `--fps`), and no sample of sound comes too
late. Agents begin to speak one after the other, as they do in calls. Three ways are compared: all
rooms in one process, a process for each room, and these with one renderer process.

What the agents and the renderer take of the processor is told in cores. Server and viewers are left
out of it, and are on the same machine: the server takes its part, and viewers what the others leave
(Linux), for in a call they are elsewhere. The offset is not measured here: `eval sync` does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, redirect_stdout, suppress
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

import psutil
from livekit import rtc

from ...render.persona import Device
from ...render.prerenderer import frame_period
from ...render.shared import launcher
from ...timeline import SystemClock
from ..demo import server_binary
from ..demo.cache import Missing
from ..demo.server import LiveKitServer, ServerDied, livekit_server
from .crowd import LISTENS_S

WAYS = ("one-process", "processes", "shared")

MOST_DROPPED_PERCENT = 1.0
LEAST_FPS = 25.0 * (1 - MOST_DROPPED_PERCENT / 100)
"""Twenty-five, less what may be dropped."""

JOIN_S = 60.0
"""All agents of a level have joined by then; a process takes 5 s of a core to import and join."""

LAST = 19
"""The niceness of viewers: the lowest priority."""

WARM_S = 5.0
STOP_S = 10.0


class AgentDied(RuntimeError):
    """The process of an agent ended by itself, or did not join."""


@dataclass(frozen=True, slots=True)
class Level:
    """What so many rooms got: the worst room's frames, all rooms' sound, and the cores used."""

    way: str
    rooms: int
    fps: float
    dropped_percent: float
    starved_samples: int
    agent_cores: float
    renderer_cores: float

    @property
    def passed(self) -> bool:
        """Whether all gates are met."""
        in_time = self.fps >= LEAST_FPS and self.dropped_percent < MOST_DROPPED_PERCENT
        return in_time and self.starved_samples == 0

    @property
    def cores_per_room(self) -> float:
        """Of the processor: agents and renderer."""
        return (self.agent_cores + self.renderer_cores) / self.rooms


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--way", action="append", choices=WAYS, help="only this, or these")
    parser.add_argument(
        "--first", type=int, default=1, help="rooms of the first level (%(default)s)"
    )
    parser.add_argument(
        "--most", type=int, default=16, help="rooms of the last level (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="time of a level, at least 5 (%(default)s)"
    )
    parser.add_argument(
        "--fps", type=int, default=30, help="frames a second of the faces (%(default)s)"
    )
    parser.add_argument(
        "--device", choices=get_args(Device), default="auto", help="what draws (%(default)s)"
    )
    parser.add_argument(
        "--core-hour", type=float, metavar="PRICE", help="of a core; gives the price of a room-hour"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when each way holds a room, else 1, 2 when asked for the impossible."""
    if not 1 <= args.first <= args.most or args.seconds < 5:
        print("bench rooms: 1 <= first <= most, and 5 seconds or more", file=sys.stderr)
        return 2
    try:
        frame_period(args.fps)
    except ValueError as error:
        print(f"bench rooms: {error}", file=sys.stderr)
        return 2
    try:
        with redirect_stdout(sys.stderr), livekit_server(server_binary.provide()) as server:
            levels = [
                level for way in args.way or WAYS for level in asyncio.run(climb(server, way, args))
            ]
    except (Missing, ServerDied, AgentDied) as error:
        print(f"bench rooms: {error}", file=sys.stderr)
        return 1
    results = summary(levels, args.core_hour)
    print(json.dumps(results, indent=1) if args.json else table(levels, results))
    return int(not all(results["holds"].values()))


async def climb(server: LiveKitServer, way: str, args: argparse.Namespace) -> list[Level]:
    """Measure level after level, up to the first that misses a gate."""
    levels: list[Level] = []
    for rooms in range(args.first, args.most + 1):
        async with Crowd(server, way, rooms, args.fps, args.device) as crowd:
            levels.append(await crowd.measure(args.seconds))
        print(line(levels[-1]), file=sys.stderr, flush=True)
        if not levels[-1].passed:
            break
    return levels


def summary(levels: Sequence[Level], core_hour: float | None) -> dict[str, Any]:
    """What is printed as JSON: all levels, how many rooms each way holds, and what a room costs."""
    held = {way: [each for each in levels if each.way == way] for way in WAYS}
    holds = {
        way: max((level.rooms for level in each if level.passed), default=0)
        for way, each in held.items()
        if each
    }
    best = {level.way: level.cores_per_room for level in levels if level.rooms == holds[level.way]}
    results: dict[str, Any] = {
        "cores": len(os.sched_getaffinity(0)),
        "holds": holds,
        "cores_per_room": {way: round(cores, 3) for way, cores in best.items()},
        "levels": [asdict(level) | {"passed": level.passed} for level in levels],
    }
    if core_hour is not None:
        prices = {way: round(core_hour * cores, 5) for way, cores in best.items()}
        results["room_hour"] = prices
    return results


def line(level: Level) -> str:
    """A level for a person."""
    figures = f"{level.fps:>8.1f}{level.dropped_percent:>11.2f}{level.starved_samples:>9}"
    cores = f"{level.agent_cores:>9.2f}{level.renderer_cores:>10.2f}"
    return f"{level.way:14}{level.rooms:>5}{figures}{cores}{'' if level.passed else '  missed'}"


def table(levels: Sequence[Level], results: Mapping[str, Any]) -> str:
    """All levels for a person, and what each way holds."""
    heading = f"{'':14}{'rooms':>5}{'fps':>8}{'dropped %':>11}{'starved':>9}"
    rows = [f"{heading}{'agents':>9}{'renderer':>10}", *map(line, levels)]
    for way, rooms in results["holds"].items():
        cost = results["cores_per_room"].get(way)
        said = "" if cost is None else f", {cost:.2f} cores a room"
        if way in results.get("room_hour", {}):
            said += f", {results['room_hour'][way]} a room-hour"
        rows.append(f"{way} holds {rooms} rooms{said}")
    return "\n".join(rows)


@dataclass(slots=True)
class Crowd:
    """The processes of one level with their viewers; a context manager.

    The way "voice" is agents without a face, each in a process.
    """

    server: LiveKitServer
    way: str
    rooms: int
    fps: int = 30
    device: Device = "auto"
    _said: list[dict[str, Any]] = field(default_factory=list)
    """What each process has printed last."""
    _processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Crowd:
        try:
            names = [f"{self.way}-{self.rooms}-{number}" for number in range(self.rooms)]
            await asyncio.gather(*map(self._view, names))
            tokens = [self.server.token(identity="agent", room=name) for name in names]
            step_s = LISTENS_S / self.rooms
            together = [tokens] if self.way == "one-process" else [[each] for each in tokens]
            for at, group in enumerate(together):
                await self._start(group, after_s=at * step_s, step_s=step_s)
            await self._until(lambda: all(self._said))
            return self
        except BaseException:
            await self._stack.aclose()
            raise

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()

    async def measure(self, seconds: float) -> Level:
        """Let them talk, and sum up what they have got meanwhile."""
        clock = SystemClock()
        _step_back()
        await clock.sleep(WARM_S)
        before, drawn_s, began_s = list(self._said), _renderer_cpu_s(), clock.now_s()
        await clock.sleep(seconds)
        drawn_s = _renderer_cpu_s() - drawn_s
        cores = drawn_s / (clock.now_s() - began_s)
        await self._until(lambda: True)
        return level_of(self.way, list(zip(before, self._said, strict=True)), cores)

    @property
    def used(self) -> tuple[float, float, int]:
        """When the only process reported last, the processor time that it had used by then, and the
        frames that its faces had shown."""
        [said] = self._said
        return said["at_s"], said["cpu_s"], sum(face["frames_shown"] for face in said["faces"])

    async def _view(self, name: str) -> None:
        """Let a viewer watch and listen."""
        room = rtc.Room()
        await room.connect(self.server.url, self.server.token(identity="viewer", room=name))
        self._stack.push_async_callback(room.disconnect)

    async def _start(self, tokens: Sequence[str], *, after_s: float, step_s: float) -> None:
        kind = self.way if self.way in ("shared", "voice") else "face"
        face = (kind, str(self.fps), self.device, str(after_s), str(step_s))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{__package__}.crowd", self.server.url, *face, *tokens),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        self._processes.append(process)
        self._said.append({})
        self._stack.push_async_callback(_ended, process)
        listening = asyncio.create_task(self._listen(process, len(self._said) - 1))
        self._stack.callback(listening.cancel)

    async def _listen(self, process: asyncio.subprocess.Process, number: int) -> None:
        assert process.stdout is not None
        async for said in process.stdout:
            self._said[number] = json.loads(said)

    async def _until(self, true: Callable[[], bool]) -> None:
        clock = SystemClock()
        ends_s = clock.now_s() + JOIN_S
        while True:
            codes = [process.returncode for process in self._processes]
            if any(code is not None for code in codes):
                raise AgentDied(f"an agent's process ended by itself, exit codes {codes}")
            if true():
                return
            if clock.now_s() > ends_s:
                raise AgentDied(f"not all agents joined within {JOIN_S:.0f} s")
            await clock.sleep(0.1)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let a process end, or end it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()


def _step_back() -> None:
    """Let viewers, who are threads of this process, take what of the processor others leave."""
    threads = psutil.Process().threads() if sys.platform == "linux" else []
    for thread in threads:
        if thread.id != os.getpid():
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, thread.id, LAST)


def level_of(
    way: str, said: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], renderer_cores: float
) -> Level:
    """Sum up what processes have printed at the beginning and at the end of a level."""
    fps, dropped, starved, cores = [], [], 0, 0.0
    for before, after in said:
        seconds = after["at_s"] - before["at_s"]
        cores += (after["cpu_s"] - before["cpu_s"]) / seconds
        for first, last in zip(before["faces"], after["faces"], strict=True):
            grown = {name: last[name] - first[name] for name in first}
            lost = grown["frames_missed"] + grown["frames_skipped"]
            fps.append(grown["frames_shown"] / seconds)
            dropped.append(100 * lost / max(1, grown["frames_shown"] + lost))
            starved += grown["underrun_samples"]
    figures = round(min(fps), 2), round(max(dropped), 3), starved
    return Level(way, len(fps), *figures, round(cores, 3), round(renderer_cores, 3))


def _renderer_cpu_s() -> float:
    """The processor time of all renderer processes of this installation."""
    return sum(map(_cpu_s, _renderers()))


def _cpu_s(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        spent = process.cpu_times()
        return float(spent.user + spent.system)
    return 0.0


def _renderers() -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline"]):
        if str(launcher.BOOT) in (process.info["cmdline"] or ()):
            yield process
