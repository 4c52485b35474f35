"""`livekit-avatar bench worker`: faces of many rooms drawn by two workers, one of which is killed.

A LiveKit server, two worker processes and one agent process with ten rooms on this machine. Agents
say a steady tone, each for half of the time, as people have the other half of a conversation. One
worker is killed in the middle of it, and all agents of its rooms speak on and on: the voices must
go on with a gap of at most 0.2 s, the faces be back within 5 s, and no segment finish twice. Then
the other worker is told to stop while a third takes over: no room may lose its voice, and the
worker must end by itself. Last, one room compares the time to the first sound with a face drawn by
its own process. With `--all-speak` all agents speak all the time.

Faces are 64x64 at 10 frames a second: ten of 512x512 do not fit beside all this on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack, redirect_stdout
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from ....session import AvatarSession
from ....timeline import SystemClock
from ...demo import server_binary
from ...demo.cache import Missing
from ...demo.server import LiveKitServer, ServerDied, livekit_server
from .agents import RemoteAgent, leave_all, tone
from .processes import ProcessFailed, Viewers, WorkerProcess
from .small_worker import SmallFace
from .viewers import BLOCK_MS

NAME = "bench"

MOST_GAP_S = 0.2
MOST_BACK_S = 5.0
MOST_ADDED_S = 0.06

SPEECH_S = 12.0
APART_S = 0.3
"""From one that speaks throughout to the next."""

KILLED_S = 4.0
"""After the speech has begun."""

TAKEN_OVER_S = 1.5
"""A silence that began so long after the kill is not that of the worker that was killed."""

FIRST_SOUNDS = 8
CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; times in seconds, of the worst room."""

    rooms: int
    rooms_by_worker: list[int]
    killed_rooms: int
    gap_s: float
    """The longest time without the tone after the kill, in the rooms of the worker that was killed:
    while the own voice takes over."""
    return_gap_s: float
    """The same later: while the next worker takes over."""
    other_gap_s: float
    """The longest in the other rooms, at any time."""
    back_s: float
    """From the kill to the first frame of the worker that follows."""
    segments: int
    finished: int
    short_positions: int
    """Segments whose reported position is not their length."""
    takeovers: int
    """In the rooms of the worker that was not killed: false alarms."""
    drain_gap_s: float
    """The longest in all rooms, once the worker has been told to stop."""
    drain_exit: int | None
    drained_rooms_heard: int
    """Rooms that were heard whole after the drain."""
    first_sound_s: float
    first_sound_local_s: float
    cores: int
    load: float
    """Of the machine, when it began: processes that want a core."""

    @property
    def held(self) -> dict[str, bool]:
        """Which of the promises held."""
        return {
            "both workers have rooms": min(self.rooms_by_worker) > 0,
            "voice gap": self.gap_s <= MOST_GAP_S,
            "gap of the return": self.return_gap_s <= MOST_GAP_S,
            "face back": self.back_s <= MOST_BACK_S,
            "each segment finished once": self.segments == self.finished,
            "positions": self.short_positions == 0,
            "drain": self.drain_exit == 0
            and self.drain_gap_s <= MOST_GAP_S
            and self.drained_rooms_heard == self.rooms,
            "first sound": self.first_sound_s - self.first_sound_local_s <= MOST_ADDED_S,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--rooms", type=int, default=10, help="%(default)s")
    parser.add_argument("--all-speak", action="store_true", help="all agents, all the time")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 when all promises hold, 1 when not, 2 when asked for the impossible."""
    if args.rooms < 2:
        print("bench worker: at least 2 rooms, for two workers", file=sys.stderr)
        return 2
    try:
        with redirect_stdout(sys.stderr), livekit_server(server_binary.provide()) as server:
            figures = asyncio.run(measure(server, args.rooms, args.all_speak))
    except (Missing, ServerDied, ProcessFailed) as error:
        print(f"bench worker: {error}", file=sys.stderr)
        return 1
    results = asdict(figures) | {"held": figures.held}
    print(json.dumps(results, indent=1) if args.json else table(figures))
    return int(not all(figures.held.values()))


def table(figures: Figures) -> str:
    """The figures for a person."""
    rows = [f"{name:24}{value}" for name, value in asdict(figures).items()]
    rows += [f"{'held' if ok else 'MISSED':8}{name}" for name, ok in figures.held.items()]
    return "\n".join(rows)


async def measure(server: LiveKitServer, rooms: int, all_speak: bool = False) -> Figures:
    """Play all of it."""
    os.environ.update(server.environment)
    load = os.getloadavg()[0]
    async with AsyncExitStack() as stack:
        first, second = await asyncio.gather(*(_worker(stack, server) for _ in range(2)))
        names = [f"room-{number}" for number in range(rooms)]
        viewers = await Viewers.start(server, names)
        stack.push_async_callback(viewers.aclose)
        agents: list[RemoteAgent] = []
        stack.push_async_callback(leave_all, agents)
        for name in names:
            agents.append(await RemoteAgent.join(server, name, _remote_face))
        # The server chooses: the one with more rooms is killed.
        second, first = sorted((first, second), key=lambda each: len(each.rooms))
        by_worker = [len(first.rooms), len(second.rooms)]
        log(f"{rooms} rooms, by worker: {by_worker}")
        talks = Talks(dict(zip(names, agents, strict=True)), all_speak)
        killing = await _kill(first, talks, viewers)
        log(f"killed: {killing}")
        third = await _worker(stack, server)
        draining = await _drain(second, third, talks, viewers)
        log(f"drained: {draining}")
        finished = [event for agent in agents for event in agent.finished]
        lengths = talks.lengths_s
        whole = sorted(round(each.playback_position, 2) for each in finished)
        short = sum(a < b - 0.02 for a, b in zip(whole, sorted(lengths), strict=False))
        agents_done, agents[:] = list(agents), []
        await leave_all(agents_done)
        await _worker(stack, server)
        sounds = await _first_sounds(server)
    return Figures(
        rooms=rooms,
        rooms_by_worker=by_worker,
        **killing,
        segments=len(lengths),
        finished=len(finished),
        short_positions=short,
        **draining,
        **sounds,
        cores=len(os.sched_getaffinity(0)),
        load=round(load, 1),
    )


def log(line: str) -> None:
    """Tell a person how far it is."""
    print(line, file=sys.stderr, flush=True)


async def _worker(stack: AsyncExitStack, server: LiveKitServer) -> WorkerProcess:
    worker = await WorkerProcess.start(server, NAME)
    stack.push_async_callback(worker.aclose)
    return worker


def _remote_face() -> AvatarSession:
    return AvatarSession(worker=NAME)


class Talks:
    """What the agents say.

    Args:
        agents: By room.
        all_speak: All the time, instead of half of it.
    """

    def __init__(self, agents: Mapping[str, RemoteAgent], all_speak: bool) -> None:
        self.agents = agents
        self._all_speak = all_speak
        self.lengths_s: list[float] = []
        """Of what was said."""

    async def talk(self, throughout: Collection[str] = ()) -> None:
        """Let the agents in some rooms speak for `SPEECH_S`, and each of the others for half of it,
        half of them at a time; returns when they have."""
        others = [name for name in self.agents if name not in throughout]
        if self._all_speak:
            throughout, others = [*self.agents], []
        # People do not begin all at once.
        said = [
            self._say(name, SPEECH_S, after_s=APART_S * at) for at, name in enumerate(throughout)
        ]
        for at, name in enumerate(others):
            said.append(self._say(name, SPEECH_S / 2, after_s=SPEECH_S * at / len(others)))
        await asyncio.gather(*said)

    async def say(self, length_s: float) -> None:
        """Let all say something at once."""
        await asyncio.gather(*(self._say(name, length_s) for name in self.agents))

    async def _say(self, name: str, length_s: float, after_s: float = 0.0) -> None:
        self.lengths_s.append(length_s)
        await CLOCK.sleep(after_s)
        await self.agents[name].say(tone(length_s))


async def _kill(worker: WorkerProcess, talks: Talks, viewers: Viewers) -> dict[str, Any]:
    """Kill a worker in whose rooms all agents speak."""
    agents = talks.agents
    await until(lambda: all(agent.face._pipeline.has_face for agent in agents.values()))
    await CLOCK.sleep(1.0)
    await viewers.seen()
    killed = worker.rooms & set(agents)
    talking = asyncio.create_task(talks.talk(killed))
    await CLOCK.sleep(KILLED_S)
    before = {name: agent.worker for name, agent in agents.items()}
    worker.kill()
    at_s = CLOCK.now_s()
    await talking
    await CLOCK.sleep(0.5)
    seen = await viewers.seen()
    taken_s = at_s + TAKEN_OVER_S
    gaps = [longest_gap_s(seen[name], after_s=at_s, before_s=taken_s) for name in killed]
    returns = [longest_gap_s(seen[name], after_s=taken_s) for name in killed]
    backs = [back_s(seen[name], before[name], at_s) for name in killed]
    others = [name for name in agents if name not in killed]
    return {
        "killed_rooms": len(killed),
        "gap_s": max(gaps, default=0.0),
        "return_gap_s": max(returns, default=0.0),
        "other_gap_s": max((longest_gap_s(seen[name]) for name in others), default=0.0),
        "back_s": round(max(backs, default=0.0), 2),
        "takeovers": sum(agents[name].takeovers for name in others),
    }


async def _drain(
    worker: WorkerProcess, _following: WorkerProcess, talks: Talks, viewers: Viewers
) -> dict[str, Any]:
    """Tell a worker to stop while agents speak, and let all speak once more after it ended."""
    talking = asyncio.create_task(talks.talk())
    await CLOCK.sleep(KILLED_S)
    worker.stop()
    stopped_s = CLOCK.now_s()
    await talking
    await CLOCK.sleep(0.5)
    seen = await viewers.seen()
    code = await worker.ended()
    await viewers.seen()
    await talks.say(1.0)
    await CLOCK.sleep(0.5)
    after = await viewers.seen()
    whole = [room for room in after.values() if heard_s(room) > 0.9]
    return {
        "drain_gap_s": max(longest_gap_s(seen[name], after_s=stopped_s) for name in talks.agents),
        "drain_exit": code,
        "drained_rooms_heard": len(whole),
    }


async def _first_sounds(server: LiveKitServer) -> dict[str, Any]:
    """The time from an answer to its first sound, with a face elsewhere and one of this process."""
    times: dict[str, Any] = {}
    faces: dict[str, Callable[[], AvatarSession]] = {
        "first_sound_s": _remote_face,
        "first_sound_local_s": lambda: AvatarSession(renderer=SmallFace()),
    }
    for what, make_face in faces.items():
        viewers = await Viewers.start(server, [what])
        agent = await RemoteAgent.join(server, what, make_face)
        face = agent.face._pipeline
        await until(lambda: face.has_face)  # noqa: B023 - awaited in this round.
        await CLOCK.sleep(2.0)
        taken = []
        for _ in range(FIRST_SOUNDS):
            await viewers.seen()
            began_s = CLOCK.now_s()
            await agent.say(tone(0.4))
            await CLOCK.sleep(0.3)
            heard = [at for one in (await viewers.seen())[what]["loud"].values() for at in one]
            taken.append(min(heard) - began_s)
        times[what] = round(median(taken), 3)
        await agent.leave()
        await viewers.aclose()
    return times


def longest_gap_s(
    room: Mapping[str, Mapping[str, list[float]]], *, after_s: float = 0.0, before_s: float = 1e12
) -> float:
    """The longest time without the tone between its first and its last sound, over all tracks, that
    ended after the one moment and began before the other."""
    loud = sorted(at for times in room["loud"].values() for at in times)
    if len(loud) < 2:
        return SPEECH_S
    block_s = BLOCK_MS / 1e3
    pairs = [pair for pair in pairwise(loud) if pair[1] > after_s and pair[0] < before_s]
    gaps = (after - before - block_s for before, after in pairs)
    return round(max(0.0, *gaps), 3)


def heard_s(room: Mapping[str, Mapping[str, list[float]]]) -> float:
    """How long the tone was heard, on whatever track."""
    return max((len(times) for times in room["loud"].values()), default=0) * BLOCK_MS / 1e3


def back_s(room: Mapping[str, Mapping[str, list[float]]], before: str, at_s: float) -> float:
    """From `at_s` to the first frame of another participant than `before`."""
    others = [
        at for who, times in room["frames"].items() for at in times if who != before and at > at_s
    ]
    return min(others) - at_s if others else float("inf")


async def until(condition: Callable[[], bool], deadline_s: float = 60.0) -> None:
    """Wait until it is true; raises a ProcessFailed where it never is."""
    ends_s = CLOCK.now_s() + deadline_s
    while not condition():
        if CLOCK.now_s() > ends_s:
            raise ProcessFailed("not every room has got a face")
        await CLOCK.sleep(0.05)
