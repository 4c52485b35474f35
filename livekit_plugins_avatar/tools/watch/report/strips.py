"""Strips of pictures around the worst moments, with the sound under them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ....timeline import SAMPLE_RATE
from ..analysis import Analysis
from ..recording import Picture
from ..scores.score import Moment
from . import svg
from .svg import Frame

PICTURES = 7
MOST = 6
MOST_ALIKE = 2
AROUND_S = 0.24
"""A moment is shown from so long before to so long after, if it is short."""

SIDE_PX = 148
ENLARGED = 1.7
"""What is shown, by the size of the face: with hair and shoulders."""

QUALITY = 80


@dataclass(frozen=True, slots=True)
class Strip:
    """A moment and its pictures.

    Args:
        moment: What is shown.
        times_s: Of the pictures.
        pictures: As `data:` addresses, one a time.
        drawing: The sound under them.
    """

    moment: Moment
    times_s: Sequence[float]
    pictures: Sequence[str]
    drawing: str


def worst(moments: Sequence[Moment]) -> list[Moment]:
    """The worst moments that are not alike, in order of severity."""
    chosen: list[Moment] = []
    for moment in moments:
        alike = [each for each in chosen if each.what == moment.what]
        close = any(abs(each.start_s - moment.start_s) < 1.0 for each in alike)
        if len(alike) < MOST_ALIKE and not close:
            chosen.append(moment)
        if len(chosen) == MOST:
            break
    return chosen


def strips(found: Analysis) -> tuple[str, list[Strip]]:
    """A picture of the avatar as it speaks, and the strips; decodes the frames once more."""
    moments = worst(found.moments)
    times = [_times(moment) for moment in moments]
    poster_s = _poster_s(found)
    at_s = found.recording.times_s
    wanted = {_frame_at(at_s, each) for times_s in times for each in times_s}
    poster = _frame_at(at_s, poster_s)
    kept = _pictures(found, wanted | {poster})
    made = [
        Strip(
            moment,
            times_s,
            [kept[_frame_at(at_s, each)] for each in times_s],
            _sound(found, times_s),
        )
        for moment, times_s in zip(moments, times, strict=True)
    ]
    return kept[poster], made


def _times(moment: Moment) -> list[float]:
    middle = (moment.start_s + moment.end_s) / 2
    half = max(AROUND_S, min(1.0, (moment.end_s - moment.start_s) / 2 * 1.4))
    return [float(at) for at in np.linspace(middle - half, middle + half, PICTURES)]


def _poster_s(found: Analysis) -> float:
    """In the middle of the longest stretch of speech."""
    spans = found.heard.speech
    if not spans:
        return float(found.recording.times_s[len(found.recording.times_s) // 2])
    start, end = max(spans, key=lambda each: each[1] - each[0])
    return (start + end) / 2


def _frame_at(times_s: svg.Floats, at_s: float) -> int:
    """The frame that is on the screen then."""
    return int(np.clip(np.searchsorted(times_s, at_s, side="right") - 1, 0, len(times_s) - 1))


def _pictures(found: Analysis, wanted: set[int]) -> dict[int, str]:
    window = _window(found)
    kept: dict[int, str] = {}
    last = max(wanted)
    for at, picture in enumerate(found.recording.frames()):
        if at in wanted:
            kept[at] = _address(picture, window)
        if at == last:
            break
    # A recording that ends early shows its last picture.
    shown = list(kept.values()) or [""]
    return {at: kept.get(at, shown[-1]) for at in wanted}


def _window(found: Analysis) -> tuple[float, float, float] | None:
    """Middle and half the side of what is shown; None without a face."""
    boxes = found.signals.box[found.signals.seen]
    if not len(boxes):
        return None
    left, top, right, bottom = np.median(boxes, axis=0)
    return (left + right) / 2, (top + bottom) / 2, ENLARGED * max(right - left, bottom - top) / 2


def _address(picture: Picture, window: tuple[float, float, float] | None) -> str:
    image = Image.fromarray(picture)
    if window is not None:
        x, y, half = window
        half = min(half, image.width / 2, image.height / 2)
        x = min(max(x, half), image.width - half)
        y = min(max(y, half), image.height - half)
        image = image.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
    image.thumbnail((SIDE_PX, SIDE_PX))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def _sound(found: Analysis, times_s: Sequence[float]) -> str:
    # The pictures' middles lie at the middles of equal cells.
    half = (times_s[1] - times_s[0]) / 2
    frame = Frame((times_s[0] - half, times_s[-1] + half), (-1, 1), 760, 54, 0, 2, 0, 2)
    recording = found.recording
    wave = svg.wave(frame, recording.sound, SAMPLE_RATE, recording.sound_began_s, 0.0, 0.95)
    return svg.drawing(frame, [wave], "The sound of these pictures")
