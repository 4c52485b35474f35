"""Visitors choose the agent's face and style, and all of them are told what is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from livekit import rtc

from livekit_plugins_avatar import AvatarSession, PersonaError
from livekit_plugins_avatar.tools.demo.face_choice import METHOD, FaceChoice
from livekit_plugins_avatar.tools.demo.pictures import persona_path

PICTURE = "0123456789abcdef" * 2


class Participant:
    """The agent in the room."""

    def __init__(self) -> None:
        self.attributes: dict[str, str] = {}
        self.methods: dict[str, Any] = {}

    @property
    def local_participant(self) -> Participant:
        return self

    def register_rpc_method(self, name: str, handler: Any) -> None:
        self.methods[name] = handler

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        self.attributes = dict(attributes)

    async def call(self, payload: object) -> str:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        call = rtc.RpcInvocationData("1", "visitor", text, 10.0)
        return cast(str, await self.methods[METHOD](call))


class Face:
    """An avatar that notes what it is to use."""

    def __init__(self) -> None:
        self.used: list[tuple[object, object]] = []

    async def use(self, persona: object = None, *, style: object = None) -> None:
        if isinstance(persona, Path) and not persona.exists():
            raise PersonaError("there is no persona file")
        if style == "wild":
            raise ValueError("style is one of 'off', 'calm', got 'wild'")
        self.used.append((persona, style))


@pytest.fixture
def face() -> Face:
    return Face()


@pytest.fixture
async def agent(face: Face, tmp_path: Path) -> Participant:
    agent = Participant()
    choice = FaceChoice(
        cast(AvatarSession, face),
        cast(rtc.Room, agent),
        tmp_path,
        persona="man",
        style="natural",
    )
    await choice.start()
    return agent


async def test_choice(agent: Participant, face: Face) -> None:
    """A face, a style, or both are used, and told in the agent's attributes."""
    assert agent.attributes == {"avatar.face": "man", "avatar.style": "natural"}
    for wanted in ({"face": "woman"}, {"style": "calm"}, {"face": "sketch", "style": "lively"}):
        await agent.call(wanted)
    assert face.used == [("woman", None), (None, "calm"), ("sketch", "lively")]
    assert agent.attributes == {"avatar.face": "sketch", "avatar.style": "lively"}


async def test_picture_is_deleted(agent: Participant, face: Face, tmp_path: Path) -> None:
    """The file of a picture's face is gone once it is shown, and works once."""
    path = persona_path(tmp_path, PICTURE)
    path.write_bytes(b"a persona")
    await agent.call({"face": PICTURE})
    assert face.used == [(path, None)] and not path.exists()
    assert agent.attributes["avatar.face"] == "picture"
    with pytest.raises(rtc.RpcError, match="no persona file"):
        await agent.call({"face": PICTURE})


@pytest.mark.parametrize(
    "wanted", [{"face": "/etc/passwd"}, {"face": 7}, {"style": "wild"}, [], "no JSON", "[" * 9_000]
)
async def test_refused(agent: Participant, face: Face, wanted: object) -> None:
    """What is no choice is refused, and nothing changes."""
    with pytest.raises(rtc.RpcError):
        await agent.call(wanted)
    assert face.used == []
    assert agent.attributes == {"avatar.face": "man", "avatar.style": "natural"}
