"""A plain renderer, a tone, and what the tests of a room measure in the sound."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from livekit.agents.voice.io import PlaybackFinishedEvent, PlaybackStartedEvent
from numpy.typing import NDArray

from livekit_plugins_avatar import Moment

from .conftest import RATE, Call, until

FULL = os.environ.get("AVATAR_FULL") == "1"
"""`AVATAR_FULL=1 python -m pytest tests/room` repeats faults as often as docs/reliability.md says;
otherwise each comes a few times."""

PERIOD = RATE // 30
MADE_UP_MS = 50.0
"""Quiet that a receiver may insert into sound (docs/reliability.md); a voice that stalled would be
quiet for 400 ms or more."""


TICKS = """
import sys, threading, time
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
worst_s, last_s = 0.0, time.monotonic()
while not over.is_set():
    time.sleep(0.01)
    now_s = time.monotonic()
    worst_s, last_s = max(worst_s, now_s - last_s), now_s
print(worst_s)
"""
STEADY_S = 0.1
"""A machine on which a process waits no longer for the processor is not to blame for a gap."""


@contextmanager
def machine_steady() -> Iterator[Callable[[], bool]]:
    """Watches the machine by a process that wants to run every 10 ms; yields what tells, once,
    whether it could all the time."""
    words = [sys.executable, "-c", TICKS]
    with subprocess.Popen(words, stdin=-1, stdout=-1, text=True) as ticks:
        try:
            yield lambda: float(ticks.communicate()[0]) < STEADY_S
        finally:
            ticks.kill()


class Grey:
    """A renderer of plain frames; `paint` may stall, hang or raise on the way."""

    size = (128, 96)
    fps = 30

    def __init__(self, paint: Callable[[Moment], int] = lambda moment: 128) -> None:
        self.paint = paint

    def render(self, moments: Sequence[Moment]) -> NDArray[np.uint8]:
        frames = np.full((len(moments), 144, 128), 128, np.uint8)
        for frame, moment in zip(frames, moments, strict=True):
            frame[:96] = self.paint(moment)
        return frames

    def close(self) -> None:
        pass


def hum(duration_s: float) -> NDArray[np.int16]:
    """A steady tone: a gap anywhere in it shows."""
    t = np.arange(round(duration_s * RATE)) / RATE
    return (12_000 * np.sin(2 * np.pi * 400 * t)).astype(np.int16)


def quiet_ms(sound: NDArray[np.int16]) -> float:
    """How many ms of a stretch are quiet, in pieces of 5 ms."""
    pieces = np.abs(sound[: len(sound) // 240 * 240].astype(int)).reshape(-1, 240).max(axis=1)
    return 5.0 * float((pieces < 3000).sum())


def heard_length_s(call: Call) -> float:
    """From the first sample that the viewer hears of the tone to the last."""
    loud = call.viewer.loud()
    return float(loud[-1] - loud[0]) / RATE


def heard_quiet_ms(call: Call) -> float:
    """How long it was quiet between the two."""
    loud = call.viewer.loud()
    return quiet_ms(call.viewer.sound[loud[0] : loud[-1]])


async def speaks(started: Sequence[PlaybackStartedEvent], for_s: float) -> None:
    """Wait until the agent has spoken for this long."""
    await until(lambda: started and time.time() - started[0].created_at >= for_s)


def playback(call: Call) -> tuple[list[PlaybackStartedEvent], list[PlaybackFinishedEvent]]:
    """What the agent's audio output reports from now on."""
    output = call.session.output.audio
    assert output is not None
    started: list[PlaybackStartedEvent] = []
    finished: list[PlaybackFinishedEvent] = []
    output.on("playback_started", started.append)
    output.on("playback_finished", finished.append)
    return started, finished


def loud_now(call: Call) -> bool:
    """Whether the viewer has heard the tone within the last 0.2 s."""
    latest = np.concatenate([np.zeros(0, np.int16), *call.viewer.heard[-20:]])
    return bool((np.abs(latest.astype(int)) > 1000).any())
