"""Passes what the participants of a room do on to gaze. Agents and recorders are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from livekit import rtc

NO_PERSON = (
    rtc.ParticipantKind.PARTICIPANT_KIND_AGENT,
    rtc.ParticipantKind.PARTICIPANT_KIND_EGRESS,
)
"""Kinds of participants that are not looked at: agents, their workers, and recorders. A person is
behind a telephone call, a bridge or a stream."""

ON_BEHALF = "lk.publish_on_behalf"
"""Attribute of a participant that lends an agent its voice or face."""


class RoomGaze(Protocol):
    """What a room tells gaze."""

    def participant_joined(self, sample: int, identity: str) -> None: ...

    def participant_left(self, sample: int, identity: str) -> None: ...

    def active_speakers(self, sample: int, identities: Iterable[str]) -> None: ...


class Participants:
    """Follows one connected room from `attach` to `detach`, on its event loop."""

    def __init__(self, room: rtc.Room, gaze: RoomGaze, *, now: Callable[[], int]) -> None:
        self._room = room
        self._gaze = gaze
        self._now = now

    def attach(self) -> None:
        """Tell who is here, and from now on what changes."""
        self._room.on("participant_connected", self._on_connected)
        self._room.on("participant_disconnected", self._on_disconnected)
        self._room.on("active_speakers_changed", self._on_speakers)
        for participant in self._room.remote_participants.values():
            self._on_connected(participant)

    def detach(self) -> None:
        """Tell nothing more; works any number of times."""
        self._room.off("participant_connected", self._on_connected)
        self._room.off("participant_disconnected", self._on_disconnected)
        self._room.off("active_speakers_changed", self._on_speakers)

    def _on_connected(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant):
            self._gaze.participant_joined(self._now(), participant.identity)

    def _on_disconnected(self, participant: rtc.RemoteParticipant) -> None:
        if is_person(participant):
            self._gaze.participant_left(self._now(), participant.identity)

    def _on_speakers(self, speakers: list[rtc.Participant]) -> None:
        self._gaze.active_speakers(self._now(), [speaker.identity for speaker in speakers])


def is_person(participant: rtc.Participant) -> bool:
    """Whether a person is behind a participant."""
    return participant.kind not in NO_PERSON and ON_BEHALF not in participant.attributes
