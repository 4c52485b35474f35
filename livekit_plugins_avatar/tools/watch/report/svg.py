"""Draws plots as SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_POINTS = 1200
"""More would not be seen, and make the page heavy."""

COLUMNS = 420
"""Of a waveform."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The area of a plot.

    Args:
        x: Values at the left and the right edge.
        y: Values at the lower and the upper edge.
        width, height: Of the whole drawing in pixels.
        left, top, right, bottom: Margins.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: int = 760
    height: int = 260
    left: int = 52
    top: int = 12
    right: int = 12
    bottom: int = 34

    def at_x(self, value: float) -> float:
        """Where a value lies, from the left in pixels."""
        share = (value - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        return self.left + share * (self.width - self.left - self.right)

    def at_y(self, value: float) -> float:
        """Where a value lies, from the top in pixels."""
        share = (value - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)


def drawing(frame: Frame, parts: Iterable[str], label: str) -> str:
    """A drawing; `label` says what it shows to those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {frame.width} {frame.height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def band(frame: Frame, low: float, high: float, kind: str) -> str:
    """A horizontal band from one value to another."""
    low, high = (min(max(each, frame.y[0]), frame.y[1]) for each in (low, high))
    top, height = frame.at_y(high), frame.at_y(low) - frame.at_y(high)
    width = frame.width - frame.left - frame.right
    return box(frame.left, top, width, height, kind)


def box(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> str:
    """A rectangle in pixels."""
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}">{inner}</rect>'
    )


def line(frame: Frame, x: Floats, y: Floats, kind: str, *, break_after: float = np.inf) -> str:
    """A line through points; it breaks where one is unknown or the next is too far away."""
    step = max(1, len(x) // MOST_POINTS)
    x, y = x[::step], y[::step]
    pen, parts = "M", []
    for at, (here, value) in enumerate(zip(x, y, strict=True)):
        if not np.isfinite(value):
            pen = "M"
            continue
        if at and here - x[at - 1] > break_after * step:
            pen = "M"
        parts.append(f"{pen}{frame.at_x(here):.1f} {frame.at_y(value):.1f}")
        pen = "L"
    return f'<path class="{kind}" d="{"".join(parts)}"/>'


def dots(frame: Frame, x: Floats, y: Floats, kind: str, radius: float = 3.0) -> str:
    """Points."""
    keep = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    keep = keep[:: max(1, len(keep) // MOST_POINTS)]
    return "".join(
        f'<circle class="{kind}" cx="{frame.at_x(x[at]):.1f}" cy="{frame.at_y(y[at]):.1f}" '
        f'r="{radius}"/>'
        for at in keep
    )


def text(x: float, y: float, words: str, kind: str = "tick", anchor: str = "middle") -> str:
    """Words at a place in pixels."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


def x_axis(frame: Frame, ticks: Sequence[float], words: Sequence[str], title: str = "") -> str:
    """Ticks under the plot, and what they count."""
    below = frame.height - frame.bottom
    parts = [
        f'<path class="axis" d="M{frame.left} {below}H{frame.width - frame.right}"/>',
        *(text(frame.at_x(t), below + 16, w) for t, w in zip(ticks, words, strict=True)),
    ]
    if title:
        parts.append(text(frame.width - frame.right, below + 31, title, anchor="end"))
    return "".join(parts)


def y_axis(frame: Frame, ticks: Sequence[float], words: Sequence[str]) -> str:
    """Ticks beside the plot, and faint lines across it."""
    return "".join(
        f'<path class="grid" d="M{frame.left} {frame.at_y(t):.1f}H{frame.width - frame.right}"/>'
        + text(frame.left - 8, frame.at_y(t) + 4, w, anchor="end")
        for t, w in zip(ticks, words, strict=True)
    )


def wave(
    frame: Frame, sound: NDArray[np.float32], rate: int, began_s: float, middle: float, half: float
) -> str:
    """A waveform between the edges of x: its outline around y = `middle`, at most `half` high."""
    edges_s = np.linspace(frame.x[0], frame.x[1], COLUMNS + 1)
    edges = np.clip(((edges_s - began_s) * rate).astype(int), 0, len(sound))
    loudest = float(np.abs(sound).max()) if len(sound) else 0.0
    upper, lower = [], []
    for at_s, (begin, end) in zip(edges_s[:-1], pairwise(edges), strict=True):
        peak = float(np.abs(sound[begin:end]).max()) / (loudest or 1.0) if end > begin else 0.0
        x = f"{frame.at_x(at_s):.1f}"
        upper.append(f"{x} {frame.at_y(middle + half * peak):.1f}")
        lower.append(f"{x} {frame.at_y(middle - half * peak):.1f}")
    return f'<path class="wave" d="M{"L".join([*upper, *reversed(lower)])}Z"/>'


def round_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Ticks at round values from `low` to `high`."""
    span = max(high - low, 1e-9)
    for base in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600):
        if span / base <= most:
            break
    first = np.ceil(low / base) * base
    return [float(at) for at in np.arange(first, high + base / 1e3, base)]


def clock(seconds: float) -> str:
    """A time of the recording as minutes and seconds."""
    if abs(seconds - round(seconds)) > 0.01:
        return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
    return f"{round(seconds) // 60}:{round(seconds) % 60:02d}"
