"""A session hears one person at a time: whoever has the floor, and always somebody who is there."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.tools.demo.company import to_hear


@pytest.mark.parametrize(
    ("here", "speaking", "heard", "wanted"),
    [
        (["a", "b"], [], "a", "a"),
        (["a", "b"], ["a"], "a", "a"),
        (["a", "b"], ["b", "a"], "a", "a"),
        (["a", "b"], ["b"], "a", "b"),
        (["a", "b", "c"], ["c", "b"], "a", "c"),
    ],
)
def test_whoever_is_heard_stays_so_until_they_are_silent_and_another_speaks(
    here: list[str], speaking: list[str], heard: str, wanted: str
) -> None:
    assert to_hear(here, speaking, heard) == wanted


def test_an_agent_or_a_recorder_that_is_loud_takes_nothing_from_anybody() -> None:
    assert to_hear(["a", "b"], ["agent"], "a") == "a"
    assert to_hear(["a", "b"], ["agent", "b"], "a") == "b"


def test_when_the_one_who_is_heard_leaves_the_next_is_and_in_an_empty_room_nobody() -> None:
    assert to_hear(["b", "c"], [], "a") == "b"
    assert to_hear(["b", "c"], ["c"], "a") == "c"
    assert to_hear([], [], "a") is None
