"""The situation that a face is in: what the agent does, and who it is with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import degrees, hypot
from operator import itemgetter
from typing import TypeVar

from ..timeline import Timeline, samples

T = TypeVar("T")

AGENT_STATES = ("initializing", "idle", "listening", "thinking", "speaking")
"""LiveKit's names for what an agent does."""

RECENT_SAMPLES = samples(1.25)
"""How long a past situation still shows in the face: longer than any blend, blink or head turn."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something to look at.

    Args:
        name: "camera", the identity of a participant, "point", or "away".
        yaw_rad: To the picture's right, from the camera.
        pitch_rad: Upwards, from the camera.
    """

    name: str
    yaw_rad: float = 0.0
    pitch_rad: float = 0.0

    def off_deg(self, yaw_rad: float, pitch_rad: float) -> float:
        """The angle between the target and a direction, nearly."""
        return degrees(hypot(yaw_rad - self.yaw_rad, pitch_rad - self.pitch_rad))


CAMERA = Target("camera")
"""Where the viewer of the picture is."""

AWAY = Target("away")
"""Stands for a direction off all participants."""


@dataclass(frozen=True, slots=True)
class Focus:
    """Where the participant is who has the face's attention, and where the others are.

    `overheard` means that the participant speaks to someone other than the agent.
    """

    target: Target = CAMERA
    others: tuple[Target, ...] = ()
    speaking: bool = False
    overheard: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides where the eyes go and how the face looks.

    Args:
        state: A row of `glances.GLANCES`: an agent state, or "ending" (the last words of a turn),
            "interrupted", "overhearing", "override" (`look_at`) or "aside" (`look_away`).
        agent: The agent state that decides expression and posture.
        target: What the eyes rest on.
        others: Where the other participants are.
    """

    state: str
    agent: str
    target: Target
    others: tuple[Target, ...] = ()


AT_START = Situation("initializing", "initializing", CAMERA)
"""The situation of a face before anything has happened."""

Situations = Sequence[tuple[int, Situation]]
"""Situations and the samples at which they begin, from `recent`."""


def recent(timeline: Timeline[T], sample: int) -> tuple[tuple[int, T], ...]:
    """The entries of a timeline that the face at `sample` can still show, oldest first.

    The first is the one that held `RECENT_SAMPLES` earlier (or the oldest known), the last the one
    that holds at `sample`. There is always at least one.
    """
    entries = timeline.entries
    held = bisect_right(entries, sample - RECENT_SAMPLES, key=itemgetter(0))
    begun = bisect_right(entries, sample, key=itemgetter(0))
    return entries[max(0, held - 1) : max(1, begun)]
