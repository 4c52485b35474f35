"""Ranks frames by how much a viewer would miss them, and tells which look like another.

People read lips: a closure that was heard and not seen is what they notice first, and a face that
has not changed is what they miss least.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState, columns

CHANGE_PRIORITY = [
    (1.0, ["jawOpen"], "How far the mouth is open is seen from across a room."),
    (1.0, ["mouthClose"], "Lips that meet over an open jaw are the closure itself."),
    (0.5, ["mouthFunnel", "mouthPucker"], "Rounding changes the outline of the mouth."),
    (0.3, ["mouthStretchLeft", "mouthStretchRight"], "Width is read less than opening."),
    (0.4, ["mouthRollLower"], "The lower lip under the teeth: f and v."),
    (0.4, ["mouthPressLeft", "mouthPressRight"], "Pressed lips: p, b and m at their height."),
    (0.2, ["eyeBlinkLeft", "eyeBlinkRight"], "A blink is seen, but says nothing."),
    (1.0, ["headYaw", "headPitch"], "Radians: 6 degrees are worth a tenth of an open jaw."),
]
"""The priority of a change by 1, of which parameters, and why; others are seen less."""

CLOSURE_PRIORITY = 2.0
"""The priority of lips that meet after lips that do not: a missed p, b or m is noticed before any
other error of a mouth, and lasts two or three frames."""

VISIBLE = [
    (0.01, columns(ARKIT_BLENDSHAPES[0], ARKIT_BLENDSHAPES[-1]), "Of a whole movement."),
    (0.001, columns("headYaw", "headRoll"), "Radians: a sixth of a pixel at the edge of a face."),
    (0.0002, columns("headX", "headZ"), "Metres: a third of a pixel."),
    (0.004, columns("gazeYaw", "gazePitch"), "Radians: a tenth of a pixel of the iris."),
]
"""The change of which parameters is just not seen in 512 rows: it changes a picture by less than
its encoding does (docs/measurements.md)."""

CLOSED = 0.03
"""Lips less apart than this look closed: a pixel or two of a face that fills the picture."""

_WEIGHTS: NDArray[np.float32] = np.zeros(len(PARAMETERS), np.float32)
for _priority, _names, _reason in CHANGE_PRIORITY:
    _WEIGHTS[[INDEX[name] for name in _names]] = _priority

VISIBLE_CHANGE: NDArray[np.float32] = np.ones(len(PARAMETERS), np.float32)
"""`VISIBLE` of each parameter, [P]."""

for _least, _columns, _reason in VISIBLE:
    VISIBLE_CHANGE[_columns] = _least


def looks_like(face: FaceState, drawn: FaceState) -> bool:
    """Whether the picture of `drawn` will do for `face`."""
    return bool((np.abs(face.values - drawn.values) <= VISIBLE_CHANGE).all())


def opening(face: FaceState) -> float:
    """How far the lips are apart, in [0, 1]: the opening of the jaw, less what the lips cover."""
    return max(0.0, face["jawOpen"] - face["mouthClose"])


def priority(face: FaceState, seen: FaceState) -> float:
    """How much a viewer who sees `seen` would miss `face`."""
    change = float(_WEIGHTS @ np.abs(face.values - seen.values))
    return change + CLOSURE_PRIORITY * (opening(face) < CLOSED <= opening(seen))


def highest_priority(
    faces: Mapping[int, FaceState], seen: FaceState | None, count: int
) -> list[int]:
    """Choose the samples of `count` faces to draw, or of all, in order.

    They are chosen one by one: each has the highest priority after the nearest chosen face before
    it, or after `seen`, the face that was drawn last.
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
