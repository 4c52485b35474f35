"""How far the face jumps from one frame to the next, more than its own movement explains.

A movement takes several frames: one of the velocities beside a frame is much like its own. What a
frame moves beyond these is its jolt. A jolt that is seen also changes the picture of the face more
than the frames beside it do; a net that merely wavers does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .pacing import fresh
from .score import Floats, Seen

USUAL_S = 1 / 25
"""A frame that comes later may show more movement."""

BESIDE = 2
"""So many steps on either side tell what movement is going on."""

BESIDE_PICTURE = 3
STILL_LEVELS = 0.2
"""A picture that changes by less, in levels of 255, has not changed: the encoder's noise."""


@dataclass(frozen=True, slots=True)
class Jolts:
    """One row for each frame that differs from the one before, [J] of them.

    Args:
        times_s: When the frame is displayed.
        head: How far the face jolts in the picture, in eye distances.
        turn: The head's turn, in degrees.
        gaze: The eyes, in degrees; they may: a saccade takes a frame.
        aperture: The lips, in eye distances; they may, too.
        width: The corners of the mouth, in eye distances.
        stands_out: How many times as much as in the frames beside it the picture of the face
            changes, above the mouth.
    """

    times_s: Floats
    head: Floats
    turn: Floats
    gaze: Floats
    aperture: Floats
    width: Floats
    stands_out: Floats


def jolts(seen: Seen) -> Jolts:
    """The jolts of a recording; frames without a face are left out."""
    signals = seen.signals
    kept = fresh(seen)[: len(signals)] & signals.seen
    times_s = signals.times_s[kept]
    return Jolts(
        times_s,
        head=_jolt(times_s, signals.place[kept]),
        turn=_jolt(times_s, signals.turn_deg[kept]),
        gaze=_jolt(times_s, signals.gaze_deg[kept]),
        aperture=_jolt(times_s, signals.aperture[kept, None]),
        width=_jolt(times_s, signals.width[kept, None]),
        stands_out=_stands_out(signals.face_motion[kept]),
    )


def peaks(values: Floats, limit: float, apart: int = 2) -> NDArray[np.int64]:
    """Where values are at least `limit` and the largest within `apart` places."""
    found = [
        at
        for at in np.flatnonzero(values >= limit)
        if values[at] >= values[max(0, at - apart) : at + apart + 1].max()
    ]
    return np.array(found, np.int64)


def _jolt(times_s: Floats, values: Floats) -> Floats:
    """Of values [J, D], [J]: the step to each, less what goes on in its direction beside it."""
    jolt = np.zeros(len(values))
    if len(values) < 2 * BESIDE:
        return jolt
    # A step that took longer than usual is judged by its speed.
    slower = np.maximum(1.0, np.diff(times_s) / USUAL_S)
    step = np.diff(values, axis=0) / slower[:, None]
    length = np.linalg.norm(step, axis=1)
    way = step / np.maximum(length, 1e-9)[:, None]
    beside = np.zeros(len(step))
    for off in range(1, BESIDE + 1):
        beside[off:] = np.maximum(beside[off:], (way[off:] * step[:-off]).sum(axis=1))
        beside[:-off] = np.maximum(beside[:-off], (way[:-off] * step[off:]).sum(axis=1))
    jolt[1:] = np.maximum(0.0, length - beside)
    return jolt


def _stands_out(motion: Floats) -> Floats:
    """Each change against the second largest of those beside it, [J]."""
    known = np.nan_to_num(motion)
    rows = []
    for off in (*range(-BESIDE_PICTURE, 0), *range(1, BESIDE_PICTURE + 1)):
        moved = np.roll(known, off)
        moved[: max(0, off)] = 0.0
        moved[len(moved) + min(0, off) :] = 0.0
        rows.append(moved)
    if not len(known):
        return known
    return np.asarray(known / (STILL_LEVELS + np.sort(rows, axis=0)[-2]))
