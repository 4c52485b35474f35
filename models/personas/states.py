"""Which faces a persona is shown while it learns, and which it is judged by.

Takes a purpose, a region of the picture and a number; gives one FaceState, the same for the
same three on any machine: frames can be drawn in any order, and more can be added later. The faces
are of three kinds: what the product shows while it speaks (its own articulation on random speech,
with random expressions on top), random mixtures of a few axes, and single axes. The first kind is
what viewers see; the others teach the model what each axis does by itself, so that it is right
about faces outside the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from livekit_plugins_avatar.face.articulation import (
    REACH_AFTER_SAMPLES,
    REACH_BEFORE_SAMPLES,
    mouth_at,
)
from livekit_plugins_avatar.face.state import ARKIT_BLENDSHAPES, INDEX, PARAMETERS, FaceState
from livekit_plugins_avatar.speech.visemes import VISEMES, VisemeEvent
from livekit_plugins_avatar.timeline import samples

Region = Literal["mouth", "eyes", "whole"]
Purpose = Literal["train", "truth"]

REGIONS: tuple[Region, ...] = ("mouth", "eyes", "whole")

_SEEDS = {"train": 11, "truth": 23}
"""Apart, so that no face that is judged was ever learnt from."""

MOUTH_AXES = tuple(
    name
    for name in ARKIT_BLENDSHAPES
    if name.startswith(("jaw", "mouth", "cheek", "tongue", "noseSneer"))
)
"""What moves the lower face."""

EYE_AXES = (
    *(name for name in ARKIT_BLENDSHAPES if name.startswith(("brow", "eye"))),
    "cheekSquintLeft",
    "cheekSquintRight",
    "noseSneerLeft",
    "noseSneerRight",
    "gazeYaw",
    "gazePitch",
)
"""What moves the eyes, the brows and the skin around them."""

POSE_AXES = ("headYaw", "headPitch", "headRoll", "headX", "headY", "headZ")

POSE_LIMITS = np.array([*np.radians([12.0, 10.0, 8.0]), 0.015, 0.012, 0.03])
"""How far the head turns (radians) and moves (metres) in what is shown: gaze and speech together
stay within 12 degrees; leaning and breath within a few centimetres."""

GAZE_LIMIT_RAD = 0.42
"""A glance of 15 degrees, and what the eyes do to make up for a head that is turned the other
way."""

MIRRORED = 0.8
"""The share of mixtures that are the same on both sides, as most faces are."""

_SHARES = {"train": (0.5, 0.35), "truth": (0.75, 0.25)}
"""Of speech, then of mixtures; what is left is single axes. The model is judged by what viewers
see, with a quarter of faces that it could not expect."""


def face(purpose: Purpose, region: Region, index: int) -> FaceState:
    """The `index`-th face for a purpose and a region.

    Faces for "mouth" and "eyes" have the head at rest and move nothing else; faces for "whole"
    move everything.
    """
    if index == 0:
        return FaceState.of()
    chance = np.random.default_rng([_SEEDS[purpose], REGIONS.index(region), index])
    values = np.zeros(len(PARAMETERS))
    speech, mixture = _SHARES[purpose]
    kind = chance.random()
    if region in ("mouth", "whole"):
        if kind < speech or region == "whole":
            _speak(values, chance)
        elif kind < speech + mixture:
            _mix(values, chance, MOUTH_AXES)
        else:
            values[INDEX[MOUTH_AXES[index % len(MOUTH_AXES)]]] = chance.uniform(0.3, 1.0)
    if region in ("eyes", "whole"):
        if kind < speech or region == "whole":
            _look(values, chance)
        elif kind < speech + mixture:
            _look(values, chance)
            _mix(values, chance, EYE_AXES[:-2])
        else:
            _look(values, chance, blink=0.0)
            values[INDEX[EYE_AXES[index % (len(EYE_AXES) - 2)]]] = chance.uniform(0.3, 1.0)
    if region == "whole":
        _turn(values, chance, index)
    return FaceState(_limited(values))


def _speak(values: NDArray[np.float64], chance: np.random.Generator) -> None:
    """A moment of random speech, with an expression around the mouth half of the time."""
    values[: len(ARKIT_BLENDSHAPES)] += mouth_at(_speech(chance), 0)
    kind = chance.random()
    if kind < 0.35:
        _pair(values, chance, "mouthSmile", 0.7)
        _pair(values, chance, "cheekSquint", 0.5)
    elif kind < 0.45:
        _pair(values, chance, "mouthFrown", 0.5)
    elif kind < 0.55:
        _pair(values, chance, "mouthPress", 0.4)
        _pair(values, chance, "mouthDimple", 0.3)
    elif kind < 0.75:
        _mix(values, chance, MOUTH_AXES, most=0.35)


def _speech(chance: np.random.Generator) -> Sequence[VisemeEvent]:
    """Visemes of random length and strength, without gaps, around sample 0."""
    events = []
    start = -REACH_BEFORE_SAMPLES - int(chance.integers(samples(0.2)))
    while start < REACH_AFTER_SAMPLES:
        # Phones of fluent speech last 30 to 200 ms.
        length = samples(float(chance.uniform(0.03, 0.2)))
        viseme = VISEMES[int(chance.integers(len(VISEMES)))]
        strength = 0.0 if viseme == "sil" else float(chance.uniform(0.2, 1.0))
        events.append(VisemeEvent(viseme, start, length, strength))
        start += length
    return events


def _look(values: NDArray[np.float64], chance: np.random.Generator, blink: float = 0.4) -> None:
    """A direction of gaze with lids to match, a phase of a blink, and brows."""
    reach = 0.12 if chance.random() < 0.5 else GAZE_LIMIT_RAD
    values[INDEX["gazeYaw"]] += chance.uniform(-reach, reach)
    values[INDEX["gazePitch"]] += chance.uniform(-reach, reach) * 0.8
    lowered = max(0.0, -values[INDEX["gazePitch"]])
    closure = chance.uniform(0.0, 1.0) if chance.random() < blink else 0.0
    for side in ("Left", "Right"):
        values[INDEX[f"eyeBlink{side}"]] += lowered + (1.0 - lowered) * closure
    kind = chance.random()
    if kind < 0.35:
        _pair(values, chance, "browOuterUp", 0.6)
        values[INDEX["browInnerUp"]] += chance.uniform(0.0, 0.6)
    elif kind < 0.5:
        _pair(values, chance, "browDown", 0.6)
    if chance.random() < 0.4:
        _pair(values, chance, "eyeSquint", 0.4)
        _pair(values, chance, "cheekSquint", 0.5)
    elif chance.random() < 0.3:
        _pair(values, chance, "eyeWide", 0.5)


def _turn(values: NDArray[np.float64], chance: np.random.Generator, index: int) -> None:
    """The head somewhere in reach; every third face at its edge."""
    pose = chance.uniform(-1.0, 1.0, len(POSE_AXES))
    if index % 3 == 0:
        pose /= np.abs(pose[:3]).max()
    for name, value, limit in zip(POSE_AXES, np.clip(pose, -1, 1), POSE_LIMITS, strict=True):
        values[INDEX[name]] = value * limit
    # The eyes make up for the head more often than not.
    if chance.random() < 0.7:
        values[INDEX["gazeYaw"]] = -values[INDEX["headYaw"]] + chance.uniform(-0.05, 0.05)
        values[INDEX["gazePitch"]] = -values[INDEX["headPitch"]] + chance.uniform(-0.05, 0.05)


def _mix(
    values: NDArray[np.float64],
    chance: np.random.Generator,
    axes: Sequence[str],
    most: float = 1.0,
) -> None:
    """One to four axes together, mostly alike on both sides."""
    mirrored = chance.random() < MIRRORED
    for name in chance.choice(axes, int(chance.integers(1, 5)), replace=False):
        value = most * chance.beta(1.2, 1.2)
        values[INDEX[name]] += value
        other = _other_side(str(name))
        if mirrored and other is not None:
            values[INDEX[other]] += value


def _pair(values: NDArray[np.float64], chance: np.random.Generator, stem: str, most: float) -> None:
    """Both sides of an axis, nearly alike."""
    value = chance.uniform(0.0, most)
    for side in ("Left", "Right"):
        values[INDEX[stem + side]] += value * chance.uniform(0.85, 1.0)


def _other_side(name: str) -> str | None:
    if name.startswith(("jaw", "mouthLeft", "mouthRight")):
        return None  # a jaw cannot go both ways
    if name.endswith("Left"):
        return name[:-4] + "Right"
    return name[:-5] + "Left" if name.endswith("Right") else None


def _limited(values: NDArray[np.float64]) -> NDArray[np.float32]:
    blendshapes = slice(0, len(ARKIT_BLENDSHAPES))
    values[blendshapes] = np.clip(values[blendshapes], 0.0, 1.0)
    for name in ("gazeYaw", "gazePitch"):
        values[INDEX[name]] = np.clip(values[INDEX[name]], -GAZE_LIMIT_RAD, GAZE_LIMIT_RAD)
    return values.astype(np.float32)
