"""A voice agent with a face, for LiveKit Cloud or a LiveKit server of your own.

    pip install 'livekit-plugins-avatar[cloud]'
    python examples/cloud.py dev

It needs LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET, and here OPENAI_API_KEY and
DEEPGRAM_API_KEY; any other speech and language services of LiveKit Agents do as well. Talk to it
from any LiveKit client, such as the Agents Playground.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar, deepgram, openai, silero

server = AgentServer(setup_fnc=avatar.prewarm)  # loads the models before a job arrives


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(
        vad=silero.VAD.load(),
        stt=deepgram.STT(model="nova-3"),
        llm=openai.LLM(model="gpt-4.1-mini"),
        tts=openai.TTS(),
    )

    # The face: before session.start, so that the voice is published once, together with it.
    face = avatar.AvatarSession()
    await face.start(session, room=ctx.room)

    await session.start(Agent(instructions="Be brief and friendly."), room=ctx.room)
    await session.generate_reply(instructions="Greet the user.")


if __name__ == "__main__":
    cli.run_app(server)
