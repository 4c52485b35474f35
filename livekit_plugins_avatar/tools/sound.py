"""Gets speech from a file, or from the demo's voice.

The sound is int16, mono, at `SAMPLE_RATE`, as in the whole package.
"""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from ..audio.pcm_buffer import Pcm
from ..timeline import SAMPLE_RATE
from .demo.extras import needs


class SoundError(ValueError):
    """Sound cannot be read or synthesised; the message has the source and the reason."""


def read(path: Path) -> Pcm:
    """The first audio track of a file, int16 [N], N >= 1.

    Raises:
        SoundError: The file is missing, has no sound, or cannot be decoded.
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


def spoken(text: str, *, varied: bool = True) -> Pcm:
    """`text` in the demo's voice, int16 [N], N >= 1; needs the extra `demo`.

    Args:
        text: In English.
        varied: The same words sound a little different each time.

    Raises:
        SoundError: The text has nothing to speak.
        MissingExtra: The extra is not installed.
    """
    with needs("demo", "--text"):
        from .demo import piper

    pcm = np.frombuffer(piper.speak(text, varied=varied), np.int16)
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
