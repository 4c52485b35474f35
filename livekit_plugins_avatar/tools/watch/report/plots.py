"""The plots of the report."""

from __future__ import annotations

import numpy as np

from ....timeline import SAMPLE_RATE
from .. import gates
from ..analysis import Analysis
from ..scores.score import Seen
from ..scores.sync import EARLY_MS, LATE_MS, opening_seen
from . import svg
from .svg import Floats, Frame

SCALE_MS = (-260.0, 200.0)
EXCERPT_S = 8.0
MAP_DEG = 24.0
STRAIGHT_DEG = 5.0
MOST_DOTS = 700


def scale(found: Analysis) -> str:
    """Where the offset lies between what is noticed and what is not."""
    frame = Frame(SCALE_MS, (0.0, 1.0), 520, 96, 8, 24, 8, 40)
    middle = found.figures()["sync_median_ms"]
    edges = (
        SCALE_MS[0],
        gates.ACCEPTABLE_EARLY_MS,
        EARLY_MS,
        LATE_MS,
        gates.ACCEPTABLE_LATE_MS,
        SCALE_MS[1],
    )
    kinds = ("is-bad", "is-noticeable", "is-good", "is-noticeable", "is-bad")
    parts = [
        svg.box(frame.at_x(low), frame.top, frame.at_x(high) - frame.at_x(low), 32, kind)
        for low, high, kind in zip(edges, edges[1:], kinds, strict=False)
    ]
    ticks = [*edges[1:-1], 0.0]
    parts.append(svg.x_axis(frame, ticks, [f"{tick:+.0f}" if tick else "0" for tick in ticks]))
    parts.append(
        svg.text(frame.left, frame.height - 4, "◀ picture early, sound late", anchor="start")
    )
    parts.append(
        svg.text(
            frame.width - frame.right, frame.height - 4, "picture late, sound early ▶", anchor="end"
        )
    )
    if middle is not None:
        at = frame.at_x(float(np.clip(middle, *SCALE_MS)))
        parts.append(f'<path class="needle" d="M{at:.1f} {frame.top - 4}v40"/>')
        parts.append(svg.text(at, frame.top - 9, f"{middle:+.0f} ms", "strong"))
    return svg.drawing(frame, parts, f"The picture is {middle} ms late")


def offset_over_time(found: Analysis) -> str:
    """The offset in each window, with what is noticed behind it."""
    sync = found.scores["sync"]
    reach = 1.1 * max([200.0, *np.abs(sync.values)])
    begin_s, end_s = span(found)
    frame = Frame((begin_s, end_s), (-reach, reach))
    parts = [
        svg.band(frame, -reach, reach, "is-bad"),
        svg.band(frame, gates.ACCEPTABLE_EARLY_MS, gates.ACCEPTABLE_LATE_MS, "is-noticeable"),
        svg.band(frame, EARLY_MS, LATE_MS, "is-good"),
    ]
    ticks = [gates.ACCEPTABLE_EARLY_MS, EARLY_MS, 0.0, LATE_MS, gates.ACCEPTABLE_LATE_MS]
    parts.append(svg.y_axis(frame, ticks, [f"{t:+.0f}" if t else "0" for t in ticks]))
    parts += [
        time_axis(frame),
        svg.line(frame, sync.times_s, sync.values, "main", break_after=15.0),
    ]
    parts.append(svg.dots(frame, sync.times_s, sync.values, "main-dot"))
    return svg.drawing(frame, parts, "Offset of the picture from the sound over time, in ms")


def mouth_and_sound(found: Analysis) -> str:
    """Some seconds of speech: how far the lips are open, what the voice asks for, and the voice."""
    heard, recording = found.heard, found.recording
    lips = opening_seen(Seen(recording, found.signals, heard))
    start = busiest(heard.speaking(heard.times_s), heard.times_s)
    inside = (heard.times_s >= start) & (heard.times_s <= start + EXCERPT_S)
    frame = Frame((start, start + EXCERPT_S), (-0.62, 1.12), height=300, left=14)
    parts = [
        svg.box(frame.at_x(a), frame.at_y(1.08), max(2.0, frame.at_x(b) - frame.at_x(a)),
                frame.at_y(0) - frame.at_y(1.08), "closure", "p, b or m: the lips must close")
        for a, b in heard.closures
        if start <= a and b <= start + EXCERPT_S
    ]  # fmt: skip
    times_s = heard.times_s[inside]
    parts.append(svg.line(frame, times_s, _unit(heard.opening[inside]), "asked"))
    parts.append(svg.line(frame, times_s, _unit(lips[inside]), "main"))
    parts.append(
        svg.wave(frame, recording.sound, SAMPLE_RATE, recording.sound_began_s, -0.33, 0.26)
    )
    parts.append(time_axis(frame))
    return svg.drawing(frame, parts, "How far the lips are open, and what the voice asks for")


def busiest(speaks: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], times_s: Floats) -> float:
    """When the seconds begin that have the most speech."""
    if not len(times_s):
        return 0.0
    hop_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0
    size = max(1, min(len(times_s), round(EXCERPT_S / hop_s)))
    sums = np.convolve(speaks.astype(float), np.ones(size), "valid")
    return float(times_s[int(sums.argmax())])


def _unit(values: Floats) -> Floats:
    """Values from their low end at 0 to their high end at 1."""
    known = values[np.isfinite(values)]
    if not len(known):
        return values
    low, high = np.percentile(known, [3, 98])
    return np.asarray(np.clip((values - low) / max(high - low, 1e-9), -0.05, 1.1))


def gaze_map(found: Analysis) -> str:
    """Where the eyes look in the head, while it speaks and while it does not."""
    frame = Frame((-MAP_DEG, MAP_DEG), (-MAP_DEG, MAP_DEG), 360, 360, 10, 10, 10, 10)
    gaze = found.signals.gaze_deg
    parts = [
        f'<circle class="ring" cx="{frame.at_x(0):.0f}" cy="{frame.at_y(0):.0f}" '
        f'r="{frame.at_x(degrees) - frame.at_x(0):.1f}"/>'
        for degrees in (STRAIGHT_DEG, 10.0, 20.0)
    ]
    if np.isfinite(gaze).any():
        middle = np.nanmedian(gaze, axis=0)
        speaks = found.heard.speaking(found.signals.times_s)
        for state, kind in ((speaks, "speaking"), (~speaks, "silent")):
            some = (gaze - middle)[state][:: max(1, int(state.sum()) // MOST_DOTS)]
            parts.append(svg.dots(frame, some[:, 0], some[:, 1], kind, 2.4))
    for degrees in (STRAIGHT_DEG, 10.0, 20.0):
        parts.append(svg.text(frame.at_x(0), frame.at_y(-degrees) - 3, f"{degrees:.0f}°"))
    return svg.drawing(frame, parts, "Where the eyes look, in degrees from straight ahead")


def timeline(found: Analysis) -> str:
    """All that happened: who spoke when, the connection, and what a viewer may notice."""
    kinds = sorted({moment.what for moment in found.moments})
    rows: list[tuple[str, str, list[tuple[float, float, str]]]] = [
        ("speaks", "voice", [(a, b, "speaks") for a, b in found.heard.speech])
    ]
    if found.recording.others:
        others = [(a, b, "another participant") for a, b in found.recording.others]
        rows.append(("other speaks", "other", others))
    if found.recording.events:
        rows.append(
            ("connection", "event", [(at, at, what) for at, what in found.recording.events])
        )
    for kind in kinds:
        spans = [
            (m.start_s, m.end_s, f"{kind}, {m.size:.3g} {m.unit}")
            for m in found.moments
            if m.what == kind
        ]
        rows.append((kind, "moment", spans))
    begin_s, end_s = span(found)
    height = 26 * len(rows) + 48
    frame = Frame((begin_s, end_s), (0.0, 1.0), height=height, left=170)
    parts = []
    for at, (name, kind, spans) in enumerate(rows):
        top = frame.top + 26 * at
        parts.append(svg.box(frame.left, top, frame.width - frame.left - frame.right, 20, "lane"))
        parts.append(svg.text(frame.left - 10, top + 15, name, "row", "end"))
        parts += [
            svg.box(frame.at_x(a), top, max(2.5, frame.at_x(b) - frame.at_x(a)), 20, kind,
                    f"{svg.clock(a)} {words}")
            for a, b, words in spans
        ]  # fmt: skip
    parts.append(time_axis(frame))
    return svg.drawing(
        frame, parts, "Speech, events of the connection, and what a viewer may notice"
    )


def span(found: Analysis) -> tuple[float, float]:
    """From the first frame or sound to the last."""
    recording = found.recording
    begin_s = min(recording.sound_began_s, float(recording.times_s[0]))
    return begin_s, max(recording.sound_began_s + recording.sound_s, float(recording.times_s[-1]))


def time_axis(frame: Frame) -> str:
    """Minutes and seconds under a plot."""
    ticks = svg.round_ticks(*frame.x)
    return svg.x_axis(frame, ticks, [svg.clock(tick) for tick in ticks], "minutes : seconds")
