"""Measures what single parts cost on this machine.

Each function returns an array of measurements in the unit it names. Each part gets what it gets in
a call: speech without end, and a face that speaks it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...audio.pcm_buffer import Pcm
from ...audio.placement import FixedPlacement, Run
from ...audio.playout import Playout
from ...face.face import Face
from ...gaze.attention import Attention
from ...options import DEFAULT_PERSONA
from ...publish.conductor import Conductor
from ...publish.sources import QUEUE_SAMPLES
from ...speech.backlog import SLICE_SAMPLES
from ...speech.published import PublishedVisemes
from ...speech.recognizer import OnnxRecognizer, RecognizerStream
from ...speech.schedule import VisemeSchedule
from ...speech.text.pronunciation import words_of
from ...speech.text_guided import TextGuidedStream
from ...timeline import SAMPLE_RATE, SystemClock, Timed, samples, seconds

Floats = NDArray[np.float64]
T = TypeVar("T")

SPEECH_S = 10.0
BUSY_S = 5.0
STREAMS = 40
STREAMS_S = 3.0
TEXT = "This is a text of some length, and no voice speaks it: the sound goes on and on. " * 4
FRAMES, IN_A_ROW = 100, 10
FACES = 500
TICKS = 300
IMPORTS = 5
PROCESSES = 3
FRAME_SAMPLES = SAMPLE_RATE // 25
CHUNK_SAMPLES = samples(0.02)
SCRIPT_TIMEOUT_S = 60.0

PITCH_HZ = 120.0
HARMONICS = 30
SYLLABLES_HZ = 4.0
VOWELS_HZ = 1.3
LEVEL = 8_000

IMPORT_SCRIPT = """
import time
import livekit.agents
began_s = time.perf_counter()
import livekit_plugins_avatar
print(1e3 * (time.perf_counter() - began_s))
"""

DRAWING_SCRIPT = f"""
from livekit_plugins_avatar import AvatarSession
from livekit_plugins_avatar.face.state import FaceState
from livekit_plugins_avatar.timeline import Timed
avatar = AvatarSession()
began_s = time.perf_counter()
from livekit_plugins_avatar.render.onnx_renderer import OnnxRenderer
from livekit_plugins_avatar.render.persona import Persona
renderer = OnnxRenderer(Persona.load("{DEFAULT_PERSONA}"), device="cpu", threads=1)
moment = Timed(0, 1600, FaceState.of())
renderer.render([moment])
started_s = time.perf_counter() - began_s
for _ in range(25):
    renderer.render([moment])
"""

BEFORE_SCRIPT = """
import time
import livekit.agents
import psutil
before = psutil.Process().memory_info().rss
"""

ADDED_MEMORY_SCRIPT = f"""{BEFORE_SCRIPT}{DRAWING_SCRIPT}
print((psutil.Process().memory_info().rss - before) / 1e6)
"""
WHOLE_MEMORY_SCRIPT = f"""{BEFORE_SCRIPT}{DRAWING_SCRIPT}
print(psutil.Process().memory_info().rss / 1e6)
"""
START_SCRIPT = f"""{BEFORE_SCRIPT}{DRAWING_SCRIPT}
print(1e3 * started_s)
"""


def frame_render_ms() -> Floats:
    """One picture of the default persona on one CPU thread."""
    # Here, so that the other figures can be had where no persona can be opened.
    from ...render.onnx_renderer import OnnxRenderer
    from ...render.persona import Persona

    face = _speaking_face()
    renderer = OnnxRenderer(Persona.load(DEFAULT_PERSONA), device="cpu", threads=1)
    starts = [n * FRAME_SAMPLES for n in range(FRAMES)]
    moments = [[Timed(start, FRAME_SAMPLES, face.at(start))] for start in starts]
    with closing(renderer):
        return 1e3 * _costs_s(renderer.render, moments)


def render_fps_1_thread() -> Floats:
    """Pictures of the default persona that one CPU thread draws in a second, by ten in a row: they
    differ, for parts that look as they did are not drawn again."""
    in_a_row_ms: Floats = frame_render_ms().reshape(-1, IN_A_ROW).mean(axis=1)
    return 1e3 / in_a_row_ms


def start_to_first_frame_ms() -> Floats:
    """From an avatar that has not started to its first picture; the files have been read before."""
    return np.array([_in_fresh_process(START_SCRIPT) for _ in range(PROCESSES + 1)][1:])


def face_at_us() -> Floats:
    """One FaceState, the look into the schedule included."""
    step = samples(SPEECH_S) // FACES
    return 1e6 * _costs_s(_speaking_face().at, [n * step for n in range(FACES)])


def recognizer_core_percent() -> Floats:
    """A second of speech in pieces of 20 ms: how much of a second of one core it takes."""
    stream = OnnxRecognizer().stream()
    return 100 * _cpu_s(
        lambda second: _recognise([stream], second), np.split(speech(SPEECH_S), int(SPEECH_S))
    )


def listening_core_percent() -> Floats:
    """The same as in a call: what is heard may be revised until it is played."""
    return _listening_percent("")


def listening_text_core_percent() -> Floats:
    """The same with a text to follow, which the speech does not say: the most work there is."""
    return _listening_percent(TEXT)


def listening_busy_speed() -> Floats:
    """How many times faster than real time a text is followed beside a thread of this Python that
    never rests: what counts is how often listening has to ask for its turn."""
    sound, resting = speech(BUSY_S), threading.Event()

    def never_rest() -> None:
        while not resting.is_set():
            pass

    stream = _stream_told(TEXT)
    busy = threading.Thread(target=never_rest)
    busy.start()
    try:
        slices = np.split(sound, range(SLICE_SAMPLES, len(sound), SLICE_SAMPLES))
        return seconds(SLICE_SAMPLES) / _costs_s(stream.push_audio, slices)
    finally:
        resting.set()
        busy.join()


def recognizer_streams_per_core() -> Floats:
    """How many streams one core hears in real time, measured with 40 at once."""
    recognizer = OnnxRecognizer()
    streams = [recognizer.stream() for _ in range(STREAMS)]
    cpu_s = _cpu_s(
        lambda second: _recognise(streams, second), np.split(speech(STREAMS_S), int(STREAMS_S))
    )
    return STREAMS / cpu_s


def recognizer_40_streams_speed() -> Floats:
    """How many times faster than real time one core hears 40 streams at once."""
    return recognizer_streams_per_core() / STREAMS


def conductor_tick_us() -> Floats:
    """From one push of 10 ms of sound to the next, the waiting left out."""
    return 1e6 * asyncio.run(_ticks_s())


def import_ms() -> Floats:
    """Importing the package, in a process that has livekit-agents."""
    return np.array([_in_fresh_process(IMPORT_SCRIPT) for _ in range(IMPORTS)])


def memory_mb() -> Floats:
    """What the package and a persona at work add to a process that has livekit-agents."""
    return np.array([_in_fresh_process(ADDED_MEMORY_SCRIPT) for _ in range(PROCESSES)])


def persona_memory_mb() -> Floats:
    """A whole process that has livekit-agents, the package and a persona at work."""
    return np.array([_in_fresh_process(WHOLE_MEMORY_SCRIPT) for _ in range(PROCESSES)])


def speech(length_s: float) -> Pcm:
    """Something like speech: a buzz whose colour wanders, in syllables; int16 mono."""
    time_s = np.arange(samples(length_s)) / SAMPLE_RATE
    brightness = 8 * (1 + 0.5 * np.sin(2 * np.pi * VOWELS_HZ * time_s))
    buzz = np.zeros(len(time_s))
    for harmonic in range(1, HARMONICS):
        buzz += np.sin(2 * np.pi * PITCH_HZ * harmonic * time_s) * np.exp(-harmonic / brightness)
    syllables = np.clip(np.sin(2 * np.pi * SYLLABLES_HZ * time_s), 0, None)
    pcm: Pcm = np.rint(LEVEL * syllables * buzz / np.abs(buzz).max()).astype(np.int16)
    return pcm


def _speaking_face() -> Face:
    """A face that says `speech` from sample 0 on."""
    pcm = speech(SPEECH_S)
    stream, schedule = OnnxRecognizer().stream(), VisemeSchedule()
    for event in [*stream.push_audio(pcm), *stream.flush()]:
        schedule.revise([event])
    attention = Attention()
    attention.set_agent_state(0, "speaking")
    visemes = PublishedVisemes(schedule, FixedPlacement([Run(0, 0, len(pcm))]))
    return Face(visemes, attention.situations)


def _stream_told(text: str) -> TextGuidedStream:
    """A stream that knows what it is to hear."""
    stream = TextGuidedStream(OnnxRecognizer().hops())
    stream.expect(words_of(text))
    return stream


def _listening_percent(text: str) -> Floats:
    """What listening takes, the speech being a second ahead of its playing."""
    stream = _stream_told(text)

    def hear(second: int) -> None:
        _recognise([stream], sound[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE])
        stream.settle(second * SAMPLE_RATE)

    sound = speech(SPEECH_S)
    return 100 * _cpu_s(hear, range(int(SPEECH_S)))


def _recognise(streams: Sequence[RecognizerStream], pcm: Pcm) -> None:
    """Let each stream hear the same, in turns, piece by piece."""
    for start in range(0, len(pcm), CHUNK_SAMPLES):
        for stream in streams:
            stream.push_audio(pcm[start : start + CHUNK_SAMPLES])


class _TimedOutput:
    """Takes sound as an audio source does, and notes how long the conductor needs for the next."""

    def __init__(self, clock: SystemClock) -> None:
        self.between_s: list[float] = []
        self._clock = clock
        self._returned_s = self._empty_s = clock.now_s()

    async def push_audio(self, pcm: Pcm) -> None:
        now_s = self._clock.now_s()
        self.between_s.append(now_s - self._returned_s)
        self._empty_s = max(self._empty_s, now_s) + seconds(len(pcm))
        await asyncio.sleep(self._empty_s - seconds(QUEUE_SAMPLES) - now_s)
        self._returned_s = self._clock.now_s()

    def clear(self) -> None:
        self._empty_s = self._clock.now_s()

    def capture(self, picture: NDArray[np.uint8], *, sample: int, timestamp_us: int) -> None:
        pass

    async def aclose(self) -> None:
        pass


async def _ticks_s() -> Floats:
    clock, playout = SystemClock(), Playout()
    length_s = TICKS * 0.01
    playout.push_audio(speech(length_s))
    conductor = Conductor(
        playout, clock=clock, queue_samples=QUEUE_SAMPLES, on_events=lambda _events: None
    )
    output = await conductor.start(lambda: _TimedOutput(clock))
    await asyncio.sleep(length_s)
    await asyncio.to_thread(conductor.close)
    # The first push is the thread's start.
    return np.array(output.between_s[1:])


def _costs_s(work: Callable[[T], object], inputs: Sequence[T]) -> Floats:
    """How long `work` takes on each input."""
    return _spent_s(SystemClock().now_s, work, inputs)


def _cpu_s(work: Callable[[T], object], inputs: Sequence[T]) -> Floats:
    """How much of a core `work` takes on each input, whatever else the machine is doing."""
    return _spent_s(time.thread_time, work, inputs)


def _spent_s(
    now_s: Callable[[], float], work: Callable[[T], object], inputs: Sequence[T]
) -> Floats:
    """What `work` takes on each input, by a clock."""
    spent_s = np.empty(len(inputs))
    for index, each in enumerate(inputs):
        began_s = now_s()
        work(each)
        spent_s[index] = now_s() - began_s
    return spent_s


def _in_fresh_process(script: str) -> float:
    """What a script prints last, run by this Python.

    Raises:
        RuntimeError: It failed; the message is the last line of its error.
    """
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=SCRIPT_TIMEOUT_S
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.split()[-1])
