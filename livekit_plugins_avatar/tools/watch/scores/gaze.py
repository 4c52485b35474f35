"""Where the eyes look while the avatar speaks and while it does not, and whether they wander.

Eyes rest, and jump from one rest to the next. Eyes that drift are not seen in people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .blinks import OPEN_PERCENT
from .score import Floats, Moment, Score, Seen, running_median

OPEN_SHARE = 0.7
"""Eyes that are less open show too little of the iris."""

BLINK_S = 0.1
"""Before and after a blink the lids still hide a part of it."""

STRAIGHT_DEG = 5.0
"""Gaze within this of where it rests most is at the viewer."""

GRID_S = 1 / 30
MEDIAN = 7
"""Values of a running median, and of a running mean of `MEAN` after it: the nets see an iris to
within a degree or two."""
MEAN = 5

SACCADE_DEG = 2.5
SACCADE = 3
"""Eyes that move by so much within so many values jump; the rest of the time they are held."""

STEP = 10
"""Values over which drift is measured."""

WANDERS_DEG_PER_S = 7.2
"""Eyes that are held are measured at 2-6 degrees a second, the nets' noise and the eyes' turn
against that of the head included."""

WINDOW_S, WINDOW_STEP_S = 2.0, 1.0
WINDOWS = 5
"""The median of so many windows decides: six seconds."""

ENOUGH_S = 5.0


def score(seen: Seen) -> Score:
    """Share of time at the viewer, by speech, and the speed of drift."""
    figures: dict[str, float | None] = {
        "gaze_at_viewer_speaking_share": None,
        "gaze_at_viewer_silent_share": None,
        "gaze_sd_deg": None,
        "gaze_drift_deg_per_s": None,
        "gaze_wander_share": None,
    }
    signals = seen.signals
    open_ = eyes_open(seen)
    if open_.sum() < 8:
        return Score("gaze", figures, 0.0)
    gaze, times_s = signals.gaze_deg[open_], signals.times_s[open_]
    middle = np.median(gaze, axis=0)
    straight = np.linalg.norm(gaze - middle, axis=1) < STRAIGHT_DEG
    speaking = seen.heard.speaking(times_s)
    for name, state in (("speaking", speaking), ("silent", ~speaking)):
        if state.sum() > 8:
            figures[f"gaze_at_viewer_{name}_share"] = float(straight[state].mean())
    figures["gaze_sd_deg"] = float(np.sqrt(((gaze - middle) ** 2).sum(axis=1).mean()))
    at_s, drift = drifts(times_s, gaze)
    if not len(at_s):
        return Score("gaze", figures, 0.0)
    wanders = drift > WANDERS_DEG_PER_S
    figures["gaze_drift_deg_per_s"] = float(np.median(drift))
    figures["gaze_wander_share"] = float(wanders.mean())
    sure = min(1.0, len(times_s) / len(signals) * seen.recording.seconds / ENOUGH_S)
    return Score("gaze", figures, sure, tuple(_moments(at_s, drift)), at_s, drift)


def eyes_open(seen: Seen) -> NDArray[np.bool_]:
    """Frames in which the irises are to be seen well, [F]."""
    signals = seen.signals
    if not signals.seen.any():
        return signals.seen
    open_ = np.percentile(signals.lids[signals.seen], OPEN_PERCENT)
    shut_s = signals.times_s[signals.seen & ~(signals.lids > OPEN_SHARE * open_)]
    if not len(shut_s):
        return signals.seen
    after = np.searchsorted(shut_s, signals.times_s)
    near = np.minimum(
        np.abs(signals.times_s - shut_s[np.maximum(after - 1, 0)]),
        np.abs(signals.times_s - shut_s[np.minimum(after, len(shut_s) - 1)]),
    )
    return np.asarray(signals.seen & (near > BLINK_S))


def drifts(times_s: Floats, gaze: Floats) -> tuple[Floats, Floats]:
    """How fast the eyes move between saccades.

    Args:
        times_s: Of frames in which the eyes are open, [N].
        gaze: In degrees, [N, 2].

    Returns:
        The middle of each window, and the median speed there in degrees a second.
    """
    grid_s = np.arange(times_s[0], times_s[-1], GRID_S)
    if len(grid_s) < STEP + MEDIAN:
        return np.zeros(0), np.zeros(0)
    after = np.searchsorted(times_s, grid_s).clip(1, len(times_s) - 1)
    known = times_s[after] - times_s[after - 1] < 2.5 * GRID_S
    ways = [np.interp(grid_s, times_s, gaze[:, axis]) for axis in (0, 1)]
    smooth = np.stack([_smooth(way) for way in ways], axis=1)
    jumps = np.zeros(len(grid_s), bool)
    jumps[SACCADE:] = np.linalg.norm(smooth[SACCADE:] - smooth[:-SACCADE], axis=1) > SACCADE_DEG
    speed = np.full(len(grid_s), np.nan)
    speed[STEP:] = np.linalg.norm(smooth[STEP:] - smooth[:-STEP], axis=1) / (STEP * GRID_S)
    at_s, drift = [], []
    for start in np.arange(grid_s[0], grid_s[-1] - WINDOW_STEP_S, WINDOW_STEP_S):
        inside = (grid_s >= start) & (grid_s < start + WINDOW_S) & np.isfinite(speed) & known
        if inside.sum() * GRID_S >= WINDOW_S / 4:
            at_s.append(float(start) + WINDOW_S / 2)
            drift.append(float(np.median(speed[inside])))
    return np.array(at_s), running_median(np.array(drift), WINDOWS)


def _smooth(values: Floats) -> Floats:
    median = running_median(values, MEDIAN)
    padded = np.pad(median, MEAN // 2, mode="edge")
    return np.convolve(padded, np.ones(MEAN) / MEAN, "valid")


def _moments(at_s: Floats, drift: Floats) -> list[Moment]:
    wanders = (drift > WANDERS_DEG_PER_S).astype(np.int8)
    edges = np.flatnonzero(np.diff(wanders, prepend=0, append=0))
    return [
        Moment(
            "eyes wander",
            float(at_s[a] - WINDOW_S / 2),
            float(at_s[b - 1] + WINDOW_S / 2),
            float(drift[a:b].max()),
            "degrees a second",
            float(drift[a:b].max() / WANDERS_DEG_PER_S),
        )
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
