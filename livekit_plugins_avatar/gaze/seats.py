"""Gives each participant a seat: a direction, as seen from the face.

A room on a screen has no places, so participants sit side by side along the tile and keep their
seats for the whole call. A caller that knows better, because its page shows them in some order,
sets the seats itself.
"""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite, radians

from ..face.limits import LOOK_PITCH_RAD, LOOK_YAW_RAD
from ..face.situation import Target

SEATS_DEG = (-18.0, 18.0, 0.0, -25.0, 25.0, -9.0, 9.0)
"""Yaw of the seats, in the order in which they are taken. The first two participants get a side
each; later ones sit between and outside of them, so that no one has to move. Viewers tell
directions of gaze apart from about 3 degrees on, and name a neighbour reliably at twice that
(Gibson and Pick 1963)."""

REMEMBERED = 64
"""How many participants are remembered, those who left included."""


class Seats:
    """Stable seats, by identity.

    When all seats have been given, those who left longest ago lose theirs; when all are occupied,
    the eighth participant shares the first seat, and so on.
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        """In the order in which participants were last seen."""
        self._set: dict[str, Target] = {}

    def __len__(self) -> int:
        """How many participants are remembered."""
        return len(self._taken)

    def take(self, identity: str, present: Collection[str]) -> None:
        """Give a participant a seat, or the one from before.

        Args:
            identity: Who joins.
            present: Those in the room, whose seats are not given away.
        """
        seat = self._taken.pop(identity, None)
        self._taken[identity] = self._free(present) if seat is None else seat
        for gone in [each for each in self._taken if each not in present and each != identity]:
            if len(self._taken) <= REMEMBERED:
                break
            del self._taken[gone]

    def _free(self, present: Collection[str]) -> int:
        seats = range(len(SEATS_DEG))
        known = set(self._taken.values())
        left = [seat for identity, seat in self._taken.items() if identity not in present]
        occupied = [seat for identity, seat in self._taken.items() if identity in present]
        never = [seat for seat in seats if seat not in known]
        if never:
            return never[0]
        empty = [seat for seat in left if seat not in occupied]
        return empty[0] if empty else min(seats, key=occupied.count)

    def set_seat(self, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0) -> None:
        """Seat a participant in a direction, now or on joining; None takes that back.

        Raises:
            ValueError: The direction is out of the range of `direction`.
        """
        if yaw_rad is None:
            self._set.pop(identity, None)
        else:
            self._set[identity] = direction(identity, yaw_rad, pitch_rad)

    def is_set(self, identity: str) -> bool:
        """Whether the caller set this participant's seat."""
        return identity in self._set

    def target(self, identity: str) -> Target:
        """Where a participant sits who has a seat."""
        if identity in self._set:
            return self._set[identity]
        return Target(identity, radians(SEATS_DEG[self._taken[identity]]))


def direction(name: str, yaw_rad: float, pitch_rad: float) -> Target:
    """A direction that a face can look in.

    Raises:
        ValueError: Yaw is not within +-0.45 or pitch not within +-0.25 rad.
    """
    angles = (("yaw_rad", yaw_rad, LOOK_YAW_RAD), ("pitch_rad", pitch_rad, LOOK_PITCH_RAD))
    for what, value, limit in angles:
        if not isinstance(value, int | float) or not isfinite(value) or abs(value) > limit:
            raise ValueError(f"{what} lies between -{limit} and {limit}, got {value!r}")
    return Target(name, float(yaw_rad), float(pitch_rad))
