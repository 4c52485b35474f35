"""Shapes speech where it begins, stops or breaks off, so that nothing clicks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..timeline import samples
from .pcm_buffer import NO_PCM, Pcm

FADE_SAMPLES = samples(0.015)
"""Speech that is cut or paused fades over this much more of itself: a cut without a fade clicks,
and 10-20 ms is too short to be heard as speech that goes on."""

RAMP_SAMPLES = samples(0.005)
"""Speech that breaks off rings out, and speech that comes back rises, for this long: enough to
remove the click, too short to blunt a consonant."""


class Fader:
    """The state of the published sound at one sample; a copy of it can be gone back to."""

    def __init__(self) -> None:
        self.speaking = False
        """Whether the sample before was speech."""
        self._gain = 0.0
        self._recent = NO_PCM
        """The last `RAMP_SAMPLES` of speech, as published."""
        self._ringing = NO_PCM
        """What is left of ringing out."""

    def copy(self) -> Fader:
        """The same state, which goes its own way."""
        other = Fader()
        other.__dict__.update(self.__dict__)
        return other

    @property
    def remaining(self) -> int:
        """How many samples a fade-out from the present gain takes; 0 in silence."""
        return int(np.ceil(self._gain * FADE_SAMPLES - 1e-9)) if self.speaking else 0

    def begin(self, *, resumed: bool) -> None:
        """Begin to speak: at full gain, or rising from silence where speech was `resumed`."""
        self.speaking = True
        self._ringing = NO_PCM
        self._gain = 0.0 if resumed else 1.0

    def shape(self, speech: Pcm, *, stopping: bool) -> Pcm:
        """Apply the gain to the next samples: falling to silence if `stopping`, else rising."""
        if stopping or self._gain < 1.0:
            slope = -1 / FADE_SAMPLES if stopping else 1 / RAMP_SAMPLES
            gain = np.clip(self._gain + slope * np.arange(1, len(speech) + 1), 0.0, 1.0)
            self._gain = float(gain[-1]) if gain[-1] > 1e-9 else 0.0
            speech = _int16(speech * gain)
        self._recent = np.concatenate((self._recent, speech))[-RAMP_SAMPLES:]
        if stopping and not self._gain:
            self.speaking = False
        return speech

    def silence(self, count: int) -> Pcm:
        """The next samples of silence; speech that broke off rings out in them first."""
        if self.speaking:
            self.speaking = False
            ramp = np.linspace(1, 0, RAMP_SAMPLES + 1)[1:]
            self._ringing = _int16(self._recent[::-1] * ramp[: len(self._recent)])
        out = np.zeros(count, np.int16)
        ringing, self._ringing = self._ringing[:count], self._ringing[count:]
        out[: len(ringing)] = ringing
        return out

    def mute(self) -> None:
        """Stop at once."""
        self.speaking, self._gain = False, 0.0


def _int16(signal: NDArray[np.float64]) -> Pcm:
    return np.rint(signal).astype(np.int16)
