"""A clip whose truth is known: a face of this package that speaks, drawn frame by frame.

What is drawn twice is drawn once: a clip with a fault shares most of its frames with the clean one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ....audio.pcm_buffer import Pcm
from ....face.state import FaceState
from ....render.onnx_renderer import OnnxRenderer
from ....render.persona import Persona
from ....render.prerenderer import frame_period
from ....speech.recognizer import built_in
from ....timeline import SAMPLE_RATE, Timed, samples, seconds
from ...film.scene import Scene
from ...visemes.offline import recognize
from ..recording import Picture, Recording, open_file

I420 = NDArray[np.uint8]

BATCH = 16
LISTENING_S = 3.0
VIDEO_BPS, AUDIO_BPS = 300_000, 32_000
"""What LiveKit's default for a small picture comes to, and a voice."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech, and the face of each frame.

    Args:
        sound: int16 [N], silence at the end.
        speech_s: How much of it is speech.
        faces: One for each frame.
        fps: Frames a second.
    """

    sound: Pcm
    speech_s: float
    faces: tuple[FaceState, ...]
    fps: int

    @property
    def times_s(self) -> NDArray[np.float64]:
        """When each frame is displayed."""
        return np.arange(len(self.faces)) / self.fps


def clip_of(speech: Pcm, text: str, *, seed: int, fps: int) -> Clip:
    """A face that speaks and then listens."""
    events = recognize(speech, text, recognizer=built_in())
    scene = Scene(speech, events, listening=samples(LISTENING_S), seed=seed)
    faces = tuple(moment.value for moment in scene.moments(frame_period(fps)))
    return Clip(scene.sound, seconds(len(speech)), faces, fps)


class Drawing:
    """Draws the faces of one persona; remembers what it drew until `forget`."""

    def __init__(self, persona: str) -> None:
        self._renderer = OnnxRenderer(Persona.load(persona), device="cpu", threads=1)
        self._drawn: dict[bytes, I420] = {}

    @property
    def fps(self) -> int:
        """The persona's own."""
        return self._renderer.fps

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._renderer.size

    def forget(self) -> None:
        """Let go of what was drawn."""
        self._drawn.clear()

    def close(self) -> None:
        """End the renderer."""
        self._renderer.close()

    def pictures(self, faces: Sequence[FaceState]) -> list[I420]:
        """Each face as a picture, I420, uint8 [H * 3 / 2, W]."""
        new = {face.values.tobytes(): face for face in faces}
        missing = [(key, face) for key, face in new.items() if key not in self._drawn]
        period = frame_period(self.fps)
        for start in range(0, len(missing), BATCH):
            part = missing[start : start + BATCH]
            frames = self._renderer.render([Timed(0, period, face) for _, face in part])
            for (key, _), frame in zip(part, frames, strict=True):
                self._drawn[key] = np.array(frame)
        return [self._drawn[face.values.tobytes()] for face in faces]


Pictures = Callable[[], Iterator[Picture]]


def shown(pictures: Sequence[I420]) -> Iterator[Picture]:
    """The pictures in RGB."""
    for picture in pictures:
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        yield frame.to_ndarray(format="rgb24")


def recorded(clip: Clip, pictures: Sequence[I420], name: str) -> Recording:
    """The clip as a recording without loss."""
    sound = clip.sound.astype(np.float32) / np.float32(32768)
    return Recording(name, sound, 0.0, clip.times_s, lambda: shown(pictures))


def coded(clip: Clip, pictures: Sequence[I420], path: Path) -> Recording:
    """The clip through VP8 and Opus, as a call has them; `path` ends in .webm."""
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    with av.open(str(path), "w") as container:
        video = container.add_stream("libvpx", clip.fps, options=options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.bit_rate, video.thread_count = VIDEO_BPS, 1
        audio = container.add_stream("libopus", SAMPLE_RATE, layout="mono")
        audio.bit_rate = AUDIO_BPS
        container.start_encoding()
        period = SAMPLE_RATE // clip.fps
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, clip.fps)
            container.mux(video.encode(frame))
            part = clip.sound[number * period : (number + 1) * period]
            if len(part):
                heard = av.AudioFrame.from_ndarray(part[None], format="s16", layout="mono")
                heard.sample_rate, heard.pts = SAMPLE_RATE, number * period
                heard.time_base = Fraction(1, SAMPLE_RATE)
                container.mux(audio.encode(heard))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return open_file(path)
