"""Makes faces to draw, compares pictures and times calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...face.limits import GAZE_LIMIT_RAD, HEAD_LIMITS
from ...face.state import POSE_PARAMETERS
from ...render.model import Faces
from ...render.persona import Persona
from ...render.renderer import Frames

Floats = NDArray[np.float64]

SAME_DB = 100.0
"""PSNR of two pictures without a difference; 8 bits with one differing sample have less."""

SPAN = 0.6
"""How far a blendshape goes from rest; few weights of a face that speaks are above it."""


def random_faces(persona: Persona, count: int, seed: int = 1) -> Faces:
    """Faces that a persona can draw, float32 [count, P], the first of them at rest."""
    random = np.random.default_rng(seed)
    limits = dict(zip(POSE_PARAMETERS, [*HEAD_LIMITS, GAZE_LIMIT_RAD, GAZE_LIMIT_RAD], strict=True))
    faces = np.tile(np.array(persona.neutral, np.float64), (count, 1))
    for column, name in enumerate(persona.parameters):
        if name in limits:
            faces[1:, column] += random.uniform(-limits[name], limits[name], count - 1)
        else:
            moved = random.uniform(0, SPAN, count - 1) * (random.random(count - 1) < 0.5)
            faces[1:, column] = np.clip(faces[1:, column] + moved, 0, 1)
    return faces.astype(np.float32)


def moving_faces(persona: Persona, count: int) -> Faces:
    """A face that goes from rest to a random one, float32 [count, P]."""
    rest, other = random_faces(persona, 2)
    part = np.linspace(0, 1, count, dtype=np.float32)[:, None]
    moving: Faces = rest + part * (other - rest)
    return moving


def psnr_db(one: Frames, other: Frames) -> Floats:
    """PSNR in dB, one number for each picture; `SAME_DB` at most.

    Raises:
        ValueError: The pictures have different shapes.
    """
    if one.shape != other.shape:
        raise ValueError(f"pictures {list(one.shape)} and {list(other.shape)} do not compare")
    difference = one.astype(np.float64) - other
    error = (difference**2).mean(axis=tuple(range(1, difference.ndim)))
    with np.errstate(divide="ignore"):
        near: Floats = np.minimum(10 * np.log10(255**2 / error), SAME_DB)
    return near


def timed_ms(call: Callable[[], Any], budget_s: float, *, most: int = 500) -> Floats:
    """Milliseconds of each of several calls: at least 3, then until the budget is spent."""
    warm_s = time.perf_counter() + budget_s
    for _ in range(3):
        call()
        if time.perf_counter() > warm_s:
            break
    taken_ms: list[float] = []
    began_s = time.perf_counter()
    while len(taken_ms) < 3 or (len(taken_ms) < most and time.perf_counter() - began_s < budget_s):
        start_s = time.perf_counter()
        call()
        taken_ms.append(1e3 * (time.perf_counter() - start_s))
    return np.array(taken_ms)
