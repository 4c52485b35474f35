"""FaceState: one plain vector with all that a renderer needs to know of the face at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ARKIT_BLENDSHAPES = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight",
    "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 blendshapes of Apple's ARKit, by their names there; left and right are the face's own."""

POSE_PARAMETERS = (
    "headYaw", "headPitch", "headRoll", "headX", "headY", "headZ", "gazeYaw", "gazePitch",
)  # fmt: skip
"""Rotation in radians: yaw turns the face towards the picture's right, pitch up, roll tilts it
clockwise, all as the viewer sees it. Translation in metres: x to the picture's right, y up, z
towards the camera. Gaze in radians relative to the head, with the head's signs; (0, 0) with the
head at rest looks into the camera."""

PARAMETERS = ARKIT_BLENDSHAPES + POSE_PARAMETERS
"""The columns of a face vector, in order."""

INDEX: Mapping[str, int] = {name: column for column, name in enumerate(PARAMETERS)}
"""The column of each parameter."""


def columns(first: str, last: str) -> slice:
    """The columns of the parameters from `first` to `last`."""
    return slice(INDEX[first], INDEX[last] + 1)


@dataclass(frozen=True, slots=True)
class FaceState:
    """A face at one moment: read-only, and without loss in JSON and back.

    Args:
        values: float32 [60], one per name in `PARAMETERS`: blendshape weights in [0, 1], then
            the head's rotation and translation and the gaze. Made read-only.
    """

    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.values.shape != (len(PARAMETERS),) or self.values.dtype != np.float32:
            raise ValueError(
                f"a face vector is float32 [{len(PARAMETERS)}], "
                f"got {self.values.dtype} {list(self.values.shape)}; build one with FaceState.of"
            )
        self.values.flags.writeable = False

    @classmethod
    def of(cls, **parameters: float) -> FaceState:
        """The resting face with some parameters set.

        Raises:
            KeyError: A name that is not in `PARAMETERS`.
        """
        values = np.zeros(len(PARAMETERS), np.float32)
        for name, value in parameters.items():
            values[INDEX[name]] = value
        return cls(values)

    def __getitem__(self, name: str) -> float:
        return float(self.values[INDEX[name]])

    def mixed(self, other: FaceState, part: float) -> FaceState:
        """This face with `part` of the way to `other`, in [0, 1]."""
        values = self.values + part * (other.values - self.values)
        return FaceState(values.astype(np.float32))

    def as_dict(self) -> dict[str, float]:
        """Every parameter by name, ready for JSON."""
        return dict(zip(PARAMETERS, self.values.tolist(), strict=True))

    @classmethod
    def from_dict(cls, parameters: Mapping[str, float]) -> FaceState:
        """The inverse of `as_dict`; parameters left out are 0."""
        return cls.of(**parameters)
