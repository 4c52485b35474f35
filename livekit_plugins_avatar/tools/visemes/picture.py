"""Draws a recording and its visemes, to compare closures in both.

Each row shows five seconds: the waveform, a coloured bar for every viseme below it, and a shade
behind the waveform where the lips are closed. Further lanes, such as hand-made labels, lie below
the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ...audio.pcm_buffer import Pcm
from ...speech.visemes import VISEMES, VisemeEvent
from ...timeline import samples

ROW_SAMPLES = samples(5.0)
WIDTH_PX = 1600
WAVE_PX = 110
LANE_PX = 26
GAP_PX = 14
SECOND_SAMPLES = samples(1.0)

PAPER = (255, 255, 255)
INK = (60, 60, 60)
GRID = (205, 205, 205)

COLOURS = {
    "sil": (236, 236, 236), "PP": (214, 39, 40), "FF": (255, 127, 14), "TH": (188, 143, 80),
    "DD": (148, 166, 190), "kk": (122, 138, 160), "CH": (227, 119, 194), "SS": (247, 182, 210),
    "nn": (170, 190, 170), "RR": (197, 176, 213), "aa": (44, 130, 60), "E": (120, 190, 90),
    "I": (190, 220, 110), "O": (31, 119, 180), "U": (90, 180, 220),
}  # fmt: skip
"""Closed lips and teeth on lips are warm, open vowels green, round ones blue."""

CLOSED = "PP"
SHADE = (245, 201, 201)
NAME_PX = 12
"""A narrower bar has no name."""


def draw(pcm: Pcm, *lanes: Sequence[VisemeEvent]) -> Image.Image:
    """Draw a recording and one or more lanes of its events."""
    rows = max(1, -(-len(pcm) // ROW_SAMPLES))
    high = WAVE_PX + LANE_PX * len(lanes) + GAP_PX
    image = Image.new("RGB", (WIDTH_PX, rows * high), PAPER)
    pen = ImageDraw.Draw(image)
    loudest = max(1, int(np.abs(pcm.astype(np.int32)).max(initial=0)))
    for row in range(rows):
        start, top = row * ROW_SAMPLES, row * high
        _seconds(pen, start, len(pcm), top, high - GAP_PX)
        for event in _within(lanes[0] if lanes else (), start):
            if event.viseme == CLOSED:
                left, right = _edges(event, start)
                pen.rectangle((left, top, right, top + WAVE_PX), SHADE)
        for number, events in enumerate(lanes):
            _lane(pen, _within(events, start), start, top + WAVE_PX + number * LANE_PX)
        _wave(pen, pcm[start : start + ROW_SAMPLES] / loudest, top)
    return image


def _x(sample: int, start: int) -> float:
    return (sample - start) * WIDTH_PX / ROW_SAMPLES


def _seconds(pen: ImageDraw.ImageDraw, start: int, end: int, top: int, high: int) -> None:
    for sample in range(start, min(end, start + ROW_SAMPLES), SECOND_SAMPLES):
        x = _x(sample, start)
        pen.line((x, top, x, top + high), GRID)
        pen.text((x + 3, top), f"{sample // SECOND_SAMPLES} s", INK)


def _wave(
    pen: ImageDraw.ImageDraw, wave: np.ndarray[tuple[int], np.dtype[np.float64]], top: int
) -> None:
    middle = top + WAVE_PX / 2
    for x in range(WIDTH_PX):
        part = wave[x * ROW_SAMPLES // WIDTH_PX : (x + 1) * ROW_SAMPLES // WIDTH_PX]
        if len(part):
            low, high = part.min() * WAVE_PX / 2, part.max() * WAVE_PX / 2
            pen.line((x, middle - high, x, middle - low), INK)


def _within(events: Sequence[VisemeEvent], start: int) -> list[VisemeEvent]:
    """The events that lie at least partly in the row that begins at `start`."""
    return [event for event in events if event.end > start and event.start < start + ROW_SAMPLES]


def _edges(event: VisemeEvent, start: int) -> tuple[float, float]:
    """Left and right edge of an event in its row, in pixels."""
    return max(0.0, _x(event.start, start)), min(float(WIDTH_PX), _x(event.end, start)) - 1


def _lane(pen: ImageDraw.ImageDraw, events: Sequence[VisemeEvent], start: int, top: int) -> None:
    for event in events:
        left, right = _edges(event, start)
        pen.rectangle((left, top, right, top + LANE_PX - 3), COLOURS[event.viseme])
        if event.viseme != VISEMES[0] and right - left > NAME_PX:
            pen.text((left + 1, top + 6), event.viseme, INK)
