"""Whether the face goes on where it was: at reconnections, and anywhere else.

A jump is a frame in which head, gaze and lips together move further than they do in this recording
otherwise.
"""

from __future__ import annotations

import numpy as np

from .jolts import Jolts, jolts, peaks
from .score import Floats, Moment, Score, Seen, minutes

UNITS = {"head": 0.02, "turn": 2.0, "gaze": 6.0, "aperture": 0.10, "width": 0.08}
"""What a channel may jolt in one frame in fluent speech, in its own unit."""

JUMP = 15.0
"""A jump anywhere: so many of these units, taken together, times how much the picture of the face
stands out from the frames beside it. Blinks and closures stay below 10."""

EVENT_JUMP = 6.8
"""A jump near an event of the connection, where one is expected."""

EVENT_S = (-0.2, 1.5)
"""So long before and after its event a jump belongs to it: the browser tells later than it sees."""


def score(seen: Seen) -> Score:
    """Jumps a minute, and the largest at an event of the connection."""
    found = jolts(seen)
    figures: dict[str, float | None] = {
        "jumps_per_min": None,
        "events": float(len(seen.recording.events)),
        "event_jumps": None,
        "event_jump_largest": None,
    }
    if len(found.times_s) < 4:
        return Score("continuity", figures, 0.0)
    size = together(found) * found.stands_out
    near = np.zeros(len(size), bool)
    for at_s, _ in seen.recording.events:
        near |= (found.times_s >= at_s + EVENT_S[0]) & (found.times_s <= at_s + EVENT_S[1])
    anywhere = peaks(size, JUMP)
    at_events = peaks(np.where(near, size, 0.0), EVENT_JUMP)
    figures["jumps_per_min"] = len(anywhere) / minutes(seen)
    if seen.recording.events:
        figures["event_jumps"] = float(len(at_events))
        figures["event_jump_largest"] = float(size[near].max()) if near.any() else 0.0
    moments = [_moment(found, size, each, "jump", JUMP) for each in anywhere if not near[each]]
    moments += [
        _moment(found, size, each, "jump at a reconnection", EVENT_JUMP) for each in at_events
    ]
    sure = seen.signals.face_share
    return Score(
        "continuity", figures, sure, tuple(sorted(moments, key=lambda m: m.start_s)),
        found.times_s, size,
    )  # fmt: skip


def together(found: Jolts) -> Floats:
    """The jolt of all channels together, in units of what each may, [J]."""
    parts = [getattr(found, name) / unit for name, unit in UNITS.items()]
    return np.asarray(np.sqrt(np.sum(np.square(parts), axis=0)))


def _moment(found: Jolts, size: Floats, at: int, what: str, limit: float) -> Moment:
    start, end = float(found.times_s[max(0, at - 1)]), float(found.times_s[at])
    return Moment(
        what, start, end, float(size[at]), "times its own motion", float(size[at] / limit)
    )
