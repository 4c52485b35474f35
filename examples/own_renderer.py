"""An agent whose face another program draws: here, a bar that opens with the jaw.

    pip install 'livekit-plugins-avatar[demo]'
    python examples/own_renderer.py dev

Server and keys are those of examples/basic.py. `avatar.Renderer` is the contract: what raises is
tried again, what hangs is left alone, and the voice goes on.
"""

from collections.abc import Sequence

import numpy as np
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import avatar

from livekit_plugins_avatar.tools.demo import piper

WIDTH, HEIGHT = 256, 256


class Bar:
    """Draws I420: HEIGHT rows of brightness, then half as many of colour."""

    size = (WIDTH, HEIGHT)
    fps = 25

    def render(self, moments: Sequence[avatar.Moment]) -> avatar.Frames:
        pictures = np.full((len(moments), HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        for picture, moment in zip(pictures, moments, strict=True):
            open_px = int(moment.value["jawOpen"] * HEIGHT)
            picture[:HEIGHT] = 40
            picture[HEIGHT - open_px : HEIGHT] = 220
        return pictures

    def close(self) -> None:
        pass


server = AgentServer()


@server.rtc_session()
async def enter(ctx: JobContext) -> None:
    session: AgentSession[None] = AgentSession(tts=piper.TTS())
    face = avatar.AvatarSession(renderer=Bar())
    await face.start(session, room=ctx.room)
    await session.start(Agent(instructions="None is needed: there is no model."), room=ctx.room)
    await session.say("A bar is a face, too.")


if __name__ == "__main__":
    cli.run_app(server)
