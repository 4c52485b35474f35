"""Sounds without speech, and disturbances of speech.

The mouth must stay calm in all of them. They are computed, and the same each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ...audio.pcm_buffer import Pcm
from ...timeline import SAMPLE_RATE, samples

Wave = NDArray[np.float64]

LONG_S = 10.0
FULL_SCALE = 32767
CLIPPED_AT = 0.1
"""Of a recording's loudest sample: what an overdriven microphone leaves."""

TELEPHONE_HZ = 3_800
"""What a line sampled at 8 kHz lets through."""

CHORDS_HZ = (
    (220.0, 277.2, 329.6),
    (196.0, 246.9, 293.7),
    (174.6, 220.0, 261.6),
    (164.8, 207.7, 246.9),
)
CHORD_S = 0.5
OVERTONES = 8
RINGS_S = 3.0
"""A chord has faded by 78 dB then."""


def silence() -> Pcm:
    """Nothing at all."""
    pcm: Pcm = np.zeros(samples(LONG_S), np.int16)
    return pcm


def room() -> Pcm:
    """The noise of a quiet room, 60 dB below full scale."""
    return _pcm(_pink(samples(LONG_S)), -60.0)


def noise() -> Pcm:
    """Noise as loud as speech."""
    return _pcm(_pink(samples(LONG_S)), -26.0)


def hum() -> Pcm:
    """The mains, with overtones."""
    time_s = _time_s()
    wave = sum(np.sin(2 * np.pi * 50 * n * time_s) / n for n in (1, 2, 3, 5, 7))
    return _pcm(np.asarray(wave), -30.0)


def music() -> Pcm:
    """Chords that are struck twice a second."""
    time_s = _time_s()
    wave = np.zeros(len(time_s))
    for beat in range(int(LONG_S / CHORD_S)):
        first = samples(beat * CHORD_S)
        since_s = time_s[: min(len(time_s) - first, samples(RINGS_S))]
        for hz in CHORDS_HZ[beat // 2 % len(CHORDS_HZ)]:
            for overtone in range(1, OVERTONES + 1):
                sine = np.sin(2 * np.pi * hz * overtone * since_s) / overtone**1.5
                wave[first : first + len(since_s)] += np.exp(-3 * since_s) * sine
    return _pcm(wave, -23.0)


def clicks() -> Pcm:
    """A click of full scale every two seconds."""
    pcm = silence()
    pcm[samples(1.0) :: samples(2.0)] = FULL_SCALE
    return pcm


def in_noise(pcm: Pcm) -> Pcm:
    """Speech in noise of its own strength: 0 dB."""
    speech = pcm.astype(np.float64)
    loud = _rms(speech[np.abs(speech) > 0.02 * np.abs(speech).max(initial=1.0)])
    return _int16(speech + loud * _pink(len(pcm)))


def clipped(pcm: Pcm) -> Pcm:
    """Speech of which everything above a tenth of its peak is cut off."""
    limit = max(1.0, CLIPPED_AT * np.abs(pcm.astype(np.float64)).max(initial=0.0))
    return _int16(np.clip(pcm.astype(np.float64), -limit, limit))


def telephone(pcm: Pcm) -> Pcm:
    """Speech sampled at 8 kHz."""
    spectrum = np.fft.rfft(pcm.astype(np.float64))
    spectrum[np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE) > TELEPHONE_HZ] = 0
    return _int16(np.fft.irfft(spectrum, len(pcm)))


def clicking(pcm: Pcm) -> Pcm:
    """Speech with a click of full scale every second."""
    out: Pcm = pcm.copy()
    out[samples(0.5) :: samples(1.0)] = FULL_SCALE
    return out


SOUNDS_WITHOUT_SPEECH: Mapping[str, Callable[[], Pcm]] = {
    "silence": silence,
    "quiet room": room,
    "noise": noise,
    "hum": hum,
    "music": music,
    "clicks": clicks,
}

DISTURBANCES: Mapping[str, Callable[[Pcm], Pcm]] = {
    "noise at 0 dB": in_noise,
    "clipping": clipped,
    "8 kHz": telephone,
    "clicks": clicking,
}


def _time_s() -> Wave:
    return np.arange(samples(LONG_S)) / SAMPLE_RATE


def _pink(length: int) -> Wave:
    """Noise that falls by 3 dB an octave, as speech and rooms do; of strength 1."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(size=length))
    hz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    wave = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 50.0)), length)
    pink: Wave = wave / _rms(wave)
    return pink


def _pcm(wave: Wave, dbfs: float) -> Pcm:
    return _int16(wave / _rms(wave) * FULL_SCALE * 10 ** (dbfs / 20))


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave**2))) if len(wave) else 0.0


def _int16(wave: Wave) -> Pcm:
    pcm: Pcm = np.rint(np.clip(wave, -FULL_SCALE, FULL_SCALE)).astype(np.int16)
    return pcm
