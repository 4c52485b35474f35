"""Ranks frames by how much a viewer would miss them, where there is no time to draw all.

People read lips: a closure that was heard and not seen is what they notice first, and a face that
has not changed is what they miss least.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..face.state import INDEX, PARAMETERS, FaceState

CHANGE_PRIORITY = {
    "jawOpen": (1.0, "How far the mouth is open is seen from across a room."),
    "mouthClose": (1.0, "Lips that meet over an open jaw are the closure itself."),
    "mouthFunnel": (0.5, "Rounding changes the outline of the mouth."),
    "mouthPucker": (0.5, "As the funnel."),
    "mouthStretchLeft": (0.3, "Width is read less than opening."),
    "mouthStretchRight": (0.3, "As on the left."),
    "mouthRollLower": (0.4, "The lower lip under the teeth: f and v."),
    "mouthPressLeft": (0.4, "Pressed lips: p, b and m at their height."),
    "mouthPressRight": (0.4, "As on the left."),
    "eyeBlinkLeft": (0.2, "A blink is seen, but says nothing."),
    "eyeBlinkRight": (0.2, "As on the left."),
    "headYaw": (1.0, "Radians: a turn of 6 degrees is worth as much as a tenth of an open jaw."),
    "headPitch": (1.0, "As the yaw."),
}
"""The priority of a change by 1 of a parameter, and why; others are seen less, or move slowly."""

CLOSURE_PRIORITY = 2.0
"""The priority of lips that meet after lips that do not, more than any change of the rest: a missed
p, b or m is noticed before any other error of a mouth, and lasts two or three frames; a vowel lasts
longer, and its neighbours look like it."""

CLOSED = 0.03
"""Lips less apart than this look closed: a pixel or two of a face that fills the picture."""

_PRIORITY: NDArray[np.float32] = np.zeros(len(PARAMETERS), np.float32)
for _name, (_change, _reason) in CHANGE_PRIORITY.items():
    _PRIORITY[INDEX[_name]] = _change
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def opening(face: FaceState) -> float:
    """How far the lips are apart, in [0, 1]: the opening of the jaw, less what the lips cover."""
    return max(0.0, float(face.values[_JAW] - face.values[_CLOSE]))


def priority(face: FaceState, seen: FaceState) -> float:
    """How much a viewer who sees `seen` would miss `face`."""
    change = float(_PRIORITY @ np.abs(face.values - seen.values))
    return change + CLOSURE_PRIORITY * (opening(face) < CLOSED <= opening(seen))


def highest_priority(
    faces: Mapping[int, FaceState], seen: FaceState | None, count: int
) -> list[int]:
    """Choose the faces to draw.

    Args:
        faces: What could be drawn, by sample, in order; at least one.
        seen: The face that was drawn last, if any.
        count: How many can be drawn, at least 1.

    Returns:
        The samples of `count` faces, or of all, in order. They are chosen one by one: each has the
        highest priority after the nearest chosen face before it, or after `seen`.
    """
    left = dict(faces)
    first = seen if seen is not None else next(iter(faces.values()))
    chosen: dict[int, FaceState] = {}
    while left and len(chosen) < count:

        def rank(sample: int) -> float:
            before = [at for at in chosen if at < sample]
            return priority(left[sample], chosen[max(before)] if before else first)

        best = max(left, key=rank)
        chosen[best] = left.pop(best)
    return sorted(chosen)
