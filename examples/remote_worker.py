"""A face drawn by a worker on another machine: this process has the voice agent alone.

    pip install 'livekit-plugins-avatar[demo]'
    livekit-avatar worker                     # on a machine with a GPU, as often as you like
    python examples/remote_worker.py dev

Server and keys are those of examples/basic.py, for both. A worker that dies or is stopped is
replaced by another; meanwhile the agent speaks with its own voice.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

server = AgentServer()  # no prewarm: no model is opened here


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())

    # The name is that of `livekit-avatar worker --name`.
    face = avatar.AvatarSession("woman", worker="avatar")
    await face.start(session, room=ctx.room)

    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("Hello! My face is drawn somewhere else.")


if __name__ == "__main__":
    cli.run_app(server)
