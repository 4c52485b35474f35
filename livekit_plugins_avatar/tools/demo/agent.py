"""The demo's worker: a voice agent with a face, sent by name to the rooms of the demo's page.

In flow jobs from a LiveKit server, which the environment names (`LIVEKIT_URL` and its key and
secret); out flow a voice and a face in the visitor's room. All conversations share one process and
one copy of the weights. Run `python -m livekit_plugins_avatar.tools.demo.agent start`.
"""

from __future__ import annotations

import asyncio
import sys

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.agents.job import JobExecutorType
from livekit.agents.voice.room_io import RoomOptions
from livekit.agents.voice.turn import TurnHandlingOptions
from livekit.plugins import avatar

from . import services
from . import status as mind
from .company import Company
from .extras import MissingExtra
from .worker_process import AGENT, READY

DRAIN_S = 1
"""How long conversations may go on when the demo is stopped."""

INSTRUCTIONS = (
    "You are the voice and face of a demo of livekit-plugins-avatar, a LiveKit Agents plugin that "
    "gives a voice agent a face: audio-locked mouth shapes, rendered on this machine, in sync with "
    "the sound. Your words are spoken aloud: answer in two or three short sentences, without "
    "markup, lists or emoji. You can explain the plugin, chat, and tell a short story."
)
GREETING_INSTRUCTIONS = "Greet the visitor in one or two sentences and say what you can do."

LIGHT_TURNS: TurnHandlingOptions = {
    # Voice activity alone ends a turn: a language model of turns would take a core of two.
    "turn_detection": "vad",
    "interruption": {"mode": "vad"},
}

IN_COMPANY = RoomOptions(
    # `Company` reads what is typed: the framework would take it from one person alone.
    text_input=False,
    # Whoever comes back to an empty room is to find an agent: one comes only to a room that is new.
    delete_room_on_close=True,
)


def _no_load() -> float:
    """The load that the server is told: none.

    A server sends nobody to a worker whose machine is busier than its `target_load`, 0.7. This
    machine has a browser and the server on it, and is that busy; but there is no other worker.
    """
    return 0.0


server = AgentServer(
    load_fnc=_no_load,
    job_executor_type=JobExecutorType.THREAD,
    num_idle_processes=1,
    drain_timeout=DRAIN_S,
    host="127.0.0.1",
    port=0,
)


class DemoAgent(Agent):
    """Greets whoever comes in, and answers."""

    def __init__(self) -> None:
        super().__init__(instructions=INSTRUCTIONS)

    async def on_enter(self) -> None:
        self.session.generate_reply(instructions=GREETING_INSTRUCTIONS)


@server.rtc_session(agent_name=AGENT)
async def enter(ctx: JobContext) -> None:
    """Hold one conversation in the room of `ctx`."""
    parts = services.make()
    session: AgentSession[None] = AgentSession(
        vad=parts.vad,
        stt=parts.stt,
        llm=parts.llm,
        tts=parts.tts,
        turn_handling=LIGHT_TURNS,
    )
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)
    company = Company(session, ctx.room)
    await session.start(DemoAgent(), room=ctx.room, room_options=IN_COMPANY)
    telling = asyncio.create_task(mind.tell(face, ctx.room, hears=lambda: company.heard))
    session.on("close", lambda _: telling.cancel())


def main() -> None:
    """Load the weights, then serve until stopped."""
    try:
        services.load()
    except MissingExtra as error:
        sys.exit(f"livekit-avatar: {error}")
    server.on("worker_registered", lambda *_: print(READY, flush=True))
    cli.run_app(server)


if __name__ == "__main__":
    main()
