"""An agent whose process exits without closing its avatar: `forgetful.py URL TOKEN`."""

from __future__ import annotations

import asyncio
import sys

from livekit import rtc
from livekit.agents import Agent, AgentSession

from livekit_plugins_avatar import AvatarSession

LIVES_S = 0.6


async def main(url: str, token: str) -> None:
    """Join with the built-in face, then close everything but the avatar."""
    room = rtc.Room()
    session: AgentSession[None] = AgentSession()
    await room.connect(url, token)
    await AvatarSession().start(session, room=room)
    await session.start(Agent(instructions="none"), room=room)
    await asyncio.sleep(LIVES_S)
    await session.aclose()
    await room.disconnect()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
