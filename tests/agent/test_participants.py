"""The room: people are reported as they come, go and speak; agents and recorders are not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from unittest.mock import Mock, PropertyMock

import pytest
from livekit import rtc

from livekit_plugins_avatar.agent.participants import Participants, is_person

KINDS = rtc.ParticipantKind


def participant(
    identity: str,
    kind: int = KINDS.PARTICIPANT_KIND_STANDARD,
    attributes: Mapping[str, str] = MappingProxyType({}),
) -> Mock:
    one = Mock(spec=rtc.RemoteParticipant)
    one.identity, one.kind, one.attributes = identity, kind, attributes
    return one


class Watched:
    """A room that is not connected, and what is reported of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *here: Mock) -> None:
        people = MappingProxyType({each.identity: each for each in here})
        monkeypatch.setattr(rtc.Room, "remote_participants", PropertyMock(return_value=people))
        self.room = rtc.Room()
        self.reports: list[object] = []
        self.watch = Participants(
            self.room,
            on_enter=lambda identity: self.reports.append(("enter", identity)),
            on_leave=lambda identity: self.reports.append(("leave", identity)),
            on_speakers=lambda identities: self.reports.append(("speak", *identities)),
        )
        self.watch.start()


async def test_who_is_here_already_is_reported_first(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, participant("anna"), participant("ben"))
    assert watched.reports == [("enter", "anna"), ("enter", "ben")]


async def test_people_come_speak_and_go_until_the_watch_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Watched(monkeypatch)
    anna = participant("anna")
    watched.room.emit("participant_connected", anna)
    watched.room.emit("active_speakers_changed", [anna])
    watched.room.emit("active_speakers_changed", [])
    watched.room.emit("participant_disconnected", anna)
    expected = [("enter", "anna"), ("speak", "anna"), ("speak",), ("leave", "anna")]
    assert watched.reports == expected
    watched.watch.close()
    watched.room.emit("participant_connected", anna)
    assert watched.reports == expected


async def test_agents_and_recorders_are_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = participant("agent", KINDS.PARTICIPANT_KIND_AGENT)
    recorder = participant("recorder", KINDS.PARTICIPANT_KIND_EGRESS)
    helper = participant("face", attributes={"lk.publish_on_behalf": "agent"})
    watched = Watched(monkeypatch, agent, recorder, helper)
    for each in (agent, recorder, helper):
        watched.room.emit("participant_disconnected", each)
    assert watched.reports == []


def test_a_caller_by_telephone_is_somebody() -> None:
    assert is_person(participant("caller", KINDS.PARTICIPANT_KIND_SIP))
