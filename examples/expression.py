"""An agent whose face shows emotions: from its code, from tags in its text, from a classifier.

    pip install 'livekit-plugins-avatar[cloud]'
    python examples/expression.py dev

It needs the keys of examples/cloud.py, and LiveKit Cloud for a voice that takes markup. The face
reacts to what is said and heard by itself; this shows three ways to control it.
"""

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, RunContext, cli, inference
from livekit.agents.llm import function_tool
from livekit.plugins import avatar, deepgram, openai, silero

from livekit_plugins_avatar.emotion.classifiers import LLMClassifier

server = AgentServer()


class Clerk(Agent):
    def __init__(self, face: avatar.AvatarSession) -> None:
        super().__init__(instructions="You tell callers how their applications went.")
        self._face = face

    @function_tool
    async def look_up(self, context: RunContext[None], name: str) -> str:
        """Look up how an application went."""
        # 1. From code: the face shows it before the first word is spoken.
        self._face.express("concern", 0.6)
        return f"The application of {name} was declined; it may be made again in May."


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(
        vad=silero.VAD.load(),
        stt=deepgram.STT(model="nova-3"),
        llm=openai.LLM(model="gpt-4.1-mini"),
        tts=inference.TTS("cartesia/sonic-3"),
        expressive=True,  # 2. From tags: the language model writes them, voice and face follow.
    )
    # 3. From a classifier besides the built-in lexicon; the face never waits for it.
    small = openai.LLM(model="gpt-4.1-nano")
    face = avatar.AvatarSession(emotion_classifier=LLMClassifier(small, close_llm=True))
    await face.start(session, room=ctx.room)
    await session.start(Clerk(face), room=ctx.room)
    await session.generate_reply(instructions="Greet the user.")


if __name__ == "__main__":
    cli.run_app(server)
