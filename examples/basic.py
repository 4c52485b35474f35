"""A face that says one sentence: no key, no account, a LiveKit server on this machine.

    pip install 'livekit-plugins-avatar[demo]'
    livekit-server --dev --config-body 'room: {sync_streams: true}'
    LIVEKIT_URL=ws://localhost:7880 LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret \
        python examples/basic.py dev

`livekit-avatar demo` runs all of this, a page and a conversation too. To see this agent, join its
server with any LiveKit client.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

server = AgentServer(setup_fnc=avatar.prewarm)  # loads the models before a job arrives


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())

    # The face: before session.start, so that the voice is published once, together with it.
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)

    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("Hello! Every picture of me is drawn on this machine.")


if __name__ == "__main__":
    cli.run_app(server)
