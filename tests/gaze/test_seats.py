"""Seats: each participant has one, and keeps it."""

from __future__ import annotations

import math

import pytest

from livekit_plugins_avatar.face.limits import LOOK_PITCH_RAD, LOOK_YAW_RAD
from livekit_plugins_avatar.gaze.seats import REMEMBERED, SEATS_DEG, Seats, direction


def seated(*identities: str) -> Seats:
    seats = Seats()
    for index, identity in enumerate(identities):
        seats.take(identity, identities[:index])
    return seats


def test_two_get_a_side_each() -> None:
    """A third participant sits between the first two."""
    seats = seated("anna", "ben", "cleo")
    anna, ben, cleo = (seats.target(name).yaw_rad for name in ("anna", "ben", "cleo"))
    assert anna < cleo < ben


def test_seats_are_kept() -> None:
    """Participants keep their seats while others join, leave and reconnect."""
    seats = seated("anna", "ben")
    before = seats.target("anna"), seats.target("ben")
    seats.take("cleo", ["anna", "ben"])
    seats.take("ben", ["anna", "cleo"])  # dropped by a reconnect, and added again
    assert (seats.target("anna"), seats.target("ben")) == before


def test_a_vacant_seat_is_kept_free() -> None:
    """A newcomer does not get the seat of a participant who may return."""
    seats = seated("anna", "ben")
    seats.take("cleo", ["anna"])
    assert seats.target("cleo").yaw_rad != seats.target("ben").yaw_rad


def test_the_longest_vacant_seat_goes_first() -> None:
    """When all seats have been given, the one left longest ago is free."""
    names = [f"p{index}" for index in range(len(SEATS_DEG))]
    seats = seated(*names)
    seats.take("p0", names)
    seats.take("new", names[2:])  # p0 and p1 have gone, p1 longer ago
    assert math.degrees(seats.target("new").yaw_rad) == pytest.approx(SEATS_DEG[1])


def test_a_crowd_shares_seats() -> None:
    """Twenty share seven seats evenly, and memory is bounded."""
    seats = Seats()
    for index in range(10 * REMEMBERED):
        seats.take(f"p{index}", [])
    assert len(seats) <= REMEMBERED
    names = [f"q{index}" for index in range(20)]
    crowd = seated(*names)
    yaws = [crowd.target(name).yaw_rad for name in names]
    assert max(yaws.count(yaw) for yaw in yaws) == 3


def test_a_set_seat_counts_until_taken_back() -> None:
    """A seat set by the caller replaces the participant's own."""
    seats = seated("anna", "ben")
    own = seats.target("anna")
    seats.set_seat("anna", 0.3, -0.1)
    assert (seats.target("anna").yaw_rad, seats.target("anna").pitch_rad) == (0.3, -0.1)
    seats.set_seat("anna", None)
    assert seats.target("anna") == own


@pytest.mark.parametrize("yaw", [LOOK_YAW_RAD + 0.01, math.nan, math.inf, "left"])
def test_a_direction_out_of_range_is_refused(yaw: float) -> None:
    """The error names the angle and its range."""
    with pytest.raises(ValueError, match=r"yaw_rad lies between -0.45 and 0.45, got"):
        direction("point", yaw, 0.0)
    with pytest.raises(ValueError, match="pitch_rad"):
        direction("point", 0.0, LOOK_PITCH_RAD + 0.01)
