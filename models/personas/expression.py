"""What the face does: blendshape weights for the body's face units.

Takes a FaceState; gives the weights of the face units that move the skin, and the angles
of the two eyes. The resting face is friendly, so rest is not zero: a person's resting weights are
added here and give way where an opposing action needs the face for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, FaceState

EYE_YAW_RAD = 0.52
"""Turn of an eye at eyeLookIn or eyeLookOut 1: 30 degrees, where most people turn the head."""

EYE_PITCH_RAD = 0.40
"""Turn of an eye at eyeLookUp or eyeLookDown 1: 23 degrees."""

GIVES_WAY: Mapping[str, tuple[str, ...]] = {
    "eyeWideLeft": ("eyeBlinkLeft", "eyeSquintLeft"),
    "eyeWideRight": ("eyeBlinkRight", "eyeSquintRight"),
    "mouthSmileLeft": (
        "mouthPucker", "mouthFunnel", "mouthFrownLeft", "mouthStretchLeft", "cheekPuff",
    ),
    "mouthSmileRight": (
        "mouthPucker", "mouthFunnel", "mouthFrownRight", "mouthStretchRight", "cheekPuff",
    ),
}  # fmt: skip
"""Resting weights, and the actions that need the same muscles or their opposites."""

SIDES = ("Left", "Right")

BY_ANGLE = tuple(name for name in ARKIT_BLENDSHAPES if name.startswith(("eyeLook", "eyeBlink")))
"""Blendshapes that are not blended linearly but by the eye's angles; see `lids`."""


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye at a moment.

    Args:
        yaw_rad: Turn towards the picture's right, relative to the head.
        pitch_rad: Turn upwards.
        blink: 0 as open as the rest of the face has it, 1 shut.
    """

    yaw_rad: float
    pitch_rad: float
    blink: float


def eye(face: FaceState, side: str) -> Eye:
    """One eye's angles and lid; `side` is of `SIDES`, the face's own."""
    outwards = 1.0 if side == "Left" else -1.0
    turn = face[f"eyeLookOut{side}"] - face[f"eyeLookIn{side}"]
    lift = face[f"eyeLookUp{side}"] - face[f"eyeLookDown{side}"]
    return Eye(
        face["gazeYaw"] + EYE_YAW_RAD * outwards * turn,
        face["gazePitch"] + EYE_PITCH_RAD * lift,
        face[f"eyeBlink{side}"],
    )


def weights(face: FaceState, rest: Mapping[str, float]) -> dict[str, float]:
    """Weight per face unit, without those of `BY_ANGLE`; may exceed 1 where rest adds to it."""
    asked = {name: face[name] for name in ARKIT_BLENDSHAPES if name not in BY_ANGLE}
    for name, weight in rest.items():
        opposed = max((face[other] for other in GIVES_WAY.get(name, ())), default=0.0)
        asked[name] += weight * (1.0 - min(opposed, 1.0)) * (1.0 - asked[name])
    # A tip between the teeth must be seen: the first third of the way leads past them.
    asked["tongueOut"] = 1.0 - (1.0 - asked["tongueOut"]) ** 2
    for side in SIDES:
        # A shut eye is shut: neither wide nor squinting lids may hold it open or overlap.
        open_share = 1.0 - face[f"eyeBlink{side}"]
        asked[f"eyeWide{side}"] *= open_share
        asked[f"eyeSquint{side}"] *= 0.4 + 0.6 * open_share
    return asked
