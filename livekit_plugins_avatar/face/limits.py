"""Limits the pose of head and eyes to what a persona can draw.

Posture, look, sway and nods add up, and may exceed what a persona was trained for; the limits are
soft, so that no movement stops at a wall.
"""

from __future__ import annotations

from math import copysign, radians, tanh

HEAD_LIMITS = (radians(12.0), radians(10.0), radians(8.0), 0.015, 0.012, 0.03)
"""Yaw, pitch, roll in radians, then x, y, z in metres: what personas are taught (`POSE_LIMITS` of
models/personas/states.py)."""

GAZE_LIMIT_RAD = 0.42
"""Of the eyes in the head, both ways: 24 degrees, what personas are taught. People turn the head
before their eyes reach that."""

KNEE = 0.75
"""Up to this share of a limit values stay as they are."""

LOOK_YAW_RAD, LOOK_PITCH_RAD = 0.45, 0.25
"""How far from the camera a caller may direct the look: 26 and 14 degrees, which head and eyes
reach together with room left for sway."""


def soft_limit(value: float, limit: float) -> float:
    """Limits a value: unchanged up to the knee, beyond it compressed, without a corner between."""
    size = abs(value) / limit
    if size <= KNEE:
        return value
    kept = KNEE + (1.0 - KNEE) * tanh((size - KNEE) / (1.0 - KNEE))
    return copysign(kept * limit, value)
