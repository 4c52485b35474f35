"""The agent of the call, in a process of its own.

It gets an address, a script of faults and, by a pipe, the moment to begin; it answers by the same
pipe with a `Log` of what it published and what went wrong. It speaks in turns of clapper sound
through an `AgentSession`. Its face is this package's or LiveKit's `AvatarRunner`. When another
participant speaks, it stops and lets them finish.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Literal, Protocol

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.io import PlaybackProgressedEvent
from livekit.agents.voice.room_io import RoomOptions, TextOutputOptions

from ...session import AvatarSession
from ...timeline import SAMPLE_RATE, Clock, SystemClock, samples, seconds
from .call_log import Clap, FaceJump, Gap, Happened, Log
from .clapper import FRAME_SAMPLES, Clapper, ClapperRenderer
from .continuity import Observed, jumps
from .faults.machine import block
from .faults.renderer import FaultyRenderer
from .faults.script import Action, Fault, Script, What, follow
from .faults.voice import Tap
from .garbage import leave_out_what_is_loaded
from .ours import pipeline_of
from .pulse import Pulse
from .sending import read
from .stock_avatar import StockFace

Kind = Literal["ours", "stock"]

TURN_S = (9.0, 16.0)
BETWEEN_S = 0.9
"""Between turns: longer than a receiver's buffers, so that each turn is heard by itself."""

LEAD_S = 0.6
"""The tone alone at the beginning of a turn, in which its place on the timeline becomes known."""

SHORTEST_TURN_S = 3.0

AHEAD_S = 3.0
"""How far ahead of its playing the speech comes: a TTS is faster than real time."""

CHUNK_SAMPLES = samples(0.1)
STUCK_S = 10.0
"""A turn whose end is not reported this long after it is due is stuck."""

RECONNECT_S = 15.0
GUEST = "guest"

AS_IT_COMES = RoomOptions(text_output=TextOutputOptions(sync_transcription=False))
"""There are no captions to time, and the framework's timing takes a quarter of a core."""

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """What the agent has to do.

    Args:
        kind: Whose face it has.
        url: Where it connects, its link's.
        token: Lets it join and publish.
        seconds: How long it talks.
        script: What goes wrong.
        seed: Lengths of turns, and gaps between claps.
    """

    kind: Kind
    url: str
    token: str
    seconds: float
    script: Script
    seed: int


class Face(Protocol):
    """Whatever publishes the agent's speech, as the call needs it."""

    async def start(self) -> None: ...

    def begin(self) -> None: ...

    def prepare(self, clapper: Clapper, length: int) -> int: ...

    def collect(self) -> None: ...

    async def aclose(self) -> None: ...


def play(part: Part, pipe: Connection) -> None:
    """Play a part: says None once ready, begins when told anything, answers with a `Log`."""
    asyncio.run(_play(part, pipe, SystemClock()))


async def _play(part: Part, pipe: Connection, clock: Clock) -> None:
    room, session, log = rtc.Room(), AgentSession[None](), Log()
    clapper = Clapper(0.0, seed=part.seed)
    await room.connect(part.url, part.token)
    make = OurFace if part.kind == "ours" else StockFace
    face: Face = make(session, room, script=part.script, log=log, clock=clock)
    if isinstance(face, OurFace):
        face.draw(clapper)
    try:
        await face.start()
        await session.start(Agent(instructions="none"), room=room, room_options=AS_IT_COMES)
        leave_out_what_is_loaded()
        pipe.send(None)
        await asyncio.to_thread(pipe.recv)
        face.begin()
        tap = Tap(clock)
        actions = _deeds(room, tap, log, clock)
        around = [
            asyncio.create_task(follow(part.script, actions, clock=clock)),
            asyncio.create_task(read(room, log.sent, clock=clock)),
        ]
        pulse = Pulse(clock)
        pulse.start()
        await Talk(part, session, room, face, clapper, tap, log, clock).run()
        pulse.stop()
        for task in around:
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)
        log.happened += pulse.missed
        pipe.send(log)
    finally:
        await session.aclose()
        await face.aclose()
        await room.disconnect()


class OurFace:
    """An `AvatarSession` whose renderer flashes, stalls and dies; as `StockFace`."""

    def __init__(
        self, session: AgentSession[None], room: rtc.Room, *, script: Script, log: Log, clock: Clock
    ) -> None:
        self._session, self._room, self._script = session, room, script
        self._log, self._clock = log, clock
        self._renderer = ClapperRenderer(Clapper(0.0))
        self._collected = 0
        self._underrun = 0

    def draw(self, clapper: Clapper) -> None:
        """What the renderer is to show."""
        self._renderer = ClapperRenderer(clapper)

    async def start(self) -> None:
        self._observed = Observed(self._renderer)
        self._faulty = FaultyRenderer(self._observed, self._script)
        self._avatar = AvatarSession(renderer=self._faulty)
        await self._avatar.start(self._session, room=self._room)
        self._renderer.runs = pipeline_of(self._avatar).playout.runs
        output = self._session.output.audio
        assert output is not None, "AvatarSession.start sets the session's audio output"
        output.on("playback_progressed", self._on_progressed)

    def begin(self) -> None:
        self._faulty.origin = pipeline_of(self._avatar).playhead

    def prepare(self, clapper: Clapper, length: int) -> int:
        start = pipeline_of(self._avatar).playout.accepted
        clapper.extend(length, start=start, lead_s=LEAD_S)
        self._underrun = self._avatar.stats.underrun_samples
        return start

    def collect(self) -> None:
        """Date the claps of the turn that is over, and note where its sound ran out."""
        self._log.stats = asdict(self._avatar.stats)
        underrun = self._log.stats["underrun_samples"] - self._underrun
        if underrun:
            gap_s = seconds(underrun)
            self._log.track_gaps.append(Gap(self._clock.wall_s(), gap_s))
        zero_s = self._clock.wall_s() - seconds(pipeline_of(self._avatar).playhead)
        jumped = jumps(dict(self._observed.faces), FRAME_SAMPLES)
        self._log.face_jumps = [
            FaceJump(zero_s + seconds(jump.sample), jump.name, jump.moved) for jump in jumped
        ]
        claps = list(self._renderer.claps.items())[self._collected :]
        self._collected += len(claps)
        self._log.claps += [
            Clap(zero_s + seconds(beep), seconds(frame - beep)) for beep, frame in claps
        ]

    async def aclose(self) -> None:
        await self._avatar.aclose()

    def _on_progressed(self, run: PlaybackProgressedEvent) -> None:
        """A run is reported once it has been played; a gap before it was the source's."""
        if run.offset > 0 and self._log.runs:
            ended_s = self._log.runs[-1].end_s
            self._log.source_gaps.append(Gap(ended_s, run.started_at - ended_s))
        self._log.sound(run.started_at, run.duration)


class Talk:
    """Turn after turn, until the time is up."""

    def __init__(
        self,
        part: Part,
        session: AgentSession[None],
        room: rtc.Room,
        face: Face,
        clapper: Clapper,
        tap: Tap,
        log: Log,
        clock: Clock,
    ) -> None:
        self._part, self._session, self._face = part, session, face
        self._clapper, self._tap, self._log, self._clock = clapper, tap, log, clock
        self._chance = np.random.default_rng(part.seed)
        self._guest_speaks = False
        room.on("active_speakers_changed", self._on_speakers)

    async def run(self) -> None:
        """Talk; ends early where a turn is stuck, after which nothing more would be said."""
        ends_s = self._clock.now_s() + self._part.seconds
        while (left_s := ends_s - self._clock.now_s()) >= SHORTEST_TURN_S and not self._log.stuck:
            await self._turn(min(float(self._chance.uniform(*TURN_S)), left_s))
            self._face.collect()
            self._log.turns += 1
            await self._clock.sleep(BETWEEN_S)
            while self._guest_speaks:
                await self._clock.sleep(POLL_S)

    async def _turn(self, length_s: float) -> None:
        length = samples(length_s)
        start = self._face.prepare(self._clapper, length)
        said = self._session.say(
            "words", audio=self._tap.flow(self._frames(start, length)), add_to_chat_ctx=False
        )
        try:
            await asyncio.wait_for(said.wait_for_playout(), 2 * length_s + STUCK_S)
        except asyncio.TimeoutError:
            self._log.stuck += 1

    async def _frames(self, start: int, length: int) -> AsyncIterator[rtc.AudioFrame]:
        began_s = self._clock.now_s()
        for first in range(0, length, CHUNK_SAMPLES):
            pcm = self._clapper.sound(start + first, min(CHUNK_SAMPLES, length - first))
            yield rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm))
            await self._clock.sleep(began_s + seconds(first) - AHEAD_S - self._clock.now_s())

    def _on_speakers(self, speakers: list[rtc.Participant]) -> None:
        spoke, self._guest_speaks = (
            self._guest_speaks,
            any(speaker.identity == GUEST for speaker in speakers),
        )
        if self._guest_speaks and not spoke and self._session.current_speech is not None:
            self._log.interrupted += 1
            self._session.interrupt()


def _deeds(room: rtc.Room, tap: Tap, log: Log, clock: Clock) -> dict[What, Action]:
    """The faults that happen in the agent's process, each noted when it is over."""
    kinds = rtc.SimulateScenarioKind

    async def blocked(fault: Fault) -> None:
        block(fault.length_s)

    async def dry(fault: Fault) -> None:
        tap.shut(fault.length_s)
        await clock.sleep(fault.length_s)

    async def resume(fault: Fault) -> None:
        await _disturb(room, kinds.SIMULATE_SIGNAL_RECONNECT)

    async def reconnect(fault: Fault) -> None:
        await _disturb(room, kinds.SIMULATE_FULL_RECONNECT)

    def noted(action: Action) -> Action:
        async def do(fault: Fault) -> None:
            began_s = clock.wall_s()
            await action(fault)
            log.happened.append(Happened(fault.what, began_s, clock.wall_s()))

        return do

    actions: dict[What, Action] = {
        "block": blocked,
        "dry": dry,
        "resume": resume,
        "reconnect": reconnect,
    }
    return {what: noted(action) for what, action in actions.items()}


async def _disturb(room: rtc.Room, scenario: rtc.SimulateScenarioKind.ValueType) -> None:
    """Lose the connection, and wait until it is back."""
    back = asyncio.Event()

    def on_back() -> None:
        back.set()

    room.once("reconnected", on_back)
    await room.simulate_scenario(scenario)
    await asyncio.wait_for(back.wait(), RECONNECT_S)
