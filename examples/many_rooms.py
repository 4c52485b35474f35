"""A worker that takes as many rooms as its processors can draw, and no more.

    pip install 'livekit-plugins-avatar[demo]'
    MALLOC_ARENA_MAX=2 python examples/many_rooms.py start

Server and keys are those of examples/basic.py; `livekit-avatar doctor` tells how many rooms fit. A
server sends no jobs to a worker whose load is above its threshold. When it is stopped, it takes no
new rooms and lets the others end.
"""

import os
from functools import partial

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

ROOMS = int(os.environ.get("ROOMS", "4"))


def load(server: AgentServer) -> float:
    """The share of the rooms that are taken, in [0, 1]."""
    return len(server.active_jobs) / ROOMS


server = AgentServer(
    setup_fnc=partial(avatar.prewarm, persona="woman"),  # once a process, not once a job
    num_idle_processes=1,
    load_fnc=load,
    load_threshold=0.99,
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
