"""`python -m tests.lifecycle.changes N`: N changes of the face at random moments in mid-speech.

In calls on a real server the agent hums; meanwhile its face is hidden, replaced, shown, replaced
again and closed. Each hum has to be whole at a subscriber, as long as the position that the
framework is told, and not interrupted. One during which the face is closed goes on over another
track, after a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.publish.publisher import DRAIN_S
from livekit_plugins_avatar.tools.demo import server_binary
from livekit_plugins_avatar.tools.demo.server import LiveKitServer, livekit_server
from livekit_plugins_avatar.tools.eval.garbage import leave_out_what_is_loaded

from ..room.conftest import RATE, Call, a_call, until
from ..room.stand_ins import MADE_UP_MS, hum, loud_now, playback, quiet_ms, speaks

HUM_S = 0.9
WHOLE_MS = 5.0
"""How much a position may lack of the hum: the rounding of frames."""

CHANGED_S = 0.1, 0.7
"""When in a hum the change comes."""

POSITION_MS = 60.0
"""How far apart a hum and its position may be: an interruption's fade and the jitter buffer."""

CLOSED_MS = 120.0
"""The same where it closes: there are two tracks, each with a jitter buffer of its own."""

KINDS = "hide", "replace", "show", "replace", "close"
"""The changes of one call, in this order: the second face comes in while none is seen."""


@dataclass(frozen=True)
class Heard:
    """One hum.

    Args:
        kind: The change that was made meanwhile; "after" for the first hum once it is closed.
        differs_ms: Milliseconds heard less milliseconds reported.
        quiet_ms: How long it was quiet within; until the other track is heard, of one that closes.
        lacks_ms: Milliseconds of the hum that were not reported as played.
    """

    kind: str
    differs_ms: float
    quiet_ms: float
    lacks_ms: float

    @property
    def wrong(self) -> bool:
        """Whether sound is missing or the position is not true."""
        apart_ms = CLOSED_MS if self.kind == "close" else POSITION_MS
        quiet = self.kind != "close" and self.quiet_ms > MADE_UP_MS
        return abs(self.differs_ms) > apart_ms or quiet or self.lacks_ms > WHOLE_MS


def main() -> int:
    """Print one JSON object; 0 where every hum was whole and every position true."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many changes")
    args = parser.parse_args()
    with livekit_server(server_binary.provide()) as server:
        heard = asyncio.run(measure(server, args.count))
    print(json.dumps(figures(heard)))
    return int(any(each.wrong for each in heard))


def figures(heard: Sequence[Heard]) -> dict[str, float]:
    """How many changes there were, how many went wrong, and by how much at most."""
    found: dict[str, float] = {
        "changes_count": sum(each.kind != "after" for each in heard),
        "wrong_count": sum(bool(each.wrong) for each in heard),
        "quiet_worst_ms": round(max(each.quiet_ms for each in heard if each.kind != "close"), 1),
        "lacks_worst_ms": round(max(each.lacks_ms for each in heard), 1),
    }
    for kind in sorted({each.kind for each in heard}):
        ms = np.abs([each.differs_ms for each in heard if each.kind == kind])
        found[f"{kind}_median_ms"] = round(float(np.median(ms)), 1)
        found[f"{kind}_worst_ms"] = round(float(ms.max()), 1)
    return found


async def measure(server: LiveKitServer, count: int, settle_s: float = 2.0) -> list[Heard]:
    """Make `count` changes, in as many calls as they need."""
    leave_out_what_is_loaded()
    heard: list[Heard] = []
    for first in range(0, count, len(KINDS)):
        # A call that is not to be closed leaves out its first changes, not its last.
        kinds = KINDS[-(count - first) :] if count - first < len(KINDS) else KINDS
        async with a_call(server, AvatarSession("sketch")) as call:
            await asyncio.sleep(settle_s)  # The receiver's jitter buffer settles.
            for kind in kinds:
                heard.append(await hummed(call, kind, changes(call)[kind]))
            heard.append(await hummed(call, "after", changes(call)["after"]))
        print(*heard[-len(kinds) - 1 :], sep="\n", file=sys.stderr)
    return heard


def changes(call: Call) -> dict[str, Callable[[], Awaitable[None]]]:
    """What can be done to the face of a call."""
    face = call.avatar

    async def nothing() -> None:
        pass

    async def hide() -> None:
        face.hide()

    async def show() -> None:
        face.show()

    async def replace() -> None:
        await face.use("sketch")

    return {"hide": hide, "show": show, "replace": replace, "close": face.aclose, "after": nothing}


async def hummed(call: Call, kind: str, change: Callable[[], Awaitable[None]]) -> Heard:
    """Let the agent hum, and make the change at a random moment of it."""
    started, finished = playback(call)
    call.viewer.heard.clear()
    track, made_up_s = call.viewer.audio, await call.viewer.made_up_s()
    humming = asyncio.ensure_future(call.say(hum(HUM_S)))
    await speaks(started, random.uniform(*CHANGED_S))
    changing = asyncio.ensure_future(change())
    if kind == "close":
        # The track is there until receivers have played what they hold.
        await asyncio.sleep(DRAIN_S - 0.05)
        made_up_s = await call.viewer.made_up_s() - made_up_s
    await changing
    await humming
    await until(lambda: finished and not loud_now(call))
    await asyncio.sleep(0.1)
    if call.viewer.audio is not track:
        made_up_s = 0.0  # The plain track counts from its own beginning.
    if kind != "close":
        made_up_s = await call.viewer.made_up_s() - made_up_s
    loud = call.viewer.loud(300)
    heard_s = (loud[-1] - loud[0]) / RATE
    still_ms = quiet_ms(call.viewer.sound[loud[0] : loud[-1]])
    if kind == "close":
        heard_s -= still_ms / 1e3
    played_s = finished[0].playback_position
    differs_s = heard_s - made_up_s - played_s
    return Heard(kind, float(1e3 * differs_s), still_ms, 1e3 * (HUM_S - played_s))


if __name__ == "__main__":
    sys.exit(main())
