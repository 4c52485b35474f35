"""Recordings of faces over time, and the looks, saccades and blinks in them.

Everything is read off FaceStates, sampled at a frame rate or finer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...face.state import INDEX, FaceState
from ...face.status import AT_TARGET_DEG
from ...timeline import SAMPLE_RATE, samples

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FINE_SAMPLES = samples(0.001)
"""A saccade is looked at every millisecond."""

MOVING_DEG_PER_S = 15.0
"""An eye that moves faster than this is in a saccade; between them it is at rest in the world."""

SHUT = 0.5
"""A lid beyond this is blinking: a look down takes it to a fifth."""

_TURNS = [INDEX["headYaw"], INDEX["headPitch"]]
_GAZE = [INDEX["gazeYaw"], INDEX["gazePitch"]]
_LID = INDEX["eyeBlinkLeft"]


@dataclass(frozen=True, slots=True)
class FaceRecording:
    """Faces at regular times.

    Args:
        at: int64 [N], samples.
        values: float64 [N, 60], as FaceState has them.
    """

    at: NDArray[np.int64]
    values: Floats

    @classmethod
    def of(cls, face: Callable[[int], FaceState], at: Sequence[int] | range) -> FaceRecording:
        """What a face shows at some samples."""
        return cls(np.array(at, np.int64), np.array([face(n).values for n in at], np.float64))

    @property
    def times_s(self) -> Floats:
        """When, in seconds."""
        times: Floats = self.at / SAMPLE_RATE
        return times

    @property
    def world_deg(self) -> Floats:
        """Where the eyes point in the world, float64 [N, 2]: yaw and pitch."""
        world: Floats = np.degrees(self.values[:, _TURNS] + self.values[:, _GAZE])
        return world

    def off_deg(self, target_rad: Floats) -> Floats:
        """How far the look is from a target, float64 [N]; the target is [2] or [N, 2]."""
        off: Floats = np.hypot(*(self.world_deg - np.degrees(target_rad)).T)
        return off

    def blinks_s(self) -> Floats:
        """When blinks begin, in seconds."""
        shut = (self.values[:, _LID] > SHUT).astype(int)
        begun: Floats = self.times_s[1:][np.diff(shut) == 1]
        return begun


@dataclass(frozen=True, slots=True)
class Saccade:
    """One jump of the eyes: when it begins, how far it goes, how long it takes, how fast it is."""

    start_s: float
    size_deg: float
    length_s: float
    peak_deg_per_s: float


def looking(recording: FaceRecording, target_rad: Floats) -> Mask:
    """Where a look meets the target's eye."""
    met: Mask = recording.off_deg(target_rad) < AT_TARGET_DEG
    return met


def saccades(fine: FaceRecording) -> list[Saccade]:
    """The jumps of the eyes that begin and end within a recording of every millisecond."""
    world = fine.world_deg
    step_s = FINE_SAMPLES / SAMPLE_RATE
    speed = np.hypot(*np.diff(world, axis=0).T) / step_s
    edges = np.diff(np.concatenate(([0], (speed > MOVING_DEG_PER_S).astype(int), [0])))
    jumps = []
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if start == 0 or end == len(speed):
            continue  # It goes on outside of what is looked at.
        size_deg = float(np.hypot(*(world[end] - world[start])))
        jumps.append(
            Saccade(
                float(fine.times_s[start]),
                size_deg,
                (end - start) * step_s,
                float(speed[start:end].max()),
            )
        )
    return jumps
