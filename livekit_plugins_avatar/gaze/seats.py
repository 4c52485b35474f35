"""Seats: where people sit, as the face sees them.

In flow identities of people; out flow directions. A room on a screen has no places, so people are
given some: side by side along the tile, the same for as long as the call lasts, whoever else comes
and goes. Where the user of the avatar knows better, because a page shows people in some order, it
places them itself.
"""

from __future__ import annotations

from collections.abc import Collection
from math import isfinite, radians

from ..face.limits import LOOK_PITCH_RAD, LOOK_YAW_RAD
from ..face.target import Target

SEATS_DEG = (-18.0, 18.0, 0.0, -25.0, 25.0, -9.0, 9.0)
"""Yaw of the seats, in the order in which they are taken. Two people get a side each; those who
come later sit between and outside of them, so that nobody has to move. Viewers tell directions of
gaze apart from about 3 degrees on and name a neighbour surely at twice that (Gibson and Pick
1963)."""

REMEMBERED = 64
"""How many people who left keep their seats."""


class Seats:
    """Stable seats, by identity.

    Full: when all seats have been given, those who left longest ago lose theirs; when all are
    taken, the eighth person shares the first seat, and so on.
    """

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        """In the order in which people were last seen."""
        self._placed: dict[str, Target] = {}

    def take(self, identity: str, present: Collection[str]) -> None:
        """Give somebody a seat, or back the one that they had.

        Args:
            identity: Who comes.
            present: Who is there, whose seats are not given away.
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
        gone = [seat for identity, seat in self._taken.items() if identity not in present]
        sat_on = [seat for identity, seat in self._taken.items() if identity in present]
        never = [seat for seat in seats if seat not in known]
        if never:
            return never[0]
        empty = [seat for seat in gone if seat not in sat_on]
        return empty[0] if empty else min(seats, key=sat_on.count)

    def place(self, identity: str, yaw_rad: float | None, pitch_rad: float = 0.0) -> None:
        """Let somebody sit where the user says, now or when they come; None takes that back.

        Raises:
            ValueError: The place is out of the range of `direction`.
        """
        if yaw_rad is None:
            self._placed.pop(identity, None)
        else:
            self._placed[identity] = direction(identity, yaw_rad, pitch_rad)

    def is_placed(self, identity: str) -> bool:
        """Whether the user said where somebody sits."""
        return identity in self._placed

    def target(self, identity: str) -> Target:
        """Where somebody sits who has a seat."""
        if identity in self._placed:
            return self._placed[identity]
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
