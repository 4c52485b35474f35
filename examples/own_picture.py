"""An agent with a face made from one picture.

    pip install 'livekit-plugins-avatar[demo,portrait]'
    livekit-avatar persona me.jpg -o me.onnx --sheet sheet.png
    PERSONA=me.onnx python examples/own_picture.py dev

Server and keys are those of examples/basic.py. Look at the sheet before you use a face; see
docs/your-own-face.md for rights, good pictures and limits.
"""

import os
from functools import partial

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

PERSONA = os.environ.get("PERSONA", "woman")

server = AgentServer(setup_fnc=partial(avatar.prewarm, persona=PERSONA))


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())
    face = avatar.AvatarSession(PERSONA)
    await face.start(session, room=ctx.room)
    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("This is my own face.")


if __name__ == "__main__":
    cli.run_app(server)
