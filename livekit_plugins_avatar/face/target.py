"""A target: something to look at, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody or something, seen from the face.

    Args:
        name: "camera", the identity of a participant, or "point".
        yaw_rad: To the picture's right, from the camera.
        pitch_rad: Upwards, from the camera.
    """

    name: str
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0


CAMERA = Target("camera")
"""Where whoever looks at the picture is."""
