"""AvatarStatus: why the face looks as it does, for people."""

from __future__ import annotations

from dataclasses import dataclass

AT_TARGET_DEG = 3.0
"""A look within this angle of a target meets it: across a table people hardly tell smaller angles
apart (Gibson and Pick 1963)."""


@dataclass(frozen=True, slots=True)
class AvatarStatus:
    """One moment of a face.

    Args:
        state: The situation: an agent state, or "ending" (the last words of a turn),
            "interrupted", "overhearing" (others talk to each other), "override" (`look_at`) or
            "aside" (`look_away`).
        looking_at: "camera", the identity of a participant, "point" (a direction that `look_at`
            was given), or "away".
        yaw_rad: Direction of the eyes, from the camera to the picture's right.
        pitch_rad: Direction of the eyes, from the camera upwards.
        viseme: The viseme that the mouth forms.
        expression: The emotion that the face shows, one of `emotions.EMOTIONS`.
    """

    state: str
    looking_at: str
    yaw_rad: float
    pitch_rad: float
    viseme: str
    expression: str
