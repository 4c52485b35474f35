"""Which frames are worth drawing, where there is no time for all of them.

In flow the faces that could be drawn next; out flow the samples of those that a viewer would miss
most. People read lips: a closure that was heard and not seen is what they notice first, and a face
that has not changed is what they miss least.
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
    "eyeBlinkLeft": (0.2, "A blink is seen, but is nobody's word."),
    "eyeBlinkRight": (0.2, "As on the left."),
    "headYaw": (1.0, "Radians: a turn of 6 degrees is worth as much as a tenth of an open jaw."),
    "headPitch": (1.0, "As the yaw."),
}
"""What a change by 1 of a parameter is worth, and why; the others are seen less, or move slowly."""

CLOSURE_PRIORITY = 2.0
"""What lips that meet are worth beside lips that do not, more than any change of the rest: a missed
p, b or m is noticed before any other error of a mouth, and lasts 60 to 100 ms, two or three frames;
a vowel lasts longer, and its neighbours look like it."""

CLOSED = 0.03
"""Lips less apart than this look closed: a pixel or two of a face that fills the picture."""

_PRIORITY: NDArray[np.float32] = np.zeros(len(PARAMETERS), np.float32)
for _name, (_worth, _reason) in CHANGE_PRIORITY.items():
    _PRIORITY[INDEX[_name]] = _worth
_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]


def opening(face: FaceState) -> float:
    """How far the lips are apart, in [0, 1]: the jaw, less what the lips make up for."""
    return max(0.0, float(face.values[_JAW] - face.values[_CLOSE]))


def priority(face: FaceState, seen: FaceState) -> float:
    """How much a viewer who sees `seen` would miss `face`."""
    change = float(_PRIORITY @ np.abs(face.values - seen.values))
    return change + CLOSURE_PRIORITY * (opening(face) < CLOSED <= opening(seen))


def highest_priority(
    faces: Mapping[int, FaceState], seen: FaceState | None, count: int
) -> list[int]:
    """The samples of the faces to draw, in order.

    Args:
        faces: What could be drawn, by sample, in order; at least one.
        seen: The face that was drawn last, if any.
        count: How many can be drawn, at least 1.

    Returns:
        `count` samples, or all there are: the first is worth the most beside `seen`, each next the
        most beside the nearest that is seen before it.
    """
    left = dict(faces)
    chosen: dict[int, FaceState] = {}
    while left and len(chosen) < count:

        def missed(sample: int) -> float:
            before = [at for at in chosen if at < sample]
            beside = chosen[max(before)] if before else seen
            return priority(
                left[sample], beside if beside is not None else next(iter(faces.values()))
            )

        best = max(left, key=missed)
        chosen[best] = left.pop(best)
    return sorted(chosen)
