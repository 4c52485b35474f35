"""Publishes the clapper with LiveKit's own `AvatarRunner`, for comparison in the call.

As in LiveKit's avatar examples, a generator turns every 40 ms of speech into a picture, and runner
and `rtc.AVSynchronizer` publish both. A renderer that stalls is a generator that takes longer. A
renderer that dies would end the runner for good; here the generator shows the last picture again,
as a careful author's would.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.avatar import (
    AudioSegmentEnd,
    AvatarOptions,
    AvatarRunner,
    QueueAudioOutput,
    VideoGenerator,
)

from ...audio.pcm_buffer import NO_PCM, Pcm
from ...timeline import SAMPLE_RATE, Clock, samples, seconds
from .call_log import Clap, Gap, Log
from .clapper import FPS, FRAME_SAMPLES, FULL_SCALE, SIZE, Clapper, Slate
from .faults.renderer import RendererFaults
from .faults.script import Script

LOUD = round(0.1 * FULL_SCALE)
"""Half the beep's level is 0.2, and the marker tone's peak 0.03: between the two."""

EDGE_SAMPLES = samples(0.001)
"""A sine is loud again within half a period of 1 kHz."""


class StockFace:
    """An `AvatarRunner` whose generator flashes.

    Args:
        session: Not started.
        room: Connected.
        script: When the generator stalls.
        log: Where it writes what it published.
        clock: Real time.
    """

    def __init__(
        self, session: AgentSession[None], room: rtc.Room, *, script: Script, log: Log, clock: Clock
    ) -> None:
        output = QueueAudioOutput(sample_rate=SAMPLE_RATE)
        session.output.audio = output
        width, height = SIZE
        self._generator = SlateGenerator(script, log, clock)
        self._runner = AvatarRunner(
            room,
            audio_recv=output,
            video_gen=self._generator,
            options=AvatarOptions(
                video_width=width,
                video_height=height,
                video_fps=FPS,
                audio_sample_rate=SAMPLE_RATE,
                audio_channels=1,
            ),
        )

    async def start(self) -> None:
        """Publish darkness until speech comes."""
        await self._runner.start()

    def begin(self) -> None:
        """The script begins now."""
        self._generator.begin()

    def prepare(self, clapper: Clapper, length: int) -> int:
        """Let the clapper go on for a turn; returns its first sample."""
        start = clapper.length
        clapper.extend(length, start=start, lead_s=0.6)
        return start

    def collect(self) -> None:
        """Nothing is left to write down: the generator does as it goes."""

    async def aclose(self) -> None:
        await self._runner.aclose()


class SlateGenerator(VideoGenerator):
    """Every 40 ms of sound with its picture; the picture alone where there is no sound."""

    def __init__(self, script: Script, log: Log, clock: Clock) -> None:
        self._queue: asyncio.Queue[rtc.AudioFrame | AudioSegmentEnd] = asyncio.Queue()
        self._faults = RendererFaults(script)
        self._log = log
        self._clock = clock
        self._slate = Slate()
        self._picture = self._slate.draw(0, bright=False)
        self._drawn = 0
        self._began_s: float | None = None
        self._kept: Pcm = NO_PCM
        self._open = False
        self._empty_s = 0.0
        self._waited_s = 0.0
        self._since_loud = SAMPLE_RATE
        self._flashing = False

    def begin(self) -> None:
        """The script begins now."""
        self._began_s = self._clock.now_s()

    async def push_audio(self, frame: rtc.AudioFrame | AudioSegmentEnd) -> None:
        await self._queue.put(frame)

    def clear_buffer(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._kept, self._open = NO_PCM, False

    def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        return self._generate()

    async def _generate(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:
        while True:
            began_s = self._clock.now_s()
            try:
                frame = await asyncio.wait_for(self._queue.get(), 0.5 / FPS)
            except asyncio.TimeoutError:
                self._waited_s += self._clock.now_s() - began_s
                yield await self._draw(NO_PCM)
                continue
            ended = isinstance(frame, AudioSegmentEnd)
            if isinstance(frame, rtc.AudioFrame):
                heard: Pcm = np.frombuffer(frame.data, np.int16)
                self._kept = np.concatenate((self._kept, heard))
            while len(self._kept) >= FRAME_SAMPLES or (ended and len(self._kept)):
                chunk, self._kept = self._kept[:FRAME_SAMPLES], self._kept[FRAME_SAMPLES:]
                yield await self._draw(chunk)
                self._write_down(chunk)
                yield rtc.AudioFrame(chunk.tobytes(), SAMPLE_RATE, 1, len(chunk))
            if ended:
                self._open = False
                yield AudioSegmentEnd()

    async def _draw(self, chunk: Pcm) -> rtc.VideoFrame:
        """The picture for these samples, late or old where the script says so."""
        media_s = 0.0 if self._began_s is None else self._clock.now_s() - self._began_s
        await self._clock.sleep(self._faults.stall_s(media_s))
        middle = chunk[FRAME_SAMPLES // 2 - EDGE_SAMPLES : FRAME_SAMPLES // 2 + EDGE_SAMPLES]
        self._drawn += 1
        if not self._faults.dead(media_s):
            bright = bool((np.abs(middle.astype(int)) > LOUD).any())
            self._picture = self._slate.draw(self._drawn, bright=bright)
        width, height = SIZE
        return rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, self._picture.tobytes())

    def _write_down(self, chunk: Pcm) -> None:
        """What leaves now, behind what waits in the audio source."""
        now_s = self._clock.now_s()
        late_s = now_s - self._empty_s
        if self._open and late_s > 0:
            waited_s = min(late_s, self._waited_s)
            for gaps, gap_s in (
                (self._log.source_gaps, waited_s),
                (self._log.track_gaps, late_s - waited_s),
            ):
                if gap_s > 0:
                    gaps.append(Gap(self._clock.wall_s() - late_s, gap_s))
        starts_s = max(now_s, self._empty_s)
        wall_s = self._clock.wall_s() + starts_s - now_s
        self._log.sound(wall_s, seconds(len(chunk)))
        self._note_clap(chunk, wall_s)
        self._open, self._waited_s = True, 0.0
        self._empty_s = starts_s + seconds(len(chunk))

    def _note_clap(self, chunk: Pcm, wall_s: float) -> None:
        loud = np.flatnonzero(np.abs(chunk.astype(int)) > LOUD)
        if len(loud) and self._since_loud > SAMPLE_RATE // 2:
            # A beep that begins in the second half of its picture's sound flashes with the next.
            first = int(loud[0])
            frame = 0 if first < FRAME_SAMPLES // 2 else FRAME_SAMPLES
            self._log.claps.append(Clap(wall_s + seconds(first), seconds(frame - first)))
        self._since_loud = (
            len(chunk) - int(loud[-1]) if len(loud) else self._since_loud + len(chunk)
        )
