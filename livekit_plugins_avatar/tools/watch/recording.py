"""A recording of an avatar: its sound, and its frames with the times at which they are displayed.

All times are in seconds of one clock, that of the sound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from ...timeline import SAMPLE_RATE

Picture = NDArray[np.uint8]
"""RGB, uint8 [H, W, 3]."""

GAP_S = 0.02
"""Sound whose timestamp is off by less follows what came before: containers round to 1 ms, and
receivers cut frames unevenly. More is a gap or an overlap."""


class RecordingError(ValueError):
    """A recording cannot be read; the message has the file and the reason."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a viewer saw and heard.

    Args:
        name: For messages and reports, such as the file's name.
        sound: float32 mono [N] in [-1, 1], at `SAMPLE_RATE`.
        sound_began_s: When the first sample is heard.
        times_s: float64 [F], rising: when each frame is displayed.
        frames: Gives the frames in the order of `times_s`, each uint8 RGB [H, W, 3], from the
            first at every call. It decodes while it goes: five minutes do not fit in memory. The
            size may change on the way.
        others: (start_s, end_s) in which another participant speaks; None where that is unknown.
        events: (at_s, name) of what happened to the connection, such as "reconnecting".
    """

    name: str
    sound: NDArray[np.float32]
    sound_began_s: float
    times_s: NDArray[np.float64]
    frames: Callable[[], Iterator[Picture]]
    others: Sequence[tuple[float, float]] | None = None
    events: Sequence[tuple[float, str]] = field(default=())

    @property
    def sound_s(self) -> float:
        """How long the sound is."""
        return len(self.sound) / SAMPLE_RATE

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float(self.times_s[-1] - self.times_s[0]) if len(self.times_s) else 0.0

    @property
    def frames_per_s(self) -> float:
        """Mean rate of the frames; 0 with fewer than two."""
        return (len(self.times_s) - 1) / self.seconds if self.seconds > 0 else 0.0


def open_file(path: Path) -> Recording:
    """Read a film: .mp4, .webm, .mkv or another that FFmpeg knows.

    Times are the container's: edit lists, priming samples, gaps in the sound and frames of
    varying length are honoured.

    Raises:
        RecordingError: The file is missing, cannot be decoded, or lacks sound or picture.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video or not container.streams.audio:
                lacks = "sound" if container.streams.video else "picture"
                raise RecordingError(f"{path} holds no {lacks}: give a film with both")
        times_s = _times_s(path)
        sound, began_s = _sound(path)
    except (OSError, av.FFmpegError) as error:
        raise RecordingError(f"{path} cannot be read as a film: {error}") from error
    if len(times_s) < 2 or not len(sound):
        raise RecordingError(f"{path} is empty: it needs two frames at least, and sound")
    return Recording(path.name, sound, began_s, times_s, lambda: _frames(path))


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    last_s = -np.inf
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            # A frame without a time, or with that of the frame before, is never displayed.
            if frame.time is not None and frame.time > last_s:
                last_s = frame.time
                yield frame


def _times_s(path: Path) -> NDArray[np.float64]:
    """Only decoding tells which packets are displayed: VP8 has hidden ones, MP4 discarded ones."""
    return np.array([frame.time for frame in _decoded(path)], np.float64)


def _frames(path: Path) -> Iterator[Picture]:
    for frame in _decoded(path):
        yield frame.to_ndarray(format="rgb24")


def _sound(path: Path) -> tuple[NDArray[np.float32], float]:
    """The sound at `SAMPLE_RATE`, gaps filled with silence, and when it begins in seconds."""
    parts: list[NDArray[np.float32]] = []
    began_s, known, rate = 0.0, 0, 0
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            if frame.time is None or not frame.samples:
                continue
            if not rate:
                began_s, rate = frame.time, frame.sample_rate
                mono = av.AudioResampler(format="flt", layout="mono", rate=rate)
            late = round((frame.time - began_s) * rate) - known
            if late > GAP_S * rate:
                parts.append(np.zeros(late, np.float32))
                known += late
            frame.pts = None
            for each in mono.resample(frame):
                parts.append(each.to_ndarray().reshape(-1))
                known += each.samples
    if not rate:
        return np.zeros(0, np.float32), 0.0
    return resampled(np.concatenate(parts), rate), began_s


def resampled(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Mono sound of another rate at `SAMPLE_RATE`; the first sample stays where it is."""
    if rate == SAMPLE_RATE or not len(sound):
        return sound
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    parts = []
    for start in range(0, len(sound), rate):
        frame = av.AudioFrame.from_ndarray(sound[None, start : start + rate], "flt", "mono")
        frame.sample_rate = rate
        parts += resampler.resample(frame)
    parts += resampler.resample(None)
    return np.concatenate([each.to_ndarray().reshape(-1) for each in parts])
