"""Viewers of many rooms in one process, which note when they hear a tone and see frames.

`python -m livekit_plugins_avatar.tools.eval.remote.viewers` reads one JSON line with the server's
`url` and a `tokens` object by room, prints "joined", and, for each line that it then gets, one JSON
object: by room, what came since the last. It ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

from ....timeline import SAMPLE_RATE, SystemClock, samples

BLOCK_MS = 20
FRAME_MS = 100
"""Sound comes in frames of some blocks: each frame takes this process half a millisecond."""

BLOCK_SAMPLES = samples(BLOCK_MS / 1e3)
LOUD = 1_000
"""Of 32,768: the tone has 12,000."""

CLOCK = SystemClock()


@dataclass(slots=True)
class Sound:
    """The blocks of one track: their arrival, and whether each is loud.

    Blocks come without a hole, so that a track's own time is their number; that of its fastest
    block tells when each was due, however late this process looked.
    """

    loud: list[bool] = field(default_factory=list)
    offset_s: float = float("inf")

    def add(self, arrived_s: float, pcm: NDArray[np.int16]) -> None:
        """Note blocks, the last of which is due now."""
        blocks = pcm[: len(pcm) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
        self.loud += (np.abs(blocks.astype(np.int32)).max(axis=1, initial=0) > LOUD).tolist()
        self.offset_s = min(self.offset_s, arrived_s - (len(self.loud) - 1) * BLOCK_MS / 1e3)

    def times(self) -> list[float]:
        """When each loud block was due, by the system's monotonic clock."""
        return [self.offset_s + at * BLOCK_MS / 1e3 for at, loud in enumerate(self.loud) if loud]


class Viewer:
    """One participant."""

    def __init__(self) -> None:
        self._room = rtc.Room()
        self._tasks: list[asyncio.Task[None]] = []
        self._sounds: dict[str, Sound] = defaultdict(Sound)
        self._frames: dict[str, list[float]] = defaultdict(list)
        self._room.on("track_subscribed", self._on_track)

    async def join(self, url: str, token: str) -> None:
        """Come in and subscribe to everything."""
        await self._room.connect(url, token)

    async def leave(self) -> None:
        """Go."""
        for task in self._tasks:
            task.cancel()
        await self._room.disconnect()

    def seen(self) -> dict[str, dict[str, list[float]]]:
        """By participant: when the tone was heard and frames came, since the last call."""
        said = {
            "loud": {who: sound.times() for who, sound in self._sounds.items()},
            "frames": dict(self._frames),
        }
        for sound in self._sounds.values():
            sound.offset_s += len(sound.loud) * BLOCK_MS / 1e3
            sound.loud = []
        self._frames = defaultdict(list)
        return said

    def _on_track(
        self, track: rtc.Track, _: rtc.RemoteTrackPublication, sender: rtc.RemoteParticipant
    ) -> None:
        heard = track.kind == rtc.TrackKind.KIND_AUDIO
        work = self._listen if heard else self._look
        self._tasks.append(asyncio.create_task(work(track, sender.identity)))

    async def _listen(self, track: rtc.Track, who: str) -> None:
        stream = rtc.AudioStream(
            track, sample_rate=SAMPLE_RATE, num_channels=1, frame_size_ms=FRAME_MS
        )
        async for event in stream:
            self._sounds[who].add(CLOCK.now_s(), np.frombuffer(event.frame.data, np.int16))

    async def _look(self, track: rtc.Track, who: str) -> None:
        async for _ in rtc.VideoStream(track):
            self._frames[who].append(CLOCK.now_s())


async def main() -> None:
    """Join, then answer each line of the input."""
    loop = asyncio.get_running_loop()
    given = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    viewers = {room: Viewer() for room in given["tokens"]}
    await asyncio.gather(
        *(viewer.join(given["url"], given["tokens"][room]) for room, viewer in viewers.items())
    )
    print("joined", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps({room: each.seen() for room, each in viewers.items()}), flush=True)
    await asyncio.gather(*(viewer.leave() for viewer in viewers.values()))


if __name__ == "__main__":
    asyncio.run(main())
