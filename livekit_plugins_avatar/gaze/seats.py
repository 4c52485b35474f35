"""Gives each participant a seat for the whole call: a direction, as seen from the face."""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite, radians

from ..face.limits import LOOK_PITCH_RAD, LOOK_YAW_RAD
from ..face.situation import CAMERA, Target

SEATS_DEG = (-18.0, 18.0, 0.0, -25.0, 25.0, -9.0, 9.0)
"""Yaw of the seats, in the order in which they are taken: a side each for the first two, later ones
between and outside of them. Viewers tell directions of gaze apart from about 3 degrees on, and name
a neighbour reliably at twice that (Gibson and Pick 1963)."""

REMEMBERED = 64
"""How many participants are remembered, those who left included."""


class Seats:
    """Stable seats, by identity.

    When all seats have been given, those who left longest ago lose theirs; when all are occupied,
    the eighth participant shares the first seat, and so on.
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}  # in the order in which participants were last seen
        self._set: dict[str, Target] = {}

    def __len__(self) -> int:
        """How many participants are remembered."""
        return len(self._taken)

    def take(self, identity: str, present: Collection[str]) -> None:
        """Give a participant a seat, or the one from before; those `present` keep theirs."""
        seat = self._taken.pop(identity, None)
        self._taken[identity] = self._free(present) if seat is None else seat
        gone = [each for each in self._taken if each not in present and each != identity]
        for each in gone[: max(0, len(self._taken) - REMEMBERED)]:
            del self._taken[each]

    def _free(self, present: Collection[str]) -> int:
        seats, known = range(len(SEATS_DEG)), self._taken.values()
        occupied = [seat for identity, seat in self._taken.items() if identity in present]
        never = [seat for seat in seats if seat not in known]
        empty = [seat for seat in known if seat not in occupied]
        return [*never, *empty, min(seats, key=occupied.count)][0]

    def set_seat(self, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0) -> None:
        """Seat a participant in a direction, now or on joining; None takes that back."""
        if yaw_rad is None:
            self._set.pop(identity, None)
        else:
            self._set[identity] = direction(identity, yaw_rad, pitch_rad)

    def target(self, identity: str, *, alone: bool = False) -> Target:
        """Where a participant sits: where the caller says, or at the camera if `alone`."""
        if identity in self._set:
            return self._set[identity]
        return CAMERA if alone else Target(identity, radians(SEATS_DEG[self._taken[identity]]))


def direction(name: str, yaw_rad: float, pitch_rad: float) -> Target:
    """A direction that a face can look in; ValueError if it is out of range."""
    angles = (("yaw_rad", yaw_rad, LOOK_YAW_RAD), ("pitch_rad", pitch_rad, LOOK_PITCH_RAD))
    for what, value, limit in angles:
        if not isinstance(value, int | float) or not isfinite(value) or abs(value) > limit:
            raise ValueError(f"{what} lies between -{limit} and {limit}, got {value!r}")
    return Target(name, float(yaw_rad), float(pitch_rad))


def asked_target(
    identity: str | None,
    yaw_rad: float | None,
    pitch_rad: float | None,
    present: Collection[str],
) -> Target:
    """What the arguments of `AvatarSession.look_at` mean among the participants `present`.

    Of a participant, the target has the name alone: its seat is the caller's to know. ValueError if
    the arguments mean nothing.
    """
    if (identity is None) == (yaw_rad is None and pitch_rad is None):
        raise ValueError("look either at a participant or in a direction (or release_gaze)")
    if identity is None:
        return direction("point", yaw_rad or 0.0, pitch_rad or 0.0)
    if identity != CAMERA.name and identity not in present:
        known = ", ".join(map(repr, present)) or "none"
        raise ValueError(f"no participant {identity!r} to look at; in the room: {known}")
    return Target(identity)
