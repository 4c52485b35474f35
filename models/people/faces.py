"""The faces that each person is rendered with, as parameters of a `FaceState`.

Vowels are the package's own; angles are what the gates of `eval picture` ask for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from livekit_plugins_avatar.face.mouth_shapes import MOUTH_AXES, MOUTH_SHAPES


def _vowel(viseme: str) -> dict[str, float]:
    shape = MOUTH_SHAPES[viseme].shape
    return {name: weight for axis, weight in shape.items() for name in MOUTH_AXES[axis]}


def _both(**weights: float) -> dict[str, float]:
    return {f"{name}{side}": weights[name] for name in weights for side in ("Left", "Right")}


def _degrees(name: str, angle: float) -> dict[str, float]:
    return {name: float(np.radians(angle))}


FACES: Mapping[str, Mapping[str, float]] = {
    "neutral": {},
    "aa": _vowel("aa"),
    "U": _vowel("U"),
    "smile": _both(mouthSmile=0.7, cheekSquint=0.4),
    "blink": _both(eyeBlink=1.0),
    "gaze-right": _degrees("gazeYaw", 20),
    "yaw-left": _degrees("headYaw", -8),
    "pitch-up": _degrees("headPitch", 6),
    "E": _vowel("E"),
    "O": _vowel("O"),
    "I": _vowel("I"),
    "blink-half": _both(eyeBlink=0.5),
    "gaze-left": _degrees("gazeYaw", -20),
    "yaw-right": _degrees("headYaw", 8),
    "pitch-down": _degrees("headPitch", -6),
}
"""By name of the picture, in the order in which they are rendered; "neutral" is how the person
rests. Where time is short, the first half will do: `--faces 8`."""
