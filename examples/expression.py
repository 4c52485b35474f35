"""A face that knows what it says: from markup, from words, and when your code says so.

    pip install 'livekit-plugins-avatar[cloud]'
    python examples/expression.py dev

It needs the keys of examples/basic.py, and LiveKit Cloud for a voice that takes markup. What is
said and heard moves the face by itself; this shows the three ways to say more about it.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, RunContext, cli, inference
from livekit.agents.llm import function_tool
from livekit.plugins import avatar, deepgram, openai, silero

from livekit_plugins_avatar.emotion.classifiers import OpenAIClassifier

server = AgentServer()


class Clerk(Agent):
    def __init__(self, face: avatar.AvatarSession) -> None:
        super().__init__(instructions="You tell callers how their applications went.")
        self._face = face

    @function_tool
    async def look_up(self, context: RunContext, name: str) -> str:
        """Look up how the application of somebody went."""
        # 1. Your code knows more than the words: the face before the first of them.
        self._face.express("concern", 0.6)
        return f"The application of {name} was declined; it may be made again in May."


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(
        vad=silero.VAD.load(),
        stt=deepgram.STT(model="nova-3"),
        llm=openai.LLM(model="gpt-4.1-mini"),
        tts=inference.TTS("cartesia/sonic-3"),
        expressive=True,  # 2. The language model writes tags; voice and face both follow them.
    )
    # 3. A model is asked besides the built-in lexicon; the face never waits for it.
    face = avatar.AvatarSession(emotion_classifier=OpenAIClassifier())
    await face.start(session, room=ctx.room)
    await session.start(Clerk(face), room=ctx.room)
    await session.generate_reply(instructions="Greet the user.")


if __name__ == "__main__":
    cli.run_app(server)
