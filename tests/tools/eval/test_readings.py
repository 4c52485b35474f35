"""Statistics that are read now and then."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.tools.eval.readings import Readings


@pytest.fixture
def readings() -> Readings:
    made = Readings(states=("bitrate",), counts=("frames", "nacks"))
    for at_s, values in (
        (10.0, (450e3, 100, 0)),
        (10.5, (300e3, 112, 1)),
        (11.0, (200e3, 120, 1)),
        (11.5, (450e3, 5, 2)),
    ):
        made.read(at_s, values)
    return made


def test_counts_grow_and_states_are_as_they_were_at_first(readings: Readings) -> None:
    assert readings.around(10.6, 10.9) == {"bitrate": 300e3, "frames": 8}


def test_a_counter_that_falls_belongs_to_a_new_track_and_began_at_0(readings: Readings) -> None:
    assert readings.around(10.0, 11.4) == {"bitrate": 450e3, "frames": 25, "nacks": 2}


def test_before_the_first_and_after_the_last_reading_the_nearest_is_taken(
    readings: Readings,
) -> None:
    assert readings.around(8.0, 20.0) == {"bitrate": 450e3, "frames": 25, "nacks": 2}
    assert Readings().around(8.0, 20.0) == {}
