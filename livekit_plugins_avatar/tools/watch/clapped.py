"""A talking face with a clapper beside it: `watch` and the clapper measure the same recording.

Between sentences the sound beeps, and while it beeps a corner of the picture is bright. So the
offset is known twice: of lips and voice, as `watch` measures any avatar, and of flash and beep, as
`eval sync` measures. A frame shows the flash if the beep sounds in its middle; by how much its
beginning misses the beep's is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...audio.pcm_buffer import Pcm
from ...audio.placement import Run
from ...render.renderer import Frames, Moment, Renderer
from ...timeline import SAMPLE_RATE, samples, seconds
from ..eval.clapper import BRIGHT_LUMA, DARK_LUMA, FULL_SCALE, spoken_at
from ..eval.offset import BEEP_APART_S, BRIGHT_ABOVE, pair
from .recording import Recording

BEEP_HZ = 1_000
BEEP_S = 0.12
BEEP_LEVEL = 0.8
SPEECH_LEVEL = 0.3
"""The loudest of the speech: a beep is told from it by its level."""

PAUSE_S = 0.5
"""Between sentences; the beep is in its middle."""

CORNER = slice(0, 96), slice(0, 96)
PATCH = slice(32, 64), slice(32, 64)
"""Rows and columns that flash, and where the flash is read."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is said and when it beeps.

    Args:
        sound: int16 [N].
        onsets: First samples of the beeps, in order.
    """

    sound: Pcm
    onsets: tuple[int, ...]

    @classmethod
    def of(cls, sentences: Sequence[Pcm]) -> Script:
        """Sentences with a beep between each two of them."""
        pause = samples(PAUSE_S)
        onset = (pause - samples(BEEP_S)) // 2
        tone = np.sin(2 * np.pi * BEEP_HZ * np.arange(samples(BEEP_S)) / SAMPLE_RATE)
        gap = np.zeros(pause)
        gap[onset : onset + len(tone)] = BEEP_LEVEL * FULL_SCALE * tone
        parts: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = []
        onsets, at = [], 0
        for sentence in sentences:
            loudest = max(1, int(np.abs(sentence.astype(int)).max()))
            parts += [sentence * (SPEECH_LEVEL * FULL_SCALE / loudest), gap]
            at += len(sentence)
            onsets.append(at + onset)
            at += pause
        sound: Pcm = np.rint(np.concatenate(parts)).astype(np.int16)
        return cls(sound, tuple(onsets))


class ClappedFace:
    """A `Renderer` that draws a face with a flash in its corner.

    Args:
        face: Draws the face.
        script: When it flashes, in speech time.

    Attributes:
        runs: Where speech lies on the published timeline; set by the owner of the playout.
        early_s: By how much the first bright frame of a beep begins before the beep.
    """

    def __init__(self, face: Renderer, script: Script) -> None:
        self.runs: Callable[[int, int], Sequence[Run]] = lambda _start, _end: ()
        self.early_s: dict[int, float] = {}
        self._face = face
        self._script = script

    @property
    def size(self) -> tuple[int, int]:
        return self._face.size

    @property
    def fps(self) -> int:
        return self._face.fps

    def render(self, moments: Sequence[Moment]) -> Frames:
        pictures = np.array(self._face.render(moments))
        for picture, moment in zip(pictures, moments, strict=True):
            picture[CORNER] = BRIGHT_LUMA if self._beeps(moment) else DARK_LUMA
        return pictures

    def close(self) -> None:
        self._face.close()

    def _beeps(self, moment: Moment) -> bool:
        middle = moment.start + moment.duration // 2
        speech = spoken_at(self.runs(middle, middle + 1), middle)
        if speech is None:
            return False
        for onset in self._script.onsets:
            if onset <= speech < onset + samples(BEEP_S):
                if speech - onset < moment.duration:
                    self.early_s[onset] = seconds(moment.duration // 2 - (speech - onset))
                return True
        return False


def clapper_ms(recording: Recording, early_s: Sequence[float]) -> list[float]:
    """The offset of each flash from its beep, in ms; positive = picture late.

    Args:
        recording: Of a `ClappedFace`.
        early_s: What it has noted.
    """
    luma = np.array([picture[PATCH].mean() for picture in recording.frames()])
    bright = luma > BRIGHT_ABOVE
    flash_s = recording.times_s[1:][bright[1:] & ~bright[:-1]]
    loud = np.flatnonzero(np.abs(recording.sound) > BEEP_LEVEL / 2)
    first = loud[np.diff(loud, prepend=-SAMPLE_RATE) > samples(BEEP_APART_S)]
    beep_s = recording.sound_began_s + first / SAMPLE_RATE
    pairs = pair(flash_s, beep_s)
    apart_s = flash_s[pairs.flashes] - beep_s[pairs.beeps] + float(np.mean(early_s or [0.0]))
    return [float(each) for each in 1e3 * apart_s]
