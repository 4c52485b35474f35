"""An agent with a face, in a process that can be killed: `worker.py URL TOKEN FOLDER`.

It joins, saves its face in the folder, and prints each face that it draws as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from numpy.typing import NDArray

from livekit_plugins_avatar import AvatarSession, Moment


class Printer:
    """A renderer of grey frames that prints the faces."""

    size = (128, 96)
    fps = 30

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        for moment in moments:
            print(json.dumps({"sample": moment.start, "face": moment.value.as_dict()}), flush=True)
        return np.full((len(moments), 144, 128), 128, np.uint8)

    def close(self) -> None:
        pass


async def main(url: str, token: str, folder: str) -> None:
    """Join, and stay."""
    room = rtc.Room()
    await room.connect(url, token)
    await AvatarSession(renderer=Printer(), face_store=folder).start(AgentSession(), room=room)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
