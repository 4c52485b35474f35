"""Whom `watch` watches, and what it says when there is nothing to watch."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from livekit_plugins_avatar.tools.eval.viewer import ViewerError
from livekit_plugins_avatar.tools.watch.room import choice, nothing_to_watch
from livekit_plugins_avatar.tools.watch.token import TokenError, hidden_token, looked_at


def person(identity: str, *publishes: str, agent: bool = False) -> dict[str, Any]:
    return {"identity": identity, "agent": agent, "publishes": list(publishes)}


def token(**video: object) -> str:
    claims = {"exp": time.time() + 60, "video": {"roomJoin": True, "hidden": True} | video}
    body = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.x"


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ([], None),
        ([person("ann", "audio")], None),
        ([person("ann", "video")], "ann"),
        ([person("ann", "video"), person("bot", "audio", "video", agent=True)], "bot"),
        ([person("ann", "video"), person("bot", "audio", agent=True)], "ann"),
    ],
)
def test_the_only_agent_with_a_picture_is_watched(
    present: list[dict[str, Any]], expected: str | None
) -> None:
    assert choice(present, None) == expected


def test_the_one_that_was_named_is_watched_once_it_has_a_picture() -> None:
    there = [person("ann", "video"), person("bot", "video", agent=True)]
    assert choice(there, "ann") == "ann"
    assert choice([person("ann", "audio")], "ann") is None


def test_several_avatars_are_an_error_that_lists_them() -> None:
    with pytest.raises(ViewerError, match="--participant, one of a, b"):
        choice([person("b", "video", agent=True), person("a", "video", agent=True)], None)


@pytest.mark.parametrize(
    ("present", "participant", "words"),
    [
        ([], None, "the room is empty"),
        ([person("ann", "audio")], None, "no participant publishes video"),
        ([person("ann", "audio")], "bob", "no participant 'bob'"),
        ([person("ann", "audio")], "ann", "published no video"),
    ],
)
def test_nothing_to_watch_has_its_reason(
    present: list[dict[str, Any]], participant: str | None, words: str
) -> None:
    assert words in nothing_to_watch(present, participant)


def test_a_token_that_lets_no_viewer_in_is_refused() -> None:
    for bad in ("x", token(roomJoin=False), token(canSubscribe=False)):
        with pytest.raises(TokenError):
            looked_at(bad)


def test_a_token_of_a_visible_participant_is_remarked() -> None:
    assert looked_at(token()) == []
    (remark,) = looked_at(token(hidden=False))
    assert "hidden" in remark


def test_a_token_that_is_made_here_is_of_a_hidden_participant() -> None:
    keys = {"LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32}
    assert looked_at(hidden_token("r", keys)) == []
    with pytest.raises(TokenError, match="LIVEKIT_API_KEY"):
        hidden_token("r", {})
