"""How late the picture is against the sound, of the lips and what the sound says.

The lips' opening is compared with the opening that the recognised visemes call for, both without
their slow parts, at every shift of one against the other. The shift at which they agree best is the
offset. Windows tell how it changes; a line through them, how it drifts.
"""

from __future__ import annotations

import numpy as np

from ..heard import COARTICULATION_S, HOP_S, Heard, bell, smoothed
from .score import Floats, Moment, Score, Seen

LONGEST_S = 0.45
"""Offsets beyond this are not looked for: the next syllable would be taken for this one."""

WINDOW_S = 10.0
STEP_S = 2.5
SPOKEN_S = 3.0
"""A window needs so much speech."""

SLOW_S = 0.5
"""Slower changes than this say nothing about time: a smile, a voice that grows louder."""

AGREES = 0.4
"""A window counts from this correlation on: faces that do not speak reach 0.3 by chance."""

CLEARER = 0.05
ELSEWHERE_S = 0.15
"""And where it agrees better by so much than at any shift that is further off than this."""

TRUSTED = 0.6
"""A correlation of this and more is as sure as it gets: two people who speak the same."""

EARLY_MS, LATE_MS = -125.0, 45.0
"""Detectable, ITU-R BT.1359-1: sound late by 125 ms (picture early), sound early by 45 ms."""

DRIFT_SPAN_S = 60.0
"""A drift is told of recordings that are at least so long."""


def score(seen: Seen) -> Score:
    """Offset: positive where the picture is late."""
    lips = opening_seen(seen)
    windows = list(_windows(seen.heard, lips))
    at_s = np.array([at for at, _, _ in windows])
    offset_ms = np.array([offset for _, offset, _ in windows])
    agreement = np.array([agrees for _, _, agrees in windows])
    told = agreement >= AGREES
    figures: dict[str, float | None] = {
        "sync_median_ms": None,
        "sync_p5_ms": None,
        "sync_p95_ms": None,
        "sync_drift_ms_per_min": None,
        "sync_windows": float(told.sum()),
        "sync_agreement": float(np.median(agreement)) if len(windows) else 0.0,
    }
    if not told.any():
        return Score("sync", figures, 0.0)
    at_s, offset_ms = at_s[told], offset_ms[told]
    low, middle, high = np.percentile(offset_ms, [5, 50, 95])
    figures |= {"sync_median_ms": middle, "sync_p5_ms": low, "sync_p95_ms": high}
    if at_s[-1] - at_s[0] >= DRIFT_SPAN_S:
        figures["sync_drift_ms_per_min"] = slope(at_s / 60, offset_ms)
    sure = min(1.0, float(np.median(agreement[told])) / TRUSTED) * float(told.mean())
    moments = tuple(
        Moment(
            "picture late" if offset > 0 else "picture early",
            float(at - WINDOW_S / 2),
            float(at + WINDOW_S / 2),
            float(offset),
            "ms",
            float(offset / (LATE_MS if offset > 0 else EARLY_MS)),
        )
        for at, offset in zip(at_s, offset_ms, strict=True)
        if not EARLY_MS <= offset <= LATE_MS
    )
    return Score("sync", figures, sure, moments, at_s, offset_ms)


def opening_seen(seen: Seen) -> Floats:
    """The lips' opening at each hop of the sound, [H]; NaN where no face is found."""
    signals, times_s = seen.signals, seen.heard.times_s
    known = np.isfinite(signals.aperture)
    if known.sum() < 2:
        return np.full(len(times_s), np.nan)
    frames_s, aperture = signals.times_s[known], signals.aperture[known].clip(min=0)
    opening = np.interp(times_s, frames_s, aperture, left=np.nan, right=np.nan)
    # Between frames that are far apart nothing was seen.
    after = np.searchsorted(frames_s, times_s).clip(1, len(frames_s) - 1)
    opening[frames_s[after] - frames_s[after - 1] > COARTICULATION_S * 2] = np.nan
    return np.asarray(opening)


def agreement_by_shift(expected: Floats, lips: Floats) -> Floats:
    """How well lips agree with what is expected when they are looked at so much later.

    Args:
        expected: [H].
        lips: [H]; NaN where unknown.

    Returns:
        Correlation for each shift from -`LONGEST_S` to +`LONGEST_S`, in hops.
    """
    known = np.isfinite(lips)
    first, second = _fast(expected), _fast(np.where(known, lips, np.nan))
    longest = round(LONGEST_S / HOP_S)
    size = len(first)
    agrees = np.zeros(2 * longest + 1)
    for at, shift in enumerate(range(-longest, longest + 1)):
        a = first[max(0, -shift) : size - max(0, shift)]
        b = second[max(0, shift) : size - max(0, -shift)]
        both = np.isfinite(b)
        if both.sum() > longest:
            a, b = a[both] - a[both].mean(), b[both] - b[both].mean()
            power = np.sqrt((a @ a) * (b @ b))
            agrees[at] = a @ b / power if power > 0 else 0.0
    return agrees


def best_shift_ms(agrees: Floats) -> float:
    """The shift of the highest agreement, by a parabola through it and its neighbours."""
    at = int(np.clip(agrees.argmax(), 1, len(agrees) - 2))
    before, here, after = agrees[at - 1 : at + 2]
    bend = before - 2 * here + after
    part = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float((at + np.clip(part, -1, 1) - len(agrees) // 2) * HOP_S * 1e3)


def slope(x: Floats, y: Floats) -> float:
    """The median slope of all lines through two points (Theil 1950, Sen 1968)."""
    first, second = np.triu_indices(len(x), 1)
    apart = x[second] - x[first]
    return float(np.median(((y[second] - y[first]) / apart)[apart > 0]))


def _windows(heard: Heard, lips: Floats) -> list[tuple[float, float, float]]:
    """Middle in seconds, offset in ms and agreement of each window with enough speech."""
    length, step = round(WINDOW_S / HOP_S), round(STEP_S / HOP_S)
    spoken = heard.speaking(heard.times_s)
    found = []
    for start in range(0, max(1, len(lips) - length + 1), step):
        window = slice(start, start + length)
        usable = spoken[window] & np.isfinite(lips[window])
        if usable.sum() * HOP_S >= SPOKEN_S:
            agrees = agreement_by_shift(heard.opening[window], lips[window])
            middle = float(heard.times_s[window].mean())
            agreement = float(agrees.max()) if _clear(agrees) else 0.0
            found.append((middle, best_shift_ms(agrees), agreement))
    return found


def _clear(agrees: Floats) -> bool:
    """Whether the best shift stands out."""
    best, apart = int(agrees.argmax()), round(ELSEWHERE_S / HOP_S)
    elsewhere = np.abs(np.arange(len(agrees)) - best) > apart
    rim = best in (0, len(agrees) - 1)
    return bool(not rim and agrees[best] - agrees[elsewhere].max() >= CLEARER)


def _fast(values: Floats) -> Floats:
    """What changes fast, of the square root: closures count as much as wide vowels."""
    known = np.isfinite(values)
    if not known.any():
        return values
    root = np.sqrt(np.where(known, values, 0.0))
    kernel = bell(round(SLOW_S / HOP_S))
    weight = smoothed(known.astype(np.float64), kernel)
    slow = smoothed(np.where(known, root, 0.0), kernel) / np.maximum(weight, 1e-6)
    return np.where(known, root - slow, np.nan)
