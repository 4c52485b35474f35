"""Measures the offset of picture from sound in a viewer's recording.

Gives the offset of every flash from its beep, and the sound that was missing. Nothing here reads a
clock, a page or a network, so tests use made-up recordings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .readings import Readings

Floats = NDArray[np.float64]

BRIGHT_ABOVE = 150.0
DARK_ABOVE = 45.0
"""Luma, 0 to 255, as the page reads it: an empty track is black and lies under both."""

BEEP_APART_S = 0.5
"""A loud block this long after the last one opens a new beep."""

REACH_S = 0.45
"""A flash and a beep further apart than this are not the same clap; less than half the shortest
gap between claps, so a clap with one half missing never pairs with its neighbour."""

CUT_TOLERANCE_S = 0.06
"""A receiver shortens sound by up to a few pitch periods to empty its buffer. From one mark of the
clapper to the next that is less than this; more means that sound was cut out."""

EDGE_S = 0.03
"""The marker tone takes this long to come up and die away in codec and jitter buffer."""


def to_a_tenth(
    figures: Mapping[str, float | int | None],
) -> dict[str, float | int | None]:
    """Figures ready for JSON: fractions to a tenth, counts and what is missing as they are."""
    return {
        name: round(value, 1) if isinstance(value, float) else value
        for name, value in figures.items()
    }


@dataclass(frozen=True, slots=True)
class Recording:
    """What a viewer saw and heard, in seconds of one clock.

    Args:
        shown_s: float64 [F], when each frame was on the screen.
        luma: float64 [F], its brightness, 0 to 255.
        presented: float64 [F], the count of frames shown so far; a step of more than one means
            that the recorder missed frames which a person would have seen.
        reached_s: float64 [B], when the first sample of each block of sound reached the track.
        length_s: float64 [B], how long each block is.
        onset_s: float64 [B], where in the block the beep's level is first reached; NaN if nowhere.
        gap_s: float64 [B], how much of the block lacks the marker tone.
        output_latency_s: From the track to the loudspeaker.
        concealed_s: Sound that the receiver made up since the first beep, because its packet was
            not there in time.
        sound_buffer_s: How long sound waited in the receiver's jitter buffer, on average.
        picture_buffer_s: How long pictures did.
        made_up_s: float64 [R, 2], when the receiver was asked, and the sound it had made up since
            it was last asked.
        origin_s: When the clock of all these times was 0, in seconds since 1970.
        seen: What the picture's receiver counted.
        heard: What the sound's did.
    """

    shown_s: Floats
    luma: Floats
    presented: Floats
    reached_s: Floats
    length_s: Floats
    onset_s: Floats
    gap_s: Floats
    output_latency_s: float
    concealed_s: float
    sound_buffer_s: float = 0.0
    picture_buffer_s: float = 0.0
    made_up_s: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    origin_s: float = 0.0
    seen: Readings = field(default_factory=Readings)
    heard: Readings = field(default_factory=Readings)


@dataclass(frozen=True, slots=True)
class Published:
    """What the publisher published, in seconds of its own signal.

    Args:
        beeps_s: float64 [K], where each beep begins.
        length_s: Where the signal ends.
        lag_s: By how much frames begin after the beeps, where they do not begin with them.
    """

    beeps_s: Floats
    length_s: float
    lag_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What `livekit-avatar eval sync` prints; offsets are picture minus sound, in milliseconds.

    Args:
        median_ms, p5_ms, p95_ms: Of the offsets; positive means that the picture is late.
        p95_abs_ms: The 95th percentile of their absolute values.
        n: Number of claps of which both halves were timed.
        lost_audio_ms: Sound that was published and not heard as published: silence where the
            marker tone belongs, sound that the receiver made up, and sound cut out or cut off.
        silence_ms, concealed_ms: The first two of these by themselves.
        longer_ms: How long the whole signal was heard, less how long it is; a stream that was
            held up is longer.
        missing_flashes: Beeps heard of which no flash was seen.
        missing_beeps: Beeps published that were not heard.
        untimed_flashes: Flashes whose first frame the recorder itself missed; left out.
        fps: Frames shown in a second.
        sound_buffer_ms, picture_buffer_ms: Mean time in the receiver's jitter buffers. A sender
            cannot know them; where they differ by more than they did when the video delay was
            calibrated, so does the offset.
        offsets_ms: Each offset, which is not printed.
    """

    median_ms: float | None
    p5_ms: float | None
    p95_ms: float | None
    p95_abs_ms: float | None
    n: int
    lost_audio_ms: float
    silence_ms: float
    concealed_ms: float
    longer_ms: float
    missing_flashes: int
    missing_beeps: int
    untimed_flashes: int
    fps: float
    sound_buffer_ms: float
    picture_buffer_ms: float
    offsets_ms: tuple[float, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, float | int | None]:
        """Ready for JSON, figures to a tenth; offsets are None where nothing could be timed."""
        figures = asdict(self)
        del figures["offsets_ms"]
        return to_a_tenth(figures)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which flash belongs to which beep: indices of equal length, in order."""

    flashes: NDArray[np.intp]
    beeps: NDArray[np.intp]


def measure(recording: Recording, published: Published) -> Figures:
    """Every figure of one recording of one clapper."""
    flash_s, timed = flashes(recording)
    beep_s = beeps(recording)
    pairs = pair(flash_s, beep_s)
    good = timed[pairs.flashes]
    offset_ms = 1e3 * (flash_s[pairs.flashes] - beep_s[pairs.beeps] - published.lag_s)[good]
    silence_s = gaps_s(recording)
    lost_s = silence_s + recording.concealed_s + cut_s(recording, published)
    return Figures(
        **_spread(offset_ms),
        n=len(offset_ms),
        lost_audio_ms=1e3 * lost_s,
        silence_ms=1e3 * silence_s,
        concealed_ms=1e3 * recording.concealed_s,
        longer_ms=1e3 * longer_s(recording, published),
        missing_flashes=len(beep_s) - len(pairs.beeps),
        missing_beeps=max(0, len(published.beeps_s) - len(beep_s)),
        untimed_flashes=int(np.count_nonzero(~good)),
        fps=_rate(recording.shown_s, recording.presented),
        sound_buffer_ms=1e3 * recording.sound_buffer_s,
        picture_buffer_ms=1e3 * recording.picture_buffer_s,
    )


def _spread(offsets_ms: Floats) -> dict[str, Any]:
    """What `Figures` tell of the offsets of claps."""
    p5, median, p95 = _percentiles(offsets_ms, (5, 50, 95))
    (p95_abs,) = _percentiles(np.abs(offsets_ms), (95,))
    return {
        "median_ms": median,
        "p5_ms": p5,
        "p95_ms": p95,
        "p95_abs_ms": p95_abs,
        "offsets_ms": tuple(offsets_ms),
    }


COUNTS = "n", "missing_flashes", "missing_beeps", "untimed_flashes"
ADDED_UP = *COUNTS, "lost_audio_ms", "silence_ms", "concealed_ms", "longer_ms"
"""Of several runs; the offsets are those of all claps, and the rest is a mean.

A display shows frames on a grid of 16.7 ms, and how a publisher's frames lie on it seems to be
chance and the same for a whole run: then more runs tell p95 better, and a longer one does not.
"""


def pooled(runs: Sequence[Figures]) -> Figures:
    """The figures of several runs of one publisher together."""
    offsets_ms = np.array([each for run in runs for each in run.offsets_ms])
    sums: dict[str, Any] = {name: sum(getattr(run, name) for run in runs) for name in ADDED_UP}
    means: dict[str, Any] = {
        name: float(np.mean([getattr(run, name) for run in runs]))
        for name in ("fps", "sound_buffer_ms", "picture_buffer_ms")
    }
    return Figures(**_spread(offsets_ms), **sums, **means)


def flashes(recording: Recording) -> tuple[Floats, NDArray[np.bool_]]:
    """When each flash was first seen [K], and whether no frame before it went unrecorded [K].

    A flash is a bright frame after a dark one. Black, which is what a track shows that has no
    picture yet, is neither.
    """
    bright = recording.luma > BRIGHT_ABOVE
    dark = (recording.luma > DARK_ABOVE) & ~bright
    first = 1 + np.flatnonzero(bright[1:] & dark[:-1])
    return recording.shown_s[first], recording.presented[first] - recording.presented[first - 1] < 2


def beeps(recording: Recording) -> Floats:
    """When the first sample of each beep left the loudspeaker [K]."""
    loud = ~np.isnan(recording.onset_s)
    heard_s = (recording.reached_s + recording.onset_s)[loud] + recording.output_latency_s
    return heard_s[np.diff(heard_s, prepend=-np.inf) > BEEP_APART_S]


def pair(flash_s: Floats, beep_s: Floats, *, reach_s: float = REACH_S) -> Pairs:
    """Each flash with its beep: nearest to each other, both ways, and within reach."""
    if not len(flash_s) or not len(beep_s):
        none = np.zeros(0, np.intp)
        return Pairs(none, none)
    apart_s = np.abs(flash_s[:, None] - beep_s[None, :])
    beep = apart_s.argmin(axis=1)
    flash = np.arange(len(flash_s))
    mutual = (apart_s.argmin(axis=0)[beep] == flash) & (apart_s[flash, beep] <= reach_s)
    return Pairs(flash[mutual], beep[mutual])


def gaps_s(recording: Recording) -> float:
    """How long the marker tone was missing from when it was first heard to when it was last."""
    start_s, end_s = heard_s(recording)
    inside = (recording.reached_s > start_s + EDGE_S) & (recording.reached_s < end_s - EDGE_S)
    return float(recording.gap_s[inside].sum())


def heard_s(recording: Recording) -> tuple[float, float]:
    """From when to when, at the track, the marker tone was heard; (0, 0) if it never was."""
    heard = np.flatnonzero(recording.gap_s < recording.length_s)
    if not len(heard):
        return 0.0, 0.0
    first, last = heard[0], heard[-1]
    return (
        float(recording.reached_s[first]),
        float(recording.reached_s[last] + recording.length_s[last]),
    )


def cut_s(recording: Recording, published: Published) -> float:
    """Sound cut out or cut off: by how much the way from mark to mark was shorter than published.

    The marks are the beginning of the signal, each beep, and its end; where a beep is missing,
    only the beginning and the end can be told.
    """
    start_s, end_s = heard_s(recording)
    beep_s = beeps(recording) - recording.output_latency_s
    if len(beep_s) != len(published.beeps_s):
        shorter_s = np.array([published.length_s - (end_s - start_s)])
    else:
        marks_s = np.array([0.0, *published.beeps_s, published.length_s])
        shorter_s = np.diff(marks_s) - np.diff([start_s, *beep_s, end_s])
    return float(shorter_s[shorter_s > CUT_TOLERANCE_S].sum())


def longer_s(recording: Recording, published: Published) -> float:
    """By how much the whole signal grew, to about a block of sound (10 ms)."""
    start_s, end_s = heard_s(recording)
    return end_s - start_s - published.length_s


def _percentiles(values: Floats, percents: tuple[int, ...]) -> tuple[float | None, ...]:
    if not len(values):
        return (None,) * len(percents)
    return tuple(float(value) for value in np.percentile(values, percents))


def _rate(shown_s: Floats, presented: Floats) -> float:
    if len(shown_s) < 2:
        return 0.0
    return float((presented[-1] - presented[0]) / (shown_s[-1] - shown_s[0]))
