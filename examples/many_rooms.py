"""A worker that takes as many rooms as its processors can draw, and no more.

    pip install 'livekit-plugins-avatar[demo]'
    MALLOC_ARENA_MAX=2 python examples/many_rooms.py start

Server and keys are those of examples/basic.py; `livekit-avatar doctor` tells how many rooms fit.
When it is stopped, it takes no new rooms and lets the others end.
"""

import os
from functools import partial

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

ROOMS = int(os.environ.get("ROOMS", "4"))

FULL = 0.7
"""A LiveKit server sends no job to a worker that tells such a load (its `agents.target_load`)."""


def load(server: AgentServer) -> float:
    """0.7 once all rooms are taken."""
    return FULL * len(server.active_jobs) / ROOMS


server = AgentServer(
    setup_fnc=partial(avatar.prewarm, persona="woman"),  # once a process, not once a job
    num_idle_processes=1,
    load_fnc=load,
    load_threshold=FULL,
    drain_timeout=600,
)


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())
    face = avatar.AvatarSession("woman")
    await face.start(session, room=ctx.room)
    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("There is room for me.")


if __name__ == "__main__":
    cli.run_app(server)
