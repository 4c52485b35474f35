"""The demo's worker: a voice agent with a face, dispatched by name to the rooms of the demo's page.

It takes its jobs from the LiveKit server that the environment names (`LIVEKIT_URL` and its key and
secret). All conversations share one process and one copy of the weights. Run it with
`python -m livekit_plugins_avatar.tools.demo.agent start`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.agents.job import JobExecutorType
from livekit.agents.voice.room_io import RoomOptions
from livekit.agents.voice.turn import TurnHandlingOptions
from livekit.plugins import avatar

from . import services
from .chat_input import ChatInput
from .extras import MissingExtra
from .face_choice import FaceChoice
from .participant_link import ParticipantLink
from .status_publisher import publish_status
from .worker_process import AGENT, FACES, READY

PERSONA: Final = "man"
STYLE: Final = "natural"
"""What every conversation begins with."""

DRAIN_S = 1
"""How long conversations may go on when the demo is stopped."""

INSTRUCTIONS = (
    "You are the voice and face of a demo of livekit-plugins-avatar, a LiveKit Agents plugin that "
    "gives a voice agent a face: audio-locked mouth shapes, rendered on this machine, in sync with "
    "the sound. Your words are spoken aloud: answer in two or three short sentences, without "
    "markup, lists or emoji. You can explain the plugin, chat, and tell a short story."
)
GREETING_INSTRUCTIONS = "Greet the visitor in one or two sentences and say what you can do."

VAD_TURNS: TurnHandlingOptions = {
    # Voice activity alone ends a turn: a turn detection model would take one core of two.
    "turn_detection": "vad",
    "interruption": {"mode": "vad"},
}

ROOM_OPTIONS = RoomOptions(
    # `ChatInput` reads typed messages: the framework reads those of one participant only.
    text_input=False,
    # An agent is dispatched to a new room only, so a visitor who comes back needs a new room.
    delete_room_on_close=True,
)


def _no_load() -> float:
    """Reports no load to the server.

    A server dispatches no job to a worker whose load is above its `load_threshold`, 0.7. This
    machine also runs the browser and the server, and there is no other worker to take the job.
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
    """Greets each visitor and answers."""

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
        turn_handling=VAD_TURNS,
    )
    face = avatar.AvatarSession(PERSONA, style=STYLE)
    await face.start(session, room=ctx.room)
    choice = FaceChoice(
        face, ctx.room, Path(os.environ.get(FACES, os.devnull)), persona=PERSONA, style=STYLE
    )
    await choice.start()
    link = ParticipantLink(session, ctx.room)
    chat = ChatInput(session, ctx.room, link)
    await session.start(DemoAgent(), room=ctx.room, room_options=ROOM_OPTIONS)
    publishing = asyncio.create_task(publish_status(face, ctx.room, hears=lambda: link.linked))

    def close(_: object) -> None:
        publishing.cancel()
        chat.close()

    session.on("close", close)


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
