"""Measures what a face takes of the processor over what the voice of its agent takes.

Two agents that say the same, one with a face and one with its voice alone, are in rooms of a
LiveKit server on this machine at the same time, each in a process of its own and with a viewer. The
figure is the difference of what the two processes have used. Other work on the machine lengthens
what a picture takes of a core, by up to a half where cores share their units.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...timeline import SystemClock
from ..demo import server_binary
from ..demo.server import livekit_server
from .crowd import LISTENS_S, SPEAKS_S
from .rooms import LEAST_FPS, WARM_S, Crowd

ROUNDS = 3
"""Each of speaking and listening."""


async def face_core_share() -> NDArray[np.float64]:
    """Cores, float64 [ROUNDS]."""
    clock = SystemClock()
    with livekit_server(server_binary.provide()) as server:
        async with Crowd(server, "one-process", 1) as face, Crowd(server, "voice", 1) as voice:
            await clock.sleep(WARM_S)
            used = [(face.used, voice.used)]
            for _ in range(ROUNDS):
                await clock.sleep(SPEAKS_S + LISTENS_S)
                used.append((face.used, voice.used))
    # [ROUNDS, face and voice; time, processor time, frames]
    grown = np.diff(np.array(used), axis=0)
    fps = float((grown[:, 0, 2] / grown[:, 0, 0]).min())
    if fps < LEAST_FPS:
        raise RuntimeError(f"the machine is too busy: the face had {fps:.0f} frames a second")
    cores = grown[..., 1] / grown[..., 0]
    share: NDArray[np.float64] = cores[:, 0] - cores[:, 1]
    return share
