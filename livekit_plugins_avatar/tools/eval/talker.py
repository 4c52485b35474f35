"""An agent that talks until it is stopped, in a process of its own: the subject of a soak.

Turns of speech go through an `AgentSession` and its avatar: some are heard to the end, some are
interrupted, some paused and resumed. The connection is resumed or made anew in turns. After each
turn it prints one line of JSON with its counts. It ends with its standard input. The speech does
not fit its text, which gives the recogniser the most work.

    python -m livekit_plugins_avatar.tools.eval.talker URL TOKEN PERSONA SEED RECONNECT_EVERY_S
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice.room_io import RoomOptions, TextOutputOptions

from ...audio.pcm_buffer import Pcm
from ...session import AvatarSession
from ...timeline import SAMPLE_RATE, SystemClock, samples
from .costs import TEXT, speech

TURN_S = (1.0, 12.0)
"""From a word of assent to an explanation."""

BETWEEN_S = (2.0, 10.0)
"""A person answers meanwhile."""

CHUNK_S = 0.1
PAUSED_S = 0.4

STUCK_S = 30.0
"""A turn that has not ended this long after its sound should have is stuck."""

AS_IT_COMES = RoomOptions(text_output=TextOutputOptions(sync_transcription=False))
"""The framework's own timing of captions by the rate of the sound takes a quarter of a core, which
is not what is measured here."""


async def talk(url: str, token: str, persona: str, seed: int, reconnect_every_s: float) -> None:
    """Join, talk until standard input ends, and leave.

    Args:
        url, token: Of the room.
        persona: What it looks like.
        seed: Which turns it takes.
        reconnect_every_s: How often the connection is disturbed, in turns: resumed, and made anew.
    """
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    room, session = rtc.Room(), AgentSession[None]()
    await room.connect(url, token)
    avatar = AvatarSession(persona)
    try:
        await avatar.start(session, room=room)
        await session.start(Agent(instructions="none"), room=room, room_options=AS_IT_COMES)
        work = [
            asyncio.create_task(each)
            for each in (_take_turns(session, avatar, seed), _disturb(room, reconnect_every_s))
        ]
        done, _ = await asyncio.wait([ended, *work], return_when=asyncio.FIRST_COMPLETED)
        for task in work:
            task.cancel()
        await asyncio.gather(*(done - {ended}))
    finally:
        await session.aclose()
        await avatar.aclose()
        await room.disconnect()


async def _take_turns(session: AgentSession[None], avatar: AvatarSession, seed: int) -> None:
    """Speak, finish or not, wait and report, without end."""
    chance = np.random.default_rng(seed)
    sound = speech(TURN_S[1])
    counts: Counter[str] = Counter()
    kinds: list[tuple[str, Callable[[AgentSession[None], float], Awaitable[None]]]] = [
        ("whole", _hear_out),
        ("whole", _hear_out),
        ("interrupted", _interrupt),
        ("paused", _pause),
    ]
    while True:
        kind, hear = kinds[chance.integers(len(kinds))]
        length_s = float(chance.uniform(*TURN_S))
        handle = session.say(TEXT, audio=_frames(sound[: samples(length_s)]), add_to_chat_ctx=False)
        await hear(session, float(chance.uniform(0.1, 0.9)) * length_s)
        try:
            await asyncio.wait_for(handle.wait_for_playout(), length_s + STUCK_S)
            counts[kind] += 1
        except asyncio.TimeoutError:
            counts["stuck"] += 1
        counts["turns"] += 1
        print(json.dumps({"counts": counts, "stats": asdict(avatar.stats)}), flush=True)
        await SystemClock().sleep(float(chance.uniform(*BETWEEN_S)))


async def _hear_out(session: AgentSession[None], after_s: float) -> None:
    pass


async def _interrupt(session: AgentSession[None], after_s: float) -> None:
    await SystemClock().sleep(after_s)
    session.interrupt()


async def _pause(session: AgentSession[None], after_s: float) -> None:
    """Hold the speech as a noise does that turns out to be no interruption."""
    await SystemClock().sleep(after_s)
    output = session.output.audio
    assert output is not None, "AvatarSession.start sets the session's audio output"
    output.pause()
    await SystemClock().sleep(PAUSED_S)
    output.resume()


async def _disturb(room: rtc.Room, every_s: float) -> None:
    kinds = rtc.SimulateScenarioKind
    while True:
        for scenario in (kinds.SIMULATE_SIGNAL_RECONNECT, kinds.SIMULATE_FULL_RECONNECT):
            await SystemClock().sleep(every_s)
            try:
                await room.simulate_scenario(scenario)
            except RuntimeError as error:
                print(f"the connection could not be disturbed: {error}", file=sys.stderr)


async def _frames(pcm: Pcm) -> AsyncIterator[rtc.AudioFrame]:
    """Speech in pieces, as fast as it is taken: a TTS is faster than real time."""
    for piece in np.array_split(pcm, max(1, len(pcm) // samples(CHUNK_S))):
        yield rtc.AudioFrame(piece.tobytes(), SAMPLE_RATE, 1, len(piece))


if __name__ == "__main__":
    url, token, persona, seed, every_s = sys.argv[1:]
    asyncio.run(talk(url, token, persona, int(seed), float(every_s)))
