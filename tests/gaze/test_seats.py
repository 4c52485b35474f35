"""Seats: everybody has one, and keeps it."""

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


def test_two_people_get_a_side_each_and_a_third_sits_between_them() -> None:
    seats = seated("anna", "ben", "cleo")
    anna, ben, cleo = (seats.target(name).yaw_rad for name in ("anna", "ben", "cleo"))
    assert anna < cleo < ben


def test_nobody_moves_when_others_come_and_go() -> None:
    seats = seated("anna", "ben")
    before = seats.target("anna"), seats.target("ben")
    seats.take("cleo", ["anna", "ben"])
    seats.take("ben", ["anna", "cleo"])  # dropped by a reconnect, and added again
    assert (seats.target("anna"), seats.target("ben")) == before


def test_a_newcomer_does_not_take_the_seat_of_somebody_who_may_come_back() -> None:
    seats = seated("anna", "ben")
    seats.take("cleo", ["anna"])
    assert seats.target("cleo").yaw_rad != seats.target("ben").yaw_rad


def test_when_all_seats_were_given_the_one_left_longest_ago_is_free() -> None:
    names = [f"p{index}" for index in range(len(SEATS_DEG))]
    seats = seated(*names)
    seats.take("p0", names)
    seats.take("new", names[2:])  # p0 and p1 have gone, p1 longer ago
    assert math.degrees(seats.target("new").yaw_rad) == pytest.approx(SEATS_DEG[1])


def test_a_crowd_shares_seats_and_is_not_remembered_for_ever() -> None:
    seats = Seats()
    for index in range(10 * REMEMBERED):
        seats.take(f"p{index}", [])
    assert len(seats) <= REMEMBERED
    names = [f"q{index}" for index in range(20)]
    crowd = seated(*names)
    yaws = [crowd.target(name).yaw_rad for name in names]
    assert max(yaws.count(yaw) for yaw in yaws) == 3


def test_a_place_that_the_user_gives_counts_until_it_is_taken_back() -> None:
    seats = seated("anna", "ben")
    own = seats.target("anna")
    seats.set_seat("anna", 0.3, -0.1)
    assert (seats.target("anna").yaw_rad, seats.target("anna").pitch_rad) == (0.3, -0.1)
    seats.set_seat("anna", None)
    assert seats.target("anna") == own


@pytest.mark.parametrize("yaw", [LOOK_YAW_RAD + 0.01, math.nan, math.inf, "left"])
def test_a_direction_out_of_range_names_itself_and_the_range(yaw: float) -> None:
    with pytest.raises(ValueError, match=r"yaw_rad lies between -0.45 and 0.45, got"):
        direction("point", yaw, 0.0)
    with pytest.raises(ValueError, match="pitch_rad"):
        direction("point", 0.0, LOOK_PITCH_RAD + 0.01)
