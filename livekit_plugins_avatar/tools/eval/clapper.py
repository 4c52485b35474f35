"""Flash and beep: a test signal whose two halves belong to the same moment.

Pictures are bright exactly while the sound beeps. Beeps begin where frames begin, so a chain
without error shows the first bright frame as the beep is heard. A quiet tone under the beeps never
stops, so that a viewer can count missing sound. A texture beside the flashes changes, so that the
encoder works as hard as for a face. Dark is not black, so that an empty track is not a dark frame.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...audio.placement import Run
from ...render.renderer import Frames, Moment, Renderer
from ...timeline import SAMPLE_RATE, samples

FPS = 25
FRAME_SAMPLES = SAMPLE_RATE // FPS
SIZE = (512, 512)

LEAD_S = 2.0
"""The tone alone, before the first beep: time for a receiver's buffers and bitrate to settle."""

TAIL_S = 1.0
"""A publisher stays this long after its last sample: what is under way must be able to arrive."""

BEEP_HZ = 1_000
BEEP_LEVEL = 0.4
BEEP_FRAMES = 3
"""120 ms: three frames, so that one lost frame does not hide a flash."""

GAP_FRAMES = (25, 31)
"""From beep to beep 1.00 to 1.24 s, by whole frames: no period that a 60 Hz display, a 10 ms
audio tick or a periodic stall could fall in step with."""

MARKER_HZ = 300
MARKER_LEVEL = 0.03
"""-30 dBFS: far under the beep, and loud enough that no codec takes it for silence."""

BRIGHT_LUMA, DARK_LUMA = 235, 70
FLASH = slice(192, 320), slice(256, 384)
"""Rows and columns of what flashes: a sixteenth of the picture, about a mouth with what moves
around it, so that a flash takes no more packets than a face does. The viewer looks at its
middle."""

TEXTURE_COLUMNS = 64
TEXTURE_BLUR_PX = 4.0
TEXTURE_LUMA, TEXTURE_CONTRAST = 115, 25
TEXTURE_PERIOD_S = 4.0
"""A texture that costs an encoder (VP8, 301 kbit/s, 25 frames a second) what the man of this
package costs it when he speaks, in bytes for a frame, in the middle and at most:

=====================  ==============  ==============
                       the man         the texture
=====================  ==============  ==============
as a rule              1460            1500
after 0.08 s of rest   2720 (3520)     2740 (3480)
after 0.4 s of rest    4590 (5710)     5870 (6450)
after 0.5 s of rest    5050 (6100)     6360 (6720)
=====================  ==============  ==============

One of sharp noise that rolled by cost 50,000 after half a second: every stall of the renderer then
filled the line, and receivers waited longer for all that followed.
"""

FULL_SCALE = 32_767


class Clapper:
    """When to beep, and what that sounds like; times are samples of speech from its first.

    Args:
        seconds: Length of the whole signal, more than `LEAD_S`.
        seed: Chooses the gaps between the beeps.

    Attributes:
        onsets: First samples of the beeps, in order, before `align`.
        length: The length of the whole signal in samples.
    """

    def __init__(self, seconds: float, *, seed: int = 0) -> None:
        self.onsets: list[int] = []
        self.length = 0
        self._chance = np.random.default_rng(seed)
        self.extend(samples(seconds))

    def extend(self, length: int, *, start: int | None = None, lead_s: float = LEAD_S) -> None:
        """Let the signal go on.

        Args:
            length: By how many samples.
            start: Where it goes on; by default where it ends. Beeps from here on, which an
                interruption cut before they were heard, are forgotten.
            lead_s: The tone alone, before the first of the new beeps.
        """
        start = self.length if start is None else start
        gaps = self._chance.integers(*GAP_FRAMES, size=length // SAMPLE_RATE + 1)
        onsets = start + samples(lead_s) + np.concatenate([[0], np.cumsum(gaps)]) * FRAME_SAMPLES
        ends = onsets + (BEEP_FRAMES + 1) * FRAME_SAMPLES
        self.length = start + length
        self.onsets = [onset for onset in self.onsets if onset < start]
        self.onsets += [int(onset) for onset in onsets[ends < self.length]]

    def align(self, phase: int) -> None:
        """Move the beeps later by `phase` samples, less than a frame, onto a renderer's frames.

        Only the publisher knows how speech lies on the grid of the frames, and only once it is
        being published; call this within the lead.
        """
        self.onsets = [onset + phase % FRAME_SAMPLES for onset in self.onsets]

    def beep_at(self, sample: int) -> int | None:
        """The onset of the beep that sounds at `sample`, or None."""
        latest = bisect_right(self.onsets, sample) - 1
        if latest < 0 or sample - self.onsets[latest] >= BEEP_FRAMES * FRAME_SAMPLES:
            return None
        return self.onsets[latest]

    def beeps_at(self, sample: int) -> bool:
        """Whether a beep sounds at `sample`."""
        return self.beep_at(sample) is not None

    def sound(self, start: int, length: int) -> NDArray[np.int16]:
        """The samples [start, start + length) as int16 mono at `SAMPLE_RATE`."""
        time_s = np.arange(start, start + length) / SAMPLE_RATE
        wave = MARKER_LEVEL * np.sin(2 * np.pi * MARKER_HZ * time_s)
        for onset in self.onsets:
            first = max(onset, start)
            last = min(onset + BEEP_FRAMES * FRAME_SAMPLES, start + length)
            if first < last:
                since_s = np.arange(first - onset, last - onset) / SAMPLE_RATE
                wave[first - start : last - start] += BEEP_LEVEL * np.sin(
                    2 * np.pi * BEEP_HZ * since_s
                )
        pcm: NDArray[np.int16] = np.rint(wave * FULL_SCALE).astype(np.int16)
        return pcm


class Slate:
    """The pictures: bright or dark, with a texture that changes a little in every frame."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        width, height = size
        chance = np.random.default_rng(0)
        self._textures = [_clouds(chance, (height, TEXTURE_COLUMNS)) for _ in range(2)]
        self._blank = np.full((height * 3 // 2, width), 128, np.uint8)
        self._height = height

    def draw(self, frame: int, *, bright: bool) -> Frames:
        """One picture [H * 3 / 2, W]; `frame` changes the texture."""
        picture: Frames = self._blank.copy()
        picture[: self._height] = DARK_LUMA
        if bright:
            picture[FLASH] = BRIGHT_LUMA
        turn = 2 * np.pi * frame / FPS / TEXTURE_PERIOD_S
        texture = np.cos(turn) * self._textures[0] + np.sin(turn) * self._textures[1]
        luma = TEXTURE_LUMA + TEXTURE_CONTRAST * texture
        picture[: self._height, :TEXTURE_COLUMNS] = np.clip(luma, 0, 255)
        return picture


def _clouds(chance: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Blurred noise of unit deviation, as far along one axis as along the other."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])
    blur = np.exp(-2 * (np.pi * TEXTURE_BLUR_PX) ** 2 * (rows**2 + columns**2))
    clouds = np.fft.irfft2(blur * np.fft.rfft2(chance.standard_normal(shape)), shape)
    return np.asarray(clouds / clouds.std())


class ClapperRenderer:
    """A `Renderer` that draws the clapper, by media time alone.

    Args:
        clapper: When it beeps, in speech time.
        face: Draws what is around the flashes, in pictures of `SIZE`; by default the slate.

    Attributes:
        runs: Where speech lies in [start, end) of the published timeline, as `Playout.runs`; set
            by the owner of the playout.
        grid: The published sample, less than a frame, at which frames begin; None before the
            first.
        claps: For each beep drawn, by the published sample at which it begins: that at which the
            frame begins that is the first to show it.
    """

    def __init__(self, clapper: Clapper, face: Renderer | None = None) -> None:
        if face is not None and face.size != SIZE:
            raise ValueError(f"the face is of {face.size} pixels: it must be of {SIZE}")
        self.runs: Callable[[int, int], Sequence[Run]] = lambda _start, _end: ()
        self.grid: int | None = None
        self.claps: dict[int, int] = {}
        self._clapper = clapper
        self._slate = Slate()
        self._face = face

    @property
    def size(self) -> tuple[int, int]:
        return SIZE

    @property
    def fps(self) -> int:
        return FPS

    def render(self, moments: Sequence[Moment]) -> Frames:
        flashes = np.stack([self._render(moment) for moment in moments])
        if self._face is None:
            return flashes
        pictures = np.array(self._face.render(moments))
        rows, columns = FLASH
        pictures[:, rows, columns] = flashes[:, rows, columns]
        return pictures

    def close(self) -> None:
        if self._face is not None:
            self._face.close()

    def _render(self, moment: Moment) -> Frames:
        self.grid = moment.start % FRAME_SAMPLES
        # The middle of the frame decides: a beep that some resampling has moved by a few samples
        # still belongs to its frame.
        middle = moment.start + moment.duration // 2
        speech = spoken_at(self.runs(middle, middle + 1), middle)
        onset = None if speech is None else self._clapper.beep_at(speech)
        if speech is not None and onset is not None and speech - onset < FRAME_SAMPLES:
            self.claps[middle - (speech - onset)] = moment.start
        return self._slate.draw(moment.start // FRAME_SAMPLES, bright=onset is not None)


def spoken_at(runs: Sequence[Run], published: int) -> int | None:
    """The sample of speech that is published at `published`; None between runs."""
    for run in runs:
        if run.published <= published < run.published + run.length:
            return run.speech + published - run.published
    return None
