"""`python -m tests.lifecycle.interruptions N`: what was heard against what was reported.

The agent hums in a room of a real server, is interrupted at a random moment, and the length of the
hum at a subscriber is compared with the position that the framework is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time

import numpy as np

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.tools.eval.garbage import leave_out_what_is_loaded

from ..room.conftest import RATE, Call, a_call, until
from ..room.stand_ins import Grey, hum, loud_now, playback

SPOKEN_S = 0.4, 0.9
"""How long the agent speaks before it is interrupted."""

QUIET = RATE // 5
"""What follows so much silence is the jitter buffer's, not the agent's."""


def main() -> None:
    """Print one JSON object: milliseconds between what was heard and what was reported."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many interruptions")
    args = parser.parse_args()
    with livekit_server(server_binary.provide()) as server:
        differences = asyncio.run(measure(server, args.count))
    as_heard, as_sent = np.abs(np.array(differences)).T * 1e3
    figures = {"interruptions_count": args.count}
    for name, ms in (("as_heard", as_heard), ("as_sent", as_sent)):
        median, p95 = np.percentile(ms, [50, 95])
        figures |= {
            f"{name}_median_ms": median,
            f"{name}_p95_ms": p95,
            f"{name}_worst_ms": ms.max(),
        }
    print(json.dumps({name: round(float(value), 1) for name, value in figures.items()}))


async def measure(server: LiveKitServer, count: int) -> list[tuple[float, float]]:
    """Seconds heard less seconds reported; the second of a pair without what the receiver's jitter
    buffer made up or left out."""
    leave_out_what_is_loaded()
    async with a_call(server, AvatarSession(renderer=Grey())) as call:
        await asyncio.sleep(3.0)  # The receiver's jitter buffer settles.
        return [await interrupted(call) for _ in range(count)]


async def interrupted(call: Call) -> tuple[float, float]:
    """Interrupt the agent once."""
    started, finished = playback(call)
    call.viewer.heard.clear()
    made_up_s = await call.viewer.made_up_s()
    speaking = asyncio.ensure_future(call.say(hum(6.0)))
    spoken_s = random.uniform(*SPOKEN_S)
    await until(lambda: started and time.time() - started[0].created_at >= spoken_s)
    call.session.interrupt()
    await speaking
    await until(lambda: finished and not loud_now(call))
    await asyncio.sleep(0.2)
    made_up_s = await call.viewer.made_up_s() - made_up_s
    loud = call.viewer.loud(300)
    hums = np.split(loud, np.flatnonzero(np.diff(loud) > QUIET) + 1)
    heard = max(hums, key=len)
    differs_s = (heard[-1] - heard[0]) / RATE - finished[0].playback_position
    return differs_s, differs_s - made_up_s


if __name__ == "__main__":
    main()
