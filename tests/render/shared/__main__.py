"""Kills the renderer process again and again among four rooms: `python -m tests.render.shared 20`.

Each room renders ahead as in a call, and takes a frame at each frame time. Prints, for each time
that the process was killed, for how long the worst room had no new frame.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import pytest

from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.render.persona import Persona
from livekit_plugins_avatar.render.prerenderer import Prerenderer
from livekit_plugins_avatar.render.shared.renderer import SharedRenderer
from livekit_plugins_avatar.timeline import SAMPLE_RATE, SystemClock

from .conftest import Machine

ROOMS = 4
FPS = 30
BETWEEN_S = 2.0
LIMIT_S = 1.0
FRAMES_AHEAD = 6


class Watched:
    """A room, and the longest time for which it had no new frame."""

    def __init__(self, persona: Persona) -> None:
        self._period = SAMPLE_RATE // FPS
        self._frames = Prerenderer(
            SharedRenderer(persona, device="cpu"),
            lambda sample: FaceState.of(jawOpen=sample // self._period % 25 / 50),
            clock=SystemClock(),
            frames=FRAMES_AHEAD,
            period=self._period,
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._take)
        self.longest_s = 0.0
        self.shown = 0

    def start(self) -> None:
        self._frames.start()
        self._thread.start()

    def _take(self) -> None:
        began_s = last_s = time.monotonic()
        frame = 0
        while not self._ended.wait(max(0.0, began_s + frame / FPS - time.monotonic())):
            if self._frames.take(frame * self._period) is not None:
                last_s = time.monotonic()
                self.shown += 1
            self.longest_s = max(self.longest_s, time.monotonic() - last_s)
            frame += 1

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        self._frames.close()


def main(kills: int, persona: str) -> int:
    """Print the figures; 1 where a room was without a new frame for longer than the limit."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        machine = Machine(Path(folder))
        rooms = [Watched(Persona.load(persona)) for _ in range(ROOMS)]
        for room in rooms:
            room.start()
        time.sleep(BETWEEN_S)
        gaps_s: list[float] = []
        for _ in range(kills):
            for room in rooms:
                room.longest_s = 0.0
            machine.kill_server()
            time.sleep(BETWEEN_S)
            gaps_s.append(max(room.longest_s for room in rooms))
            print(f"{gaps_s[-1]:.2f} s", flush=True)
        for room in rooms:
            room.close()
        for process in machine.processes():
            process.kill()
    print(f"{kills} times: median {median(gaps_s):.2f} s, worst {max(gaps_s):.2f} s")
    return int(max(gaps_s) > LIMIT_S)


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(int(words[0]) if words else 20, words[1] if len(words) > 1 else "man"))
