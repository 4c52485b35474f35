"""Finds a direction to look in that is off all participants."""

from __future__ import annotations

from dataclasses import replace
from math import degrees, hypot, radians

from ..face.situation import CAMERA, Focus, Target

AWAY = Target("away")
"""Stands for a direction off all participants, which `aside` finds."""

ASIDES_DEG = ((14.0, -6.0), (-14.0, -6.0), (0.0, -13.0), (24.0, -6.0), (-24.0, -6.0))
"""Yaw and pitch of the asides, the preferred first: to a side and a little down, as people look who
attend to something else and are polite about it; lowered eyes do not stare past the partner."""

CLEAR_DEG = 10.0
"""An aside lies at least this far from each participant, where that is possible: three times the
angle at which a look still meets the eye, so that its small shifts meet no eye either."""


def aside(focus: Focus) -> Target:
    """The first of `ASIDES_DEG` that is clear of all participants, or else the clearest."""
    people = (CAMERA, focus.target, *focus.others)
    asides = [replace(AWAY, yaw_rad=radians(yaw), pitch_rad=radians(p)) for yaw, p in ASIDES_DEG]

    def clear_deg(target: Target) -> float:
        return min(
            degrees(hypot(target.yaw_rad - each.yaw_rad, target.pitch_rad - each.pitch_rad))
            for each in people
        )

    return max(asides, key=lambda target: min(CLEAR_DEG, clear_deg(target)))
