"""The faults that are put into a clip, and how `watch` shows that it found one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....face.state import INDEX, FaceState
from ..analysis import Analysis
from .clip import I420, Clip

Span = tuple[float, float]
Chance = np.random.Generator


@dataclass(frozen=True, slots=True)
class Faulty:
    """A clip with a fault in it.

    Args:
        faces: One for each frame.
        where: The spans in which the fault is to be seen.
        events: What happened to the connection; the clean clip has them too.
    """

    faces: Sequence[FaceState]
    where: Sequence[Span]
    events: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault.

    Args:
        name: In the table.
        what: The `Moment.what` that tells of it.
        faces: Puts it into the faces of a clip.
        pictures: Puts it into the pictures, where it is not one of the face.
        needed: Share of its places that must be found.
    """

    name: str
    what: str
    faces: Callable[[Clip, Chance], Faulty]
    pictures: Callable[[list[I420], Faulty, Clip], list[I420]] | None = None
    needed: float = 1.0


NEAR_S = 0.25
"""A moment belongs to a fault that is so near."""


def places_found(fault: Fault, made: Faulty, told: Analysis) -> float:
    """Share of a fault's places at which `watch` tells of it."""
    moments = [each for each in told.moments if each.what == fault.what]
    hits = [
        any(m.start_s <= end + NEAR_S and m.end_s >= start - NEAR_S for m in moments)
        for start, end in made.where
    ]
    return float(np.mean(hits))


CHUNK_S = (0.8, 1.2)
CHUNK_JUMP_RAD = (0.035, 0.07)
"""2 to 4 degrees."""
CHUNK_SETTLES_S = 0.25


def glitch_at_every_chunk(clip: Clip, chance: Chance) -> Faulty:
    """At every border of a chunk the head jumps, and slides back to where it belongs."""
    chunk_s = chance.uniform(*CHUNK_S)
    faces, where = list(clip.faces), []
    times_s = clip.times_s
    for at_s in np.arange(chunk_s, clip.speech_s, chunk_s):
        way = chance.uniform(0, 2 * np.pi)
        jump = chance.uniform(*CHUNK_JUMP_RAD)
        first = int(np.searchsorted(times_s, at_s))
        where.append((float(times_s[first - 1]), float(times_s[first])))
        for number in range(first, min(len(faces), first + round(4 * CHUNK_SETTLES_S * clip.fps))):
            left = jump * np.exp(-(times_s[number] - times_s[first]) / CHUNK_SETTLES_S)
            moved = {"headYaw": left * np.cos(way), "headPitch": left * np.sin(way)}
            faces[number] = changed(faces[number], **moved)
    return Faulty(faces, where)


NOISE_JAW = (0.12, 0.25)
NOISE_HZ = (3.0, 6.0)
NOISE_S = 1.2


def mouth_noise_in_silence(clip: Clip, chance: Chance) -> Faulty:
    """The jaw goes up and down while nothing is said."""
    start_s = clip.speech_s + chance.uniform(0.6, 1.0)
    end_s = start_s + NOISE_S
    high, hz = chance.uniform(*NOISE_JAW), chance.uniform(*NOISE_HZ)
    faces = list(clip.faces)
    for number, at_s in enumerate(clip.times_s):
        if start_s <= at_s < end_s:
            open_ = high * 0.5 * (1 - np.cos(2 * np.pi * hz * (at_s - start_s)))
            faces[number] = changed(faces[number], jawOpen=open_)
    return Faulty(faces, [(start_s, end_s)])


FROZEN_S = 0.8


def frozen_place(clip: Clip, chance: Chance) -> Faulty:
    """Somewhere in the speech all but the mouth stands still; see `frozen_pictures`."""
    start_s = chance.uniform(0.5, max(0.6, clip.speech_s - FROZEN_S - 0.5))
    return Faulty(clip.faces, [(start_s, start_s + FROZEN_S)])


def frozen_pictures(pictures: list[I420], made: Faulty, clip: Clip) -> list[I420]:
    """Hold the picture, and go on with the mouth alone."""
    ((start_s, end_s),) = made.where
    within = np.flatnonzero((clip.times_s >= start_s) & (clip.times_s < end_s))
    held, result = pictures[within[0]], list(pictures)
    alpha = _mouth_alpha(held.shape)
    for number in within:
        mixed = held + alpha * (pictures[number].astype(np.float32) - held)
        result[number] = np.rint(mixed).astype(np.uint8)
    return result


MOUTH = (0.5, 0.61, 0.15, 0.09)
"""Of both built-in faces, as shares of the picture: the middle, and how far it reaches."""


def _mouth_alpha(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Weight of the mouth in a picture in I420, [H * 3 / 2, W]."""
    height, width = shape[0] * 2 // 3, shape[1]

    def plane(rows: int, columns: int) -> NDArray[np.float32]:
        y, x = np.mgrid[:rows, :columns]
        middle_x, middle_y, wide, high = MOUTH
        off = np.hypot((x / columns - middle_x) / wide, (y / rows - middle_y) / high)
        return np.asarray(np.clip((1.15 - off) / 0.3, 0, 1), np.float32)

    chroma = plane(height // 2, width // 2).reshape(-1, width)
    return np.concatenate([plane(height, width), chroma, chroma])


SNAP_S = 0.3


def snap_at_reconnect(clip: Clip, chance: Chance) -> Faulty:
    """At a reconnection in mid-speech the face snaps to neutral, and soon back to where it was."""
    at_s = chance.uniform(0.5, max(0.6, clip.speech_s - 1.0))
    faces = list(clip.faces)
    for number, time_s in enumerate(clip.times_s):
        if at_s <= time_s < at_s + SNAP_S:
            faces[number] = FaceState.of()
    return Faulty(faces, [(at_s, at_s + SNAP_S)], [(at_s, "reconnecting")])


WANDER_RAD = (0.10, 0.17)
"""6 to 10 degrees to either side."""
WANDER_S = (2.0, 4.0)


def wandering_gaze(clip: Clip, chance: Chance) -> Faulty:
    """The eyes drift from side to side instead of resting."""
    wide, period_s = chance.uniform(*WANDER_RAD), chance.uniform(*WANDER_S)
    begin, other = chance.uniform(0, 2 * np.pi, 2)
    faces = []
    for face, at_s in zip(clip.faces, clip.times_s, strict=True):
        turn = 2 * np.pi * at_s / period_s
        faces.append(
            changed(
                face,
                gazeYaw=wide * np.sin(turn + begin),
                gazePitch=0.4 * wide * np.sin(1.7 * turn + other),
            )
        )
    return Faulty(faces, [(0.0, float(clip.times_s[-1]))])


def changed(face: FaceState, **more: float) -> FaceState:
    """The face with something added to some parameters."""
    values = face.values.copy()
    for name, value in more.items():
        values[INDEX[name]] += value
    return FaceState(values)


FAULTS = (
    Fault("a glitch at every chunk", "glitch", glitch_at_every_chunk, needed=0.3),
    Fault("mouth noise in silence", "mouth moves in silence", mouth_noise_in_silence),
    Fault(
        "a body frozen for 800 ms",
        "body frozen under a moving mouth",
        frozen_place,
        frozen_pictures,
    ),
    Fault("a snap to neutral at a reconnect", "jump at a reconnection", snap_at_reconnect),
    Fault("wandering gaze", "eyes wander", wandering_gaze),
)
