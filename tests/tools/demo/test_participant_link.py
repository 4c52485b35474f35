"""The session hears one participant at a time: the one who speaks."""

from __future__ import annotations

import pytest

from livekit_plugins_avatar.tools.demo.participant_link import choose


@pytest.mark.parametrize(
    ("present", "speaking", "linked", "wanted"),
    [
        (["a", "b"], [], "a", "a"),
        (["a", "b"], ["a"], "a", "a"),
        (["a", "b"], ["b", "a"], "a", "a"),
        (["a", "b"], ["b"], "a", "b"),
        (["a", "b", "c"], ["c", "b"], "a", "c"),
    ],
)
def test_speaker(present: list[str], speaking: list[str], linked: str, wanted: str) -> None:
    """The link moves to another speaker only while the linked participant is silent."""
    assert choose(present, speaking, linked) == wanted


def test_agent_is_loud() -> None:
    """An agent or a recorder that is loud does not move the link."""
    assert choose(["a", "b"], ["agent"], "a") == "a"
    assert choose(["a", "b"], ["agent", "b"], "a") == "b"


def test_linked_participant_leaves() -> None:
    """The link moves to the loudest person, or the first; in an empty room there is none."""
    assert choose(["b", "c"], [], "a") == "b"
    assert choose(["b", "c"], ["c"], "a") == "c"
    assert choose([], [], "a") is None
