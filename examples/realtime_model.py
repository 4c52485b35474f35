"""A realtime model with a face: speech in, speech out, no separate recognition and voice.

    pip install 'livekit-plugins-avatar[cloud]'
    python examples/realtime_model.py dev

It needs LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET and OPENAI_API_KEY. The text of a realtime
model comes after its sound, so the mouth follows the sound alone.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar, openai

server = AgentServer(setup_fnc=avatar.prewarm)


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(llm=openai.realtime.RealtimeModel(voice="marin"))
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)
    await session.start(Agent(instructions="Be brief and friendly."), room=ctx.room)
    await session.generate_reply(instructions="Greet the user.")


if __name__ == "__main__":
    cli.run_app(server)
