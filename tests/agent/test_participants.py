"""Gaze is told of the people in the room, and of no agents and recorders."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from unittest.mock import Mock, call

import pytest
from livekit import rtc

from livekit_plugins_avatar.agent.participants import Participants, is_person
from livekit_plugins_avatar.gaze.controller import GazeController

from ..simulated_room import SimulatedRoom

KINDS = rtc.ParticipantKind


def participant(
    identity: str,
    kind: int = KINDS.PARTICIPANT_KIND_STANDARD,
    attributes: Mapping[str, str] = MappingProxyType({}),
) -> Mock:
    one = Mock(spec=rtc.RemoteParticipant)
    one.identity, one.kind, one.attributes = identity, kind, attributes
    return one


@pytest.fixture
def gaze() -> Mock:
    return Mock(spec=GazeController)


def attached(room: SimulatedRoom, gaze: Mock) -> Participants:
    participants = Participants(room.as_room, gaze, now=lambda: 480)
    participants.attach()
    return participants


def test_those_who_are_here_already_are_told_first(gaze: Mock) -> None:
    room = SimulatedRoom()
    room.remote_participants = {"anna": participant("anna"), "ben": participant("ben")}
    attached(room, gaze)
    assert gaze.mock_calls == [
        call.participant_joined(480, "anna"),
        call.participant_joined(480, "ben"),
    ]


def test_people_come_speak_and_go_until_the_end(gaze: Mock) -> None:
    room, anna = SimulatedRoom(), participant("anna")
    participants = attached(room, gaze)
    room.emit("participant_connected", anna)
    room.emit("active_speakers_changed", [anna])
    room.emit("active_speakers_changed", [])
    room.emit("participant_disconnected", anna)
    participants.detach()
    room.emit("participant_connected", anna)
    assert gaze.mock_calls == [
        call.participant_joined(480, "anna"),
        call.active_speakers(480, ["anna"]),
        call.active_speakers(480, []),
        call.participant_left(480, "anna"),
    ]
    assert room.listeners == 0


def test_agents_and_recorders_are_left_out(gaze: Mock) -> None:
    room = SimulatedRoom()
    agent = participant("agent", KINDS.PARTICIPANT_KIND_AGENT)
    recorder = participant("recorder", KINDS.PARTICIPANT_KIND_EGRESS)
    helper = participant("face", attributes={"lk.publish_on_behalf": "agent"})
    attached(room, gaze)
    for each in (agent, recorder, helper):
        room.emit("participant_connected", each)
        room.emit("participant_disconnected", each)
    assert gaze.mock_calls == []


def test_a_caller_by_telephone_is_a_person() -> None:
    assert is_person(participant("caller", KINDS.PARTICIPANT_KIND_SIP))
