"""Speech for a film, from a file or from words.

In flows anything that FFmpeg can read, or a sentence for the demo's voice; out flows the sound as
the whole package has it: int16, mono, at `SAMPLE_RATE`.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from ...audio.pcm_buffer import Pcm
from ...timeline import SAMPLE_RATE
from ..demo.extras import needs


class SoundError(ValueError):
    """There is no sound to be had; the message says of what and why."""


def read(path: Path) -> Pcm:
    """The first sound track of a file, int16 [N], N >= 1.

    Raises:
        SoundError: The file is not there, holds no sound, or breaks off where it begins.
    """
    resampler = _resampler()
    parts: list[Pcm] = []
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise SoundError(f"{path} holds no sound: give a file that does")
            for frame in container.decode(audio=0):
                parts += [_samples(each) for each in resampler.resample(frame)]
    except (OSError, av.FFmpegError) as error:
        raise SoundError(f"{path} cannot be read as sound: {error}") from error
    return _joined(parts, resampler, str(path))


def spoken(text: str) -> Pcm:
    """`text` in the demo's voice, int16 [N], N >= 1; needs the extra `demo`.

    The voice has some chance in it: it says the same words a little differently each time.

    Raises:
        SoundError: There is nothing in it to say.
        MissingExtra: It is not installed.
    """
    with needs("demo", "--text"):
        from ..demo import piper

    pcm = np.frombuffer(piper.speak(text), np.int16)
    if not len(pcm):
        raise SoundError(f"there is nothing to say in {text!r}: give it words")
    frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = piper.SAMPLE_RATE_HZ
    resampler = _resampler()
    return _joined([_samples(each) for each in resampler.resample(frame)], resampler, repr(text))


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)


def _samples(frame: av.AudioFrame) -> Pcm:
    pcm: Pcm = frame.to_ndarray().reshape(-1)
    return pcm


def _joined(parts: list[Pcm], resampler: av.AudioResampler, name: str) -> Pcm:
    parts += [_samples(each) for each in resampler.resample(None)]
    if not sum(map(len, parts)):
        raise SoundError(f"{name} holds no sound: it is empty")
    return np.concatenate(parts)
